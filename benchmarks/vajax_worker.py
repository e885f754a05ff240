"""Runs circuits in vajax for third_witness.py: ``python vajax_worker.py FOLDER_OF_VAJAX TASKS.json RESULTS.json``.

vajax knows the Verilog-A files that it brings; others are put into its table. It has its own numpy: nothing of this
project is imported here.
"""

import json
import os
import sys
from pathlib import Path


def main(library, tasks, results):
    sys.path.insert(0, library)
    os.environ |= {"JAX_PLATFORMS": "cpu", "TF_CPP_MIN_LOG_LEVEL": "3"}
    import jax

    jax.config.update("jax_enable_x64", True)
    import numpy as np
    import vajax.analysis.openvaf_models as models
    from vajax import CircuitEngine

    own = models._get_base_paths
    found = {}
    for task in json.loads(Path(tasks).read_text()):
        name, folder = task["module"], Path(task["folder"])
        models.MODEL_PATHS[name] = ("here", f"{name}.va")
        models._get_base_paths = lambda folder=folder: {**own(), "here": folder}
        deck = folder / f"{name}.sim"
        deck.write_text(task["deck"])
        engine = CircuitEngine(deck)
        engine.parse()
        if (
            "stop" in task
        ):  # the number of steps is limited to a tenth more than stop/step: so there is room for short ones
            engine.prepare(t_stop=3 * task["stop"], dt=task["step"])
            run = engine.run_transient()
            found[task["name"]] = [np.asarray(run.times).tolist(), np.asarray(run.voltage("b")).tolist()]
        else:
            run = engine.run_ac(freq_start=0.01, freq_stop=1e4, mode="dec", points=1)
            b = np.asarray(run.voltages["b"])
            found[task["name"]] = [np.asarray(run.frequencies).tolist(), b.real.tolist(), b.imag.tolist()]
    Path(results).write_text(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
