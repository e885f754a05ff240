"""The page of a comparison: one table and one figure of several networks under several conditions."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from evaluator.evaluation.compare import Comparison
from evaluator.evaluation.report import drift_sentences
from evaluator.reports.pictures import name_groups
from spicegen.reports.page import Page
from spicegen.reports.plotting import COLOURS, axes, new_figure


def comparison_page(comparison: Comparison) -> Page:
    """The page of a comparison; each network under each condition has a page of its own."""
    page = Page("Networks on arrays", f"{comparison.card.title}: accuracy in floating point and on its arrays.")
    caption = "Mean over random programmings with its 95 % interval; the same seed in each condition."
    page.figure(compare_figure(comparison), caption)
    half = "Accuracy, with half of the 95 % interval of the mean."
    title = " ".join([half, *drift_sentences(comparison.reports.values())])
    page.table(comparison.head(), comparison.rows(), title=title)
    page.table(
        ("Condition", "Settings"),
        [
            (c.name, ", ".join(f"{k} = {v}" for k, v in c.settings.items()) or "the default")
            for c in comparison.suite.conditions
        ],
        title="What differs from the default: 128 x 128 tiles, 1 ohm a segment, the card's programming error",
    )
    return page


def compare_figure(comparison: Comparison) -> Figure:
    """A group of bars for each network: floating point, then every condition."""
    networks, conditions = comparison.suite.networks, comparison.suite.conditions
    figure = new_figure(min(2.5 + 1.3 * len(networks), 16.0), 3.8)
    ax = axes(figure, title="Accuracy in floating point and on arrays", y="Accuracy")
    width = 0.85 / (len(conditions) + 1)
    for k, network in enumerate(networks):
        own = [comparison.reports[network.name, c.name] for c in conditions]
        ax.bar(k - 0.425 + width / 2, own[0].accuracy_float, 0.9 * width, color="0.75", label="" if k else "float")
        for n, (condition, report) in enumerate(zip(conditions, own, strict=True), 1):
            low, high = report.accuracy_ci95 or (report.accuracy_hardware,) * 2
            place = k - 0.425 + (n + 0.5) * width
            colour = COLOURS[(n - 1) % len(COLOURS)]
            ax.bar(place, report.accuracy_hardware, 0.9 * width, color=colour, label="" if k else condition.name)
            ax.plot([place, place], [low, high], color="0.2", lw=1)
    name_groups(ax, [n.name for n in networks], 4)
    ax.set_ylim(0, 1)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=None))
    figure.legend(loc="outside right center", fontsize=8, frameon=False)
    return figure
