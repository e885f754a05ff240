"""What the tests of the model library share: a card's device with one state, by numpy and scipy."""

from dataclasses import dataclass, field

import numpy as np
from scipy.integrate import solve_ivp

from models_va import load_card
from spicegen.printers.numpy_model import numpy_model

ROOM = 300.15


@dataclass
class Device:
    card: str
    changes: dict = field(default_factory=dict)
    temperature_k: float = ROOM

    def __post_init__(self):
        card = load_card(self.card)
        self.values = {**card.values, **self.changes}
        self.model = numpy_model(card.device_model)

    def at(self, v, x):
        v, x = np.broadcast_arrays(np.atleast_1d(np.float64(v)), np.float64(x))
        return self.model.evaluate(v, x[:, None].copy(), self.values, self.temperature_k)

    def rate(self, v, x):
        return self.at(v, x).rate[:, 0]

    def current(self, v, x):
        return self.at(v, x).current

    def conductance(self, x):
        return self.model.conductance(np.atleast_1d(np.float64(x))[:, None], self.values, self.temperature_k)

    def after(self, v, seconds, x, t_eval=None):
        """The state after a constant voltage; with ``t_eval`` the states at those times."""
        done = solve_ivp(
            lambda _, y: self.rate(v, y), (0, seconds), [x], method="Radau",
            jac=lambda _, y: self.at(v, y).df_dx[0], rtol=1e-10, atol=1e-13, t_eval=t_eval,
        )  # fmt: skip
        assert done.success
        return done.y[0] if t_eval is not None else done.y[0, -1]

    def sweep(self, wave, seconds, x, points=2000):
        """Voltages, currents and states over a waveform v(t)."""
        t = np.linspace(0, seconds, points)
        done = solve_ivp(
            lambda s, y: self.rate(wave(s), y), (0, seconds), [x], method="Radau", rtol=1e-8, atol=1e-11,
            t_eval=t, max_step=seconds / 500,
        )  # fmt: skip
        assert done.success
        v = np.array([wave(s) for s in t])
        return v, self.current(v, done.y[0]), done.y[0]
