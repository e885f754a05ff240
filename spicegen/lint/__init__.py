"""A linter for anybody's Verilog-A device model: ``lint_file(path)`` gives findings, first line first.

The way of a file, as ``_lint.py`` has it:

    text -> reading/      tokens (tokens), macros and includes (preprocess, sources), syntax tree (parser, statements,
                          expressions; syntax says what a tree is made of)
         -> Context       a module in its file (context.py), with what checks ask of it, worked out when they do:
              facts/      what depends on the bias (bias), what is read unassigned (flow, conditions, uncovered)
              evaluation/ a two-terminal device at many voltages and states (evaluate, machine, device)
         -> checks/       functions of a Context that yield findings; each tells the rules that it checks
         -> mend.py       the line mended, for each finding

A rule is a line in ``rules.py``: how grave it is to break it, and the remedy. A new one wants that line, a check in
``checks/`` (listed in ``_lint.py``), a mended line in ``mend.py`` where there is one, a file that breaks it in
``tests/spicegen/lint/broken_models.py``, and one that nearly does in ``near_misses.py``.
"""

from spicegen.lint._lint import LintReport, describe, lint_file, lint_files, lint_text, suggestion
from spicegen.lint.rules import RULES, Finding, Rule

__all__ = ["RULES", "Finding", "LintReport", "Rule", "describe", "lint_file", "lint_files", "lint_text", "suggestion"]
