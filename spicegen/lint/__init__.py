"""A linter for anybody's Verilog-A device model: ``lint_file(path)`` gives findings, first line first."""

from spicegen.lint._lint import LintReport, describe, lint_file, lint_files, lint_text, suggestion
from spicegen.lint.rules import RULES, Finding, Rule

__all__ = ["RULES", "Finding", "LintReport", "Rule", "describe", "lint_file", "lint_files", "lint_text", "suggestion"]
