"""The page of a sweep: accuracy over the values of one setting."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from evaluator.evaluation.report import drift_sentences
from evaluator.evaluation.sweep import SweepReport
from evaluator.reports.pictures import FLOAT, HARDWARE, accuracy_axis, plain
from spicegen.reports.page import Page
from spicegen.reports.plotting import axes, new_figure


def sweep_page(sweep: SweepReport) -> Page:
    """The page of a sweep; the evaluation at each value has a page of its own."""
    page = Page(f"Accuracy over {sweep.key}", sweep.summary)
    page.figure(
        sweep_figure(sweep),
        "Mean over the trials with its 95 % interval; points: trials. The same random numbers at every value.",
    )
    head = (sweep.key, "Accuracy", "95 % interval", "Difference from the first", "its 95 % interval")
    title = " ".join(["Differences are taken trial by trial.", *drift_sentences(sweep.reports)])
    page.table(head, sweep.rows(), title=title)
    return page


def sweep_figure(sweep: SweepReport) -> Figure:
    """Accuracy over the swept setting: mean, interval, and every trial; numbers on an axis of numbers."""
    figure = new_figure(7.0, 3.2)
    ax = axes(figure, title=f"Accuracy over {plain(sweep.key, 40)}", x=plain(sweep.key, 40), y="Accuracy")
    try:
        places = [float(v) for v in sweep.values]
    except ValueError:
        places = list(map(float, range(len(sweep.values))))
    if 0 < 20 * min(places) <= max(places):
        ax.set_xscale("log")
        ax.xaxis.set_minor_locator(NullLocator())
    ax.set_xticks(places, [plain(v) for v in sweep.values])
    shown: list[float] = [sweep.reports[0].accuracy_float]
    for place, report in zip(places, sweep.reports, strict=True):
        low, high = report.accuracy_ci95 or (report.accuracy_hardware,) * 2
        trials = report.accuracy_trials
        ax.plot([place] * len(trials), trials, "o", ms=3, color=HARDWARE, alpha=0.3, clip_on=False)
        ax.plot([place, place], [low, high], color=HARDWARE, lw=2)
        shown += [low, high, *report.accuracy_trials]
    means = [r.accuracy_hardware for r in sweep.reports]
    ax.plot(places, means, "o-", color=HARDWARE, label="arrays, mean", clip_on=False)
    ax.axhline(shown[0], color=FLOAT, ls="--", lw=1.2, label=f"floating point {shown[0]:.2%}")
    accuracy_axis(ax, tuple(shown))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure
