from evaluator.evaluation.evaluate import evaluate as evaluate
from evaluator.evaluation.report import Report as Report
