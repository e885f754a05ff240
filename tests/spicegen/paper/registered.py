"""Experiments and drawings such as a room above registers as entry points; no real network is trained."""

import numpy as np

from spicegen.paper import Experiment, Findings
from spicegen.reports.paper.figures import Panel, PaperFigure
from spicegen.reports.plotting import axes


class Inferred(Experiment):
    name = "network"
    title = "A network that is only judged"

    def measure(self, runner, a):
        return np.array([84.0])

    def observed(self, data):
        return data

    def findings(self, data, a):
        return Findings({"mlp_fashion": float(data[0])}, remarks=("Accuracy in percent.",))


class Trained(Inferred):
    name = "trained"
    title = "A network that is trained"
    runs_by_default = False


def draw(experiment, figure, data):
    axes(figure, title=experiment.title).plot(data)


NEW_FIGURE = PaperFigure("figure_9", "Figure 9", ((Panel("network", draw),),))
BELOW_FIGURE_6 = PaperFigure("figure_6", "Figure 6", ((Panel("trained", draw),),))
