"""A model fitted to measurements: all files together, each weighed by how well the model can meet it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from models_va import Model, load_model
from models_va.errors import InputError
from spicegen.fit.replay.from_measurements import replays
from spicegen.fit.replay.run import Replay, weight_of_independent
from spicegen.fit.setup import FitSetup
from spicegen.fit.solve.least_squares import Solution, fit
from spicegen.fit.solve.problem import MeasuredProblem, Weights, coarse, weights_by_misfit
from spicegen.fit.solve.profile import profiled
from spicegen.fit.start.start import Start, is_held, starts, varied
from spicegen.fit.threads import Threads
from spicegen.measurements import Measurement
from spicegen.progress import counter

Array = NDArray[np.float64]

PRIOR = np.log(10.0)
"""Standard deviation of a parameter's prior about its start, natural log: cards of other devices are no better than an
order of magnitude."""
_TRIED = 6, 16
"""Smallest and largest number of starts from which to descend."""
_TRY_WORK = 300_000
"""Points of the replays times parameters and states that all starts may take together: cheap starts can be more."""
_COARSE = ((25, 1.0, 20), (5, 1.0, 10), (1, 1.0, 10), (1, 0.3, 10), (1, 0.1, 10), (1, 0.0, 20))
"""Stages in which a descent begins: number of parts of the replays, relative uncertainty, and number of steps.

A model that switches a pulse too late is off by orders of magnitude: measured by the noise of the data, the misfit is
rough there and full of local minima; measured coarsely, it is a valley. A replay that is far off as a whole may be near
in each part (``Replay.in_parts``). The method is graduated optimisation: Blake and Zisserman, Visual Reconstruction
(MIT Press 1987).
"""
_REACHED, _PATIENCE, _HOP = 2.0, 6, (0.1, 0.3)
"""Misfit per point above which descents begin near the best end, too; number of descents in a row without progress
after which they stop; and standard deviations of their starts, natural log."""
_CARRIED_ON, _STEPS, _ALONG = 5, (20, 20, 20), 100
"""Number of the best ends that are carried on; steps of each round, between which files are weighed anew; and steps of
the best end before the first round.

