"""The paper's experiments that train networks: figure 6e to 6g, and the accuracies of table 1.

They are registered as entry points of the group ``spicegen.experiments``, and run only when they are named.
"""

from evaluator.paper.figure_6 import Figure6Effects, Figure6Training
from evaluator.paper.table_1 import Table1Training

__all__ = ["Figure6Effects", "Figure6Training", "Table1Training"]
