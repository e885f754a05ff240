"""The paper's experiments as stimuli; what its text leaves open is a named parameter with a reason.

Source: Baek et al., Nano-Micro Lett. 15:69 (2023).
"""

from __future__ import annotations

from models_va import DeviceCard
from netlists import Cell, Circuit, Job, Source, SpikeTrain, Transient

SPIKES_PER_BRANCH = 25


def figure_2d(period_s: float = 13.4e-3) -> SpikeTrain:
    """Figure 2d: 25 spikes of -1.5 V, 25 of +1.1 V, 10 ms each, read at 0.1 V after each.

    Args:
        period_s: start to start; the text does not give it, see ``Assumptions``, s.
    """
    return SpikeTrain(
        amplitudes_volt=(-1.5,) * SPIKES_PER_BRANCH + (1.1,) * SPIKES_PER_BRANCH,
        width_s=10e-3,
        period_s=period_s,
        v_read_volt=0.1,
    )


def spike_job(card: DeviceCard, train: SpikeTrain) -> Job:
    """One device between the driven top electrode and ground, under a spike train; its source is ``vte``."""
    circuit = Circuit(
        sources=(Source("vte", "te", train.waveform()),),
        cells=(Cell("d0", "te", "0", card),),
    )
    # a twentieth of the spike and 1e-5: what circuit simulators need to agree to 1e-3 where a device runs away
    return Job(circuit, Transient(train.stop_s, max_step_s=train.width_s / 20, rel_tol=1e-5), "spike train")