Parameters on which the ends disagree are uncertain. The best end goes on first, because on its way along a narrow
valley the model seems to miss all files."""
_ELSEWHERE = 0.3
"""Distance of two ends from which on they are not in the same valley, natural log."""
_NAMED = 4
"""Number of parameters that a warning names, at most, as tied to another one; they are the closest."""
_PROFILE_WORK = 500_000
"""Points of the replays times parameters that the derivatives of one side of a profile may take: all profiles together
take tens of seconds."""


@dataclass(frozen=True, eq=False)
class MeasuredFit:
    """Result of fitting a model to the measurements of one device.

    Attributes:
        model: the model that was fitted.
        replays: the replays of the measurements.
        start: the point at which the best descent began.
        values: every parameter in the model's order.
        initial: states at the start of each replay, shape (replays, k).
        solution: the fitted parameters: the model's own, followed by memory states at the start of replays.
        weights: weights of the replays in the last descent.
        predicted: prediction of the model for each replay, in the form of its ``observed``.
        held: names of the parameters that are not fitted, each with the reason.
        seed: seed of the random starts.
    """

    model: Model
    replays: tuple[Replay, ...]
    start: Start
    values: Array
    initial: Array
    solution: Solution
    weights: Weights
    predicted: tuple[Array, ...]
    held: Mapping[str, str]
    seed: int

    @property
    def turned(self) -> bool:
        """Whether the device stands the other way around in the model: its te is the measurement's be."""
        return self.start.turned

    @property
    def errors(self) -> tuple[float, ...]:
        """Root mean square error of each replay: relative for conductances, over the rms current for sweeps."""
        return tuple(float(np.sqrt(np.mean(off**2))) for off in self.relative)

    @property
    def relative(self) -> tuple[Array, ...]:
        """Error of each point of each replay: relative for conductances, over the rms current for sweeps."""
        return tuple(
            (y - replay.observed) / (np.sqrt(np.mean(replay.observed**2)) if replay.is_current else replay.observed)
            for replay, y in zip(self.replays, self.predicted, strict=True)
        )

    @cached_property
    def residuals(self) -> tuple[Array, ...]:
        """Fitted less measured of each replay in units of its noise, each of shape (points,)."""
        return tuple(replay.residuals(y) for replay, y in zip(self.replays, self.predicted, strict=True))

    @property
    def over_noise(self) -> tuple[float, ...]:
        """Root mean square of each replay's residuals in units of their noise: 1 where only noise is left."""
        return tuple(float(np.sqrt(np.mean(r**2))) for r in self.residuals)

    @property
    def own(self) -> list[int]:
        """Places of the model's own parameters among everything that was fitted, states at the start included."""
        return [n for n, f in enumerate(self.solution.free) if f.name in self.model.param]

    @property
    def points(self) -> int:
        """Number of observations in all replays together."""
        return sum(len(r.observed) for r in self.replays)

    @property
    def parameters(self) -> int:
        """Number of fitted parameters, memory states at the start and the noise of each replay among them."""
        return len(self.solution.free) + len(self.replays)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Sentences on what a user should know before trusting the card."""
        s, own, found = self.solution, self.own, []
        if self.turned:
            found.append("the model stands the other way around: te of card, .va and .lib is the measurement's be")
        for n in own:
            if s.at_wall[n]:
                found.append(
                    f"{s.free[n].name}: the search ends at {s.values[n]:g}, and what is best may lie beyond: hold it "
                    "at what is known of it, or another that is known"
                )
            elif s.at_bound[n]:
                found.append(f"{s.free[n].name}: stands at its bound, {s.values[n]:g}")
        for n in own:
            if not s.is_fixed[n]:
                others = ", ".join(s.free[other].name for other in s.tied_to(n)[:_NAMED])
                only = f"only combinations of it with {others}" if others else "they say little of it"
                found.append(f"{s.free[n].name}: the data do not fix it, {only}")
        return tuple(found)


def aicc(fits: Sequence[MeasuredFit]) -> tuple[float, ...]:
    """Akaike's criterion of fits to the same measurements, corrected for small samples, of a quasi-likelihood (QAICc).

    sum over the runs of -2 ln L / c + 2 k + 2 k (k + 1)/(n - k - 1), less what is the same for every model. L is that
    of Laplace's errors, among which an outlier is not decisive, with a scale of its own in each run; k are the
    parameters, memory states and scales; n are the points. What wanders for many points is no evidence at each of them:
    the variance inflation c of a run is its points over those that are independent in what the best of the fits leaves
    of it, the same for every model. It divides the likelihood alone; the last term takes all points, as they fixed the
    parameters: of independent ones there are the fewer the less noise hides a smooth misfit, often fewer than k, where
    the term has no meaning. So it leans to the larger model, if to any. The smaller the better: a difference of 10 is
    decisive. Sources: Hurvich and Tsai, Biometrika 76, 297 (1989); Burnham and Anderson, Model Selection and Multimodel
    Inference (Springer 2002), section 2.5.

    Returns:
        The criterion of each fit; infinite if there are more parameters than points.
    """
    counts, logs = [], []
    for left in zip(*(f.residuals for f in fits), strict=True):
        missed = [float(np.mean(np.abs(r))) for r in left]
        counts.append(weight_of_independent(left[int(np.argmin(missed))]) * len(left[0]))
        logs.append(2 * np.log(missed))
    found = []
    for f, likelihood in zip(fits, counts @ np.array(logs), strict=True):
        k, n = f.parameters, f.points
        found.append(float(likelihood) + 2 * k + 2 * k * (k + 1) / (n - k - 1) if n > k + 1 else float("inf"))
    return tuple(found)


def replays_of(measurements: Sequence[Measurement]) -> list[Replay]:
    """Replays of all measurements that say anything about a model's equations.

    Raises:
        InputError: nothing says anything about a model's equations, or see ``replays``.
    """
    found = [replay for m in measurements for replay in replays(m)]
    if not found:
        names = ", ".join(str(m.origin.path) for m in measurements)
        raise InputError(f"fit: {names}: give a sweep, pulses or retention too: this shows no model's equations")
    return found


def why_held(model: Model, replays: Sequence[Replay], known: Collection[str]) -> dict[str, str]:
    """Reason why each parameter is not fitted, by its name; an empty reason for one that is fitted.

    Parameters in ``known`` are given by the user.
    """
    temperatures = len({replay.temperature_k for replay in replays})
    return {p.name: "given" if p.name in known else is_held(p, model, temperatures) for p in model.params}


def fit_model(
    name: str, measurements: Sequence[Measurement], held: Mapping[str, float] | None = None, seed: int = 1
) -> MeasuredFit:
    """Fit a model of the library to measurements of one device.

    Args:
        name: name of the model.
        measurements: any mix of files of one device.
        held: parameters that are known, in the model's units, checked (see ``fit_task``).
        seed: seed of the random starts.

    Raises:
        InputError: nothing to fit, or nothing finite follows from what is held.
    """
    model, known = load_model(name), dict(held or {})
    replays = [replay.behind_a_cycle(model) for replay in replays_of(measurements)]
    held_for = why_held(model, replays, known)
    fitted = [k for k, p in enumerate(model.params) if not held_for[p.name]]
    with _search(model, replays, fitted) as search:
        start, begins = search.tried(starts(search.setup, known, seed, search.tries), seed)
        problem, solution = search.carried_on(start, begins)
        effort, each = _effort(replays, len(problem.free)), search.setup.threads.map
        solution = profiled(problem, solution, effort, robust=True, each=each)
        end = problem.start(solution.ends[solution.chosen])
        predicted = tuple(run.predicted for run in problem.runs(solution.ends[solution.chosen]))
    _check_finite(name, replays, predicted, known)
    return MeasuredFit(
        model=model,
        replays=tuple(replays),
        start=start,
        values=end.values,
        initial=end.initial,
        solution=solution,
        weights=problem.weights,
        predicted=predicted,
        held={n: why for n, why in held_for.items() if why},
        seed=seed,
    )


def _check_finite(name: str, replays: Sequence[Replay], predicted: Sequence[Array], known: Mapping[str, float]) -> None:
    for replay, shown in zip(replays, predicted, strict=True):
        if not np.isfinite(shown).all():
            given = ", ".join(f"{n} = {v:g}" for n, v in known.items()) or "any value that was tried"
            raise InputError(
                f"fit: {replay.measurement.origin.path}: model {name} shows nothing finite with {given}: check it "
                "and its unit, or take another model"
            )


@contextmanager
def _search(model: Model, replays: Sequence[Replay], fitted: Sequence[int]) -> Iterator[_Search]:
    """Search of one fit, with its budget of descents, its worker threads and its progress bar."""
    states = sum(len(replay.free_states(model)) for replay in replays)
    cost = _cost(replays, len(fitted) + states) * max(len(model.states), 1)
    tries = int(np.clip(_TRY_WORK // cost, *_TRIED))
    descents = (tries + _PATIENCE) * len(_COARSE) + _CARRIED_ON * len(_STEPS) + 1
    # The matrices are small: several threads of BLAS would wait for each other, and for the threads of the fit.
    with counter(f"fit {model.name}", descents) as advance, threadpool_limits(1), Threads() as threads:
        yield _Search(FitSetup(model, replays, fitted, threads), tries, advance)


_Tried = tuple[float, Start, Start]
"""A descent: its misfit, its start and its end."""


def _misfit(tried: _Tried) -> float:
    return tried[0]


class _Search:
    """Least-squares search of one fit: descents from many starts, then longer ones from the best of their ends.

    Args:
        setup: the model, the replays, and which parameters are fitted.
        tries: starts from which to descend.
        advance: takes the number of descents so far and a label.
    """

    def __init__(self, setup: FitSetup, tries: int, advance: Callable[[int, str], None]) -> None:
        self.setup, self.tries, self._advance, self._finished = setup, tries, advance, count(1)

    def tried(self, begins: Iterable[Start], seed: int) -> tuple[Start, list[Start]]:
        """Descend from every start.

        Returns the start of the best descent, whose priors stay, and the ends of the best descents in which the device
        stands the same way around.
        """
        setup, rng = self.setup, np.random.default_rng(seed)
        ends = sorted(setup.threads.map(self._tried, begins), key=_misfit)
        enough, failed = _REACHED * sum(len(replay.observed) for replay in setup.replays), 0
        while _misfit(ends[0]) > enough and failed < _PATIENCE:
            hop = self._tried(varied(setup, ends[0][2], _HOP[failed % len(_HOP)], rng))
            failed = 0 if _misfit(hop) < 0.9 * _misfit(ends[0]) else failed + 1
            ends = sorted([*ends, hop], key=_misfit)
        best = ends[0][1]
        return best, self._apart(best, [end for _, begin, end in ends if begin.turned == best.turned])

    def _tried(self, begin: Start) -> _Tried:
        """Descend from one start, from coarse uncertainties to those of the data; misfit, start and end of it."""
        setup = self.setup
        at: tuple[Array, ...] = ()
        for parts, relative, steps in _COARSE:
            if parts > 1 and len(setup.model.states) > 1:
                continue  # the observations depend on more than the memory state
            problem = MeasuredProblem(setup.in_parts(parts), begin, coarse(setup.replays, relative))
            found = self._descended(problem, at, steps, robust=parts == 1)  # in parts, a jump is no outlier
            at = found.ends
        return found.misfit[0], begin, problem.start(at[0])

    def _apart(self, start: Start, ends: Iterable[Start]) -> list[Start]:
        """Keep the first few ends that are not in one valley of the misfit."""
        problem = MeasuredProblem(self.setup, start, coarse(self.setup.replays, 0.0))
        found: list[Start] = []
        at: list[Array] = []
        for end in ends:
            z = problem.coordinates(end)
            if all(np.abs(z - other).max() > _ELSEWHERE for other in at) and len(found) < _CARRIED_ON:
                found.append(end)
                at.append(z)
        return found

    def carried_on(self, start: Start, begins: Sequence[Start]) -> tuple[MeasuredProblem, Solution]:
        """Descend farther from several points; the weights of the files are computed anew between the descents."""
        setup = self.setup
        problem = MeasuredProblem(setup, start, coarse(setup.replays, 0.0))
        found = self._descended(problem, [problem.coordinates(b) for b in begins], _STEPS[0])
        ends = list(found.ends)
        ends[found.chosen] = self._descended(problem, [ends[found.chosen]], _ALONG).ends[0]
        for steps in _STEPS[1:]:
            weights = weights_by_misfit(setup.replays, problem.runs(ends[found.chosen]))
            problem = MeasuredProblem(setup, start, weights)
            found = self._descended(problem, ends, steps)
            ends = list(found.ends)
        return problem, found

    def _descended(
        self, problem: MeasuredProblem, begins: Sequence[Array], steps: int, *, robust: bool = True
    ) -> Solution:
        threads, name = self.setup.threads, self.setup.model.name

        def report(*_: object) -> None:
            threads.check()

        found = fit(
            problem, problem.free, begins, iterations=steps, prior=PRIOR, robust=robust,
            information=problem.information, report=report, each=threads.map,
        )  # fmt: skip
        for misfit in found.misfit:
            self._advance(next(self._finished), f"fit {name}, misfit {misfit:.4g}")
        return found


def _effort(replays: Sequence[Replay], parameters: int) -> int:
    """Number of derivatives that one side of a profile may take: fewer for large problems, which behave better."""
    return int(np.clip(_PROFILE_WORK // _cost(replays, parameters), 3, 65))


def _cost(replays: Sequence[Replay], parameters: int) -> int:
    """Cost of one evaluation of all derivatives: points of the replays times parameters."""
    return sum(len(replay.applied.time_s) for replay in replays) * parameters
