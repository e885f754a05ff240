"""Findings of `spicegen lint` in other people's Verilog-A: models that industry ships, and memristors.

    python benchmarks/lint_models.py VA-Models OpenVAF --memristors MEMRISTOR_FOLDER [...]

The folders are checkouts (of dwarning/VA-Models and pascalkuthe/OpenVAF; of the repositories named in MEMRISTORS);
their .va files are read and nothing else. What industry ships is taken to be right, but for what TRUE_ERRORS names.
"""

import argparse
import time
from collections import Counter
from pathlib import Path

from models_va.errors import InputError
from spicegen.lint import lint_file

RENDERED = Path(__file__).parents[1] / "models_va" / "rendered"
TESTS_OF_A_COMPILER = "test_data"
TRUE_ERRORS = {
    "epfl_hemt.va": "T0**(1/3) and the like: 1/3 of integers is 0",
    "fbh_hbt-2_3.va": "Iniix and Iniiix have no value where Ib0 > 0 and Ib0 + Ic1 <= 0",
}
"""Models with an error, by file name, each with what is wrong there, by reading."""
PLAIN = "the state is kept in a plain variable"
MEMRISTORS = {
    "bcrafton/rram": {"rram_v_1_0_0.va": PLAIN, "RRAM_v_2_0_Beta.va": PLAIN},
    "cosineAlh/RRAM_model": {
        "rram_v_1_0_0.va": PLAIN,
        "rram.va": PLAIN,
        "RRAM_v_2_0_Beta.va": PLAIN,
        "RRAM_v_3_1.va": PLAIN,
    },
    "google/skywater-pdk-libs-sky130_fd_pr_reram": {"sky130_fd_pr_reram__reram_cell.va": PLAIN},
    "habs346/a_simple_memristor_model": {"memristor.va": PLAIN},
    "knowm/memristor-models-4-all": {"hys.va": "", "memristor.va": PLAIN, "knowm.va": PLAIN},
    "ngxx-fus/memristor": {"old_memristor_model.va": PLAIN, "vteam-memristor": PLAIN},
}
"""By repository and beginning of the file name: what is silently wrong there, by reading; "" if it is right."""


def verdict(path):
    """The fault that a memristor file is known to have; "" if it is right, None if nothing is known of it."""
    for files in MEMRISTORS.values():
        for name, wrong in files.items():
            if path.name.startswith(name):
                return wrong
    return None


def models(folders):
    """The .va files in folders, without those that a compiler's own tests read."""
    return [p for folder in folders for p in sorted(folder.rglob("*.va")) if TESTS_OF_A_COMPILER not in p.parts]


def linted(path):
    """The findings in a file and the seconds they took; None instead of findings if it holds no module."""
    start = time.perf_counter()
    try:
        findings = lint_file(path)
    except InputError as error:
        if "module" not in str(error):
            raise
        findings = None
    return findings, time.perf_counter() - start


def industry(folders):
    """Print how many models get errors, and which."""
    rows = [(path, *linted(path)) for path in models(folders)]
    whole = [(path, findings, seconds) for path, findings, seconds in rows if findings is not None]
    wrong = {}
    for path, findings, _ in whole:
        rules = Counter(f.rule for f in findings if f.severity == "error")
        if rules:
            wrong[path] = ", ".join(f"{count} {rule}" for rule, count in rules.items())
    false = [path for path in wrong if path.name not in TRUE_ERRORS]
    warnings = sum(f.severity == "warning" for _, findings, _ in whole for f in findings)
    seconds = [s for *_, s in whole]
    print("| models | with false errors | with true errors | warnings | seconds, all | slowest |")
    print("|---|---|---|---|---|---|")
    print(
        f"| {len(whole)} | {len(false)} | {len(wrong) - len(false)} | {warnings} | {sum(seconds):.0f} | "
        f"{max(seconds, default=0):.1f} |\n"
    )
    for path, rules in wrong.items():
        print(f"{path.name}: {rules} ({TRUE_ERRORS.get(path.name, 'false')})")
    print(f"{len(rows) - len(whole)} more files hold no module: parts that others include\n")


def memristors(folders):
    """Print the confusion of what is silently wrong with what gets errors."""
    counts = Counter()
    for path in [*models(folders), *sorted(RENDERED.glob("*.va"))]:
        wrong = "" if path.parent == RENDERED else verdict(path)
        findings, _ = linted(path)
        if wrong is not None and findings is not None:
            rules = sorted({f.rule for f in findings if f.severity == "error"})
            counts[bool(wrong), bool(rules)] += 1
            print(f"{path.name}: {', '.join(rules) or 'no error'} ({wrong or 'right'})")
    print("\n| memristor files | with errors | without |\n|---|---|---|")
    for name, is_wrong in (("silently wrong", True), ("right", False)):
        print(f"| {name} | {counts[is_wrong, True]} | {counts[is_wrong, False]} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("industry", nargs="*", type=Path, help="folders with models that industry ships")
    parser.add_argument("--memristors", nargs="*", type=Path, default=[], help="folders with memristor models")
    chosen = parser.parse_args()
    if chosen.industry:
        industry(chosen.industry)
    memristors(chosen.memristors)


if __name__ == "__main__":
    main()
