"""The 30 rules for generated Verilog-A, a test each, for every shipped card and for a device without states.

A rule on text is read off the text or left to the linter (whose own tests prove that it speaks up); a rule on
behaviour is tried in VACASK, on exactly the text that is printed; a rule on the equations is tried in numpy. Each
test is shown a device that breaks its rule, and must fail (``BREAKING``).
"""

import re
from dataclasses import fields, replace

import numpy as np
import pytest
import sympy

from models_va import BOLTZMANN, CHARGE, GMIN, VOLTAGE, Model, card_names
from models_va.functions import step
from netlists import Cell, Circuit, Job, Source, Transient
from spicegen.lint.reading.preprocess import STANDARD_INCLUDES
from spicegen.lint.reading.syntax import Conditional, Contribution, visit
from spicegen.printers.base import printed_params
from spicegen.simulate import SimulationError, simulator
from spicegen.simulate.openvaf import compile_warnings
from tests.spicegen.lint.trap_models import GMIN_SIEMENS, ROOM_K, SPECIMEN, Device, pwl, write_train

BOLTZMANN_J_PER_K = 1.380649e-23
VOLTS = (0.0, 0.1, -0.1, 1.1, -1.5, 5.0, -5.0)


@pytest.fixture(params=[*card_names(), "lin", "specimen"])
def device(request, need_engine):
    return Device.of(request.param, need_engine)


def declared(device):
    """name -> (attributes, default, range) of every parameter, from the text."""
    pattern = r"\(\* (.*?) \*\) parameter (?:real|integer) (\w+) = (\S+) from ([\[(]\S+?:\S+?[\])]);"
    return {name: (attributes, value, bounds) for attributes, name, value, bounds in re.findall(pattern, device.code)}


def test_rule_01_compiles_without_a_warning(device):
    device.need_engine("vacask")
    assert compile_warnings(device.text, device.card.identifier) == []


def test_rule_02_states_are_internal_nodes_with_an_unconditional_ddt(device):
    assert device.findings(2) == []
    module = device.context.module
    wanted = {f"n_{s}" for s in device.model.state_names}
    assert module.nets.keys() - module.ports == wanted
    ddts = [s.target.args[0].text for s, under in device.context.analog
            if isinstance(s, Contribution) and not under and any(s.value.calls("ddt"))]  # fmt: skip
    assert sorted(ddts) == sorted([*wanted, "te"])  # the electrodes' capacitance


def test_rule_03_no_initial_step_no_time_no_step_control_no_events(device):
    """But for the hold at time 0, where simulators differ in what analysis they call a transient's first point."""
    assert device.findings(3) == []
    words = [t.text for t in device.context.source.tokens]
    assert not {"initial_step", "$bound_step", "cross", "@"} & set(words)
    held = [c for s, _ in device.context.analog if isinstance(s, Conditional) for c in s.expressions]
    assert words.count("$abstime") == sum(e.text == "$abstime" for c in held for e in c.walk())
    assert words.count("$abstime") == bool(device.model.states)


def test_rule_04_locals_are_assigned_on_every_path(device):
    assert device.findings(4) == []


def test_rule_05_the_initial_state_is_an_instance_parameter_held_at_the_operating_point(device):
    assert device.findings(5) == []
    parameters = declared(device)
    held = [arm for s, _ in device.context.analog if isinstance(s, Conditional) for condition, arm in s.arms
            if [c.args[0].text for c in condition.calls("analysis")] == ["static", "ac", "noise"]]  # fmt: skip
    assert len(held) == bool(device.model.states)
    found = {(s.target.args[0].text, *(a.text for a in s.value.args)) for arm in held for s, _ in visit(arm)
             if isinstance(s, Contribution)}  # fmt: skip
    assert found == {(f"n_{s.name}", s.name, s.initial) for s in device.model.states}
    assert all('type="instance"' in parameters[s.initial][0] for s in device.model.states)


def test_rule_06_the_operating_point_is_exactly_the_initial_state_under_any_bias(device):
    states = device.states(2)
    _, points = device.operating_points(VOLTS, states)
    for point in points:
        found = [[point[f"x{k}:n_{s}"][0] for s in device.model.state_names] for k in range(2)]
        assert np.abs(np.array(found).reshape(states.shape) - states).max(initial=0) <= 1e-12


def test_rule_07_every_parameter_has_its_description_and_units(device):
    assert device.findings(7) == []
    parameters = declared(device)
    for p, _ in printed_params(device.card):
        assert f'desc="{p.description}", units="{p.unit}"' in parameters[p.name][0]


def test_rule_08_every_parameter_has_its_range(device):
    assert device.findings(8) == []
    parameters = declared(device)
    printed = printed_params(device.card)
    assert [*parameters] == [*device.context.module.parameters] == [p.name for p, _ in printed]
    for p, value in printed:
        _, default, bounds = parameters[p.name]
        low, high = (float(text) for text in bounds[1:-1].split(":"))
        assert (low, high) == (p.lower, p.upper)
        assert (bounds[0] == "(", bounds[-1] == ")") == (p.lower_open or np.isinf(low), p.upper_open or np.isinf(high))
        assert p.check(float(default)) == value


def test_rule_09_what_varies_from_device_to_device_is_an_instance_parameter(device):
    assert device.findings(9) == []
    marked = {name for name, (attributes, _, _) in declared(device).items() if 'type="instance"' in attributes}
    assert marked == {p.name for p, _ in printed_params(device.card) if p.per_instance}
    assert marked


def test_rule_10_conductance_and_states_are_operating_point_outputs(device):
    assert device.findings(10) == []
    outputs = {v.name: v.attributes for v in device.context.module.variables.values() if v.attributes}
    assert outputs.keys() == {device.model.conductance, *device.model.state_names}
    assert all(a["desc"] and a["units"] for a in outputs.values())
    x = device.states(1)
    elements = ["v0 (a 0) vsource dc=0.1", device.instance("x0", "a 0", x[0])]
    saved = " ".join(f"p(x0,{name})" for name in outputs)
    point = device.run(elements, [f"save default {saved}", "analysis op1 op"], ["op1"])[0]
    expected = device.numpy.conductance(x, device.card.values, ROOM_K)[0]
    assert point[f"x0.{device.model.conductance}"][0] == pytest.approx(expected, rel=1e-9, abs=0)
    for name, value in zip(device.model.state_names, x[0], strict=True):
        assert point[f"x0.{name}"][0] == pytest.approx(value, abs=1e-12)


def test_rule_11_no_switch_branches(device):
    assert device.findings(11) == []


def test_rule_12_the_current_is_once_continuously_differentiable(device):
    """Where the slope changes most, it must change less and less as one looks closer; so must the current."""
    for x in device.states(3):

        def slope_and_current(v, x=x):
            found = device.evaluate(v, np.tile(x, (len(v), 1)))
            return np.array([found.di_dv, found.current])

        for which in (0, 1):
            v = np.linspace(-3.0, 3.0, 6001)
            scale = np.abs(slope_and_current(v)[which]).max()
            jumps = []
            for _ in range(3):
                change = np.abs(np.diff(slope_and_current(v)[which]))
                worst = int(change.argmax())
                jumps.append(change[worst] / scale)
                v = np.linspace(v[worst], v[worst + 1], 65)
            assert jumps[2] < max(jumps[0] / 100, 1e-12), v[0]


def test_rule_13_nothing_overflows(device):
    assert device.findings(13) == []
    low, high = device.bounds
    x = np.vstack([device.states(4), low, high, 3 * high + 1, low - 3])  # a Newton iterate may be anywhere
    with np.errstate(all="ignore"):
        for v in (30.0, -30.0, 1e3, -1e3):
            found = device.evaluate(np.full(len(x), v), x)
            for part in (found.current, found.di_dv, found.di_dx, found.rate, found.df_dv, found.df_dx):
                assert np.isfinite(part).all(), v
    current, _ = device.operating_points([30.0, -30.0, 1e3, -1e3], device.states(2))
    assert np.isfinite(current).all()


def test_rule_14_ln_not_log(device):
    assert device.findings(14) == []
    assert not re.search(r"\blog\b", device.code)


def test_rule_15_states_are_of_order_one_on_at_least_a_microfarad(device):
    assert device.findings(15) == []
    assert np.abs(device.bounds).max(initial=0) <= 10
    farads = [float(c) for c in re.findall(r"I\(n_\w+\) <\+ ddt\((\S+?)\*\w+\)", device.code)]
    assert len(farads) == len(device.model.states)
    assert all(1e-6 <= c <= 1 for c in farads)


def test_rule_16_the_rates_point_inwards_at_every_bound(device):
    """Nagumo's condition: on a face of the box of states no rate leads out, whatever the voltage and the others."""
    assert device.findings(16) == []
    volts = np.random.default_rng(3).uniform(-5, 5, 400)
    for k in range(len(device.model.states)):
        for bound, outwards in zip(device.bounds[:, k], (-1, 1), strict=True):
            x = device.states(len(volts))
            x[:, k] = bound
            rate = device.evaluate(volts, x).rate[:, k] * outwards
            assert rate.max() <= 1e-9 * np.abs(rate).max(), (device.model.states[k].name, bound)


def test_rule_17_states_stay_within_their_bounds_at_five_volts(device):
    """With Euler's rule, which keeps what the equations keep; Newton's tolerance is set far below the 1e-9.

    Trapezoidal steps overshoot by their own error, about 1e-3 at the default tolerances, whatever the equations.
    """
    width = write_train(device.card).width_s
    times, volts = [0.0], [0.0]
    for n, v in enumerate((5.0, -5.0, 5.0, -5.0)):
        times += [(1.5 * n + t) * width for t in (0.01, 1.0, 1.01, 1.5)]
        volts += [v, v, 0.0, 0.0]
    elements = []
    for k, (sign, x) in enumerate([(1, device.bounds[0]), (-1, device.bounds[1]), (1, device.states(1)[0])]):
        wave = ", ".join(f"{t!r}, {sign * v!r}" for t, v in zip(times, volts, strict=True))
        elements += [f'v{k} (a{k} 0) vsource type="pwl" wave=[{wave}]', device.instance(f"x{k}", f"a{k} 0", x)]
    exact = replace(device, rel_tol=1e-9)
    found = exact.transient(elements, times[-1], width / 20, 'tran_method="euler" tran_lteratio=1e5')
    assert found["time"][-1] == pytest.approx(times[-1])
    for s in device.model.states:
        for k in range(3):
            x = found[f"x{k}:n_{s.name}"]
            assert s.lower - 1e-9 <= x.min() <= x.max() <= s.upper + 1e-9, s.name


def test_rule_18_no_voltage_contributions(device):
    assert device.findings(18) == []
    assert not re.search(r"\bV\([^)]*\)\s*<\+", device.code)


def test_rule_19_the_simulators_gmin_lies_across_the_device(device):
    assert device.findings(19) == []
    x = device.states(1)
    usual, more = (device.operating_points([0.1], x, f"gmin={g}")[0][0, 0] for g in (1e-12, 1e-6))
    assert more - usual == pytest.approx(0.1 * (1e-6 - 1e-12), rel=1e-6, abs=0)


def test_rule_20_constants_by_name_and_the_simulators_temperature(device):
    assert device.findings(20) == []
    symbols = set().union(*(e.free_symbols for _, e, _ in device.model._equations()))
    for symbol, text in ((BOLTZMANN, "`P_K"), (CHARGE, "`P_Q")):
        assert (text in device.code) == (symbol in symbols)
    x = device.states(1)
    assert device.noise(x[0], 350.0) == pytest.approx(nyquist(device, x, 350.0), rel=1e-4, abs=0)


def test_rule_21_parallel_devices_are_left_to_the_simulator(device):
    """Two in parallel carry what one with a multiplicity of 2 carries, and twice what one does; so does the noise."""
    assert device.findings(21) == []
    train = write_train(device.card, 2)
    elements = [pwl(f"v{k}", f"a{k}", train.waveform()) for k in range(3)]
    elements += [device.instance("x0", "a0 0"), device.instance("x1", "a1 0"), device.instance("x2", "a1 0")]
    elements += [device.instance("x3", "a2 0", extra="$mfactor=2")]
    found = device.transient(elements, train.stop_s, train.width_s / 20)
    one, two, double = (found[f"v{k}:flow(br)"] for k in range(3))
    assert double == pytest.approx(two, rel=1e-6, abs=1e-18)
    assert two == pytest.approx(2 * one, rel=1e-6, abs=1e-18)
    x = device.states(1)[0]
    assert device.noise(x, extra="$mfactor=2") == pytest.approx(device.noise(x) / 2, rel=1e-6, abs=0)


def nyquist(device, x, temperature_k):
    """Voltage noise of the open device by Nyquist's formula; gmin loads it, but makes no noise: V^2/Hz."""
    slope = device.evaluate([0.0], x, temperature_k).di_dv[0]
    return 4 * BOLTZMANN_J_PER_K * temperature_k * (slope - GMIN_SIEMENS) / slope**2


def test_rule_22_named_thermal_noise_of_four_k_t_g(device):
    assert device.findings(22) == []
    assert re.findall(r'white_noise\(.*, ("\w+")\);', device.code) == ['"thermal"']
    for x in device.states(2):
        assert device.noise(x) == pytest.approx(nyquist(device, x, ROOM_K), rel=1e-4, abs=0)


def test_rule_23_no_current_without_voltage_and_no_energy_from_the_device(device):
    x = device.states(500)
    volts = np.random.default_rng(5).uniform(-5, 5, len(x))
    assert np.all(device.evaluate(volts, x).current * volts >= 0)
    assert np.all(device.evaluate(0 * volts, x).current == 0)
    current, _ = device.operating_points([0.0, *VOLTS], x[:2])
    assert np.all(current[0] == 0)
    assert np.all(current[1:] * np.array(VOLTS)[:, None] >= 0)


def test_rule_24_no_drift_without_voltage_but_declared_relaxation_and_no_read_disturb(device):
    """At 0 V only states with a time constant (a parameter in s) move. 10 s at 0.1 V: less than 1 %, or 1e-5."""
    x = device.states(100)
    rates = device.evaluate(np.zeros(len(x)), x).rate
    seconds = {p.symbol for p in device.model.params if p.unit == "s"}
    for k, state in enumerate(device.model.states):
        relaxes = bool(device.model.expanded(state.rate).subs(VOLTAGE, 0).free_symbols & seconds)
        assert relaxes or np.all(rates[:, k] == 0), state.name
    assert np.all(device.evaluate([0.0], device.bounds[0]).rate == 0)
    start = 0.2 * device.bounds[1]
    elements = [
        f"v{k} (a{k} 0) vsource dc={v}\n{device.instance(f'x{k}', f'a{k} 0', start)}" for k, v in enumerate((0.0, 0.1))
    ]
    found = device.transient(elements, 10.0, 0.1)
    for s in device.model.state_names:
        assert found[f"x1:n_{s}"] == pytest.approx(found[f"x0:n_{s}"], rel=1e-2, abs=1e-5)


def test_rule_25_the_admittance_at_the_operating_point_is_the_slope(device):
    x = device.states(1)
    volts = (0.0, 0.1, 1.1, -1.5)
    elements = [f"v{k} (a{k} 0) vsource dc={v} mag=1" for k, v in enumerate(volts)]
    elements += [device.instance(f"x{k}", f"a{k} 0", x[0]) for k in range(len(volts))]
    found = device.run(elements, ['analysis ac1 ac from=0.01 to=1e6 mode="dec" points=1'], ["ac1"])[0]
    slope = device.evaluate(volts, np.tile(x, (len(volts), 1))).di_dv
    for k in range(len(volts)):
        assert np.abs(-found[f"v{k}:flow(br)"] - slope[k]).max() <= 1e-6 * slope[k]


def test_rule_26_no_randomness_in_the_model(device):
    assert device.findings(26) == []
    assert not re.search(r"random|dist", device.code.replace("distance", ""))


def test_rule_27_no_arrays_no_tables_no_other_includes(device):
    assert device.findings(27) == []
    assert [t.text for t in device.context.source.includes] == sorted(STANDARD_INCLUDES)
    assert "table" not in device.code
    assert not re.search(r"\w\s*\[\d*:", device.code.replace(" from ", " = "))


def test_rule_28_half_the_step_gives_the_same_conductance(device):
    train = write_train(device.card)
    whole, half = (device.read_conductances(train, share) for share in (device.step, device.step / 2))
    assert half == pytest.approx(whole, rel=1e-3, abs=0)


def test_rule_29_the_header_says_what_it_is_and_where_its_values_come_from(device):
    assert device.findings(29) == []
    card, model = device.card, device.model
    header = [line.removeprefix("// ") for line in device.text.partition("`include")[0].splitlines()]
    assert header[0].startswith(f"{card.name}: ")
    assert any(line.startswith(f"Model: {model.name} {model.version} (") for line in header)
    assert any(line.startswith(f"Card hash: {card.hash}; ") for line in header)
    assert any(line.startswith("Values: ") for line in header)
    for name, quantity in card.parameters.items():
        start = f"  {name} = {quantity.value:g} ({quantity.provenance})"
        assert [line for line in header if line.startswith(start)], name


def test_rule_30_verilog_a_subcircuit_and_numpy_agree(device):
    states = device.states(3)
    current, _ = device.operating_points(VOLTS, states)
    for k, x in enumerate(states):
        expected = device.evaluate(VOLTS, np.tile(x, (len(VOLTS), 1))).current
        assert current[:, k] == pytest.approx(expected, rel=1e-8, abs=1e-18)
    if device.model is SPECIMEN:
        return  # its model is in no file: the engines cannot load it
    train = write_train(device.card, 1)
    circuit = Circuit(sources=(Source("v0", "a", train.waveform()),), cells=(Cell("d0", "a", "0", device.card),))
    job = Job(circuit, Transient(train.stop_s, train.width_s / 20, 1e-6))
    found = device.read_conductances(train, 1 / 20)
    for engine in (simulator("native"), device.need_engine("ngspice")):
        other = -engine.run(job).current_at("v0", train.read_time_s) / train.v_read_volt
        assert other == pytest.approx(found, rel=1e-3, abs=0), engine.name


def changed(old, new):
    """Breaks the printed text."""

    def breaks(device):
        assert old in device.text
        return replace(device, text=device.text.replace(old, new, 1))

    return breaks


def other_model(change):
    """Breaks the equations: ``change`` gives new fields of the model, from the model and its parameters' symbols.

    The definition's own checks, which refuse some of these, are passed by: the rules' tests must stand alone.
    """

    def breaks(device):
        symbols = {p.name: p.symbol for p in device.model.params}
        broken = object.__new__(Model)
        same = {f.name: getattr(device.model, f.name) for f in fields(Model)}
        vars(broken).update(same | change(device.model, symbols))
        return replace(device, model=broken)

    return breaks


def faster(k, extra):
    """State number ``k`` with a rate of ``extra`` more."""

    def change(model, p):
        states = list(model.states)
        states[k] = replace(states[k], rate=states[k].rate + extra(p))
        return {"states": tuple(states)}

    return other_model(change)


NOISE = "I(te, be) <+ white_noise"
X = "x = V(n_x);"
G = "g = g0*"
BREAKING = {
    test_rule_01_compiles_without_a_warning: [changed("  inout te, be;\n", ""), changed("endmodule", "")],
    test_rule_02_states_are_internal_nodes_with_an_unconditional_ddt: [
        changed("I(n_x) <+ ddt", "if (vbr > 0) I(n_x) <+ ddt"),
        changed("I(n_x) <+ ddt(0.001*x)", ""),
        changed(X, "x = x + 1e-3*vbr;"),
    ],
    test_rule_03_no_initial_step_no_time_no_step_control_no_events: [
        changed(X, "@(initial_step) x = x_init;"),
        changed(X, "x = V(n_x) + $abstime;"),
    ],
    test_rule_04_locals_are_assigned_on_every_path: [changed("gate = drive", "if (vbr > 0) gate = drive")],
    test_rule_05_the_initial_state_is_an_instance_parameter_held_at_the_operating_point: [
        changed('"static"', '"tran"'),
        changed("x - x_init", "x - s_init"),
        changed(', type="instance" *) parameter real x_init', " *) parameter real x_init"),
    ],
    test_rule_06_the_operating_point_is_exactly_the_initial_state_under_any_bias: [
        changed("x - x_init", "x - x_init + 1e-9*vbr"),
        changed('analysis("static")', 'analysis("noise")'),
    ],
    test_rule_07_every_parameter_has_its_description_and_units: [
        changed('desc="threshold", ', ""),
        changed('units="V"', 'units="mV"'),
    ],
    test_rule_08_every_parameter_has_its_range: [changed(" from (0.0:inf)", ""), changed("(0.0:inf)", "[0.0:inf)")],
    test_rule_09_what_varies_from_device_to_device_is_an_instance_parameter: [changed(', type="instance"', "")],
    test_rule_10_conductance_and_states_are_operating_point_outputs: [
        changed('(* desc="conductance", units="S" *) real', "real"),
        changed(G, "g = 2*g0*"),
    ],
    test_rule_11_no_switch_branches: [changed(NOISE, "if (vbr > 1) V(te, be) <+ 0;\n" + NOISE)],
    test_rule_12_the_current_is_once_continuously_differentiable: [
        other_model(lambda m, p: {"current": m.current * (1 + step(VOLTAGE / p["v_t"] - 1))}),
        other_model(lambda m, p: {"current": m.current + p["g0"] * sympy.Abs(VOLTAGE - p["v_t"])}),
    ],
    test_rule_13_nothing_overflows: [
        changed("(abs(x) < 80.0) ? sinh(x)", "(x < 1e300) ? sinh(x)"),
        changed("sinh_lim = (abs(x) < 80.0)", "sinh_lim = (abs(x) < 1e4)"),
        other_model(lambda m, p: {"current": p["g0"] * p["v_io"] * sympy.sinh(VOLTAGE / p["v_io"])}),
    ],
    test_rule_14_ln_not_log: [changed(G, "g = log(10)*g0*")],
    test_rule_15_states_are_of_order_one_on_at_least_a_microfarad: [changed("ddt(0.001*x)", "ddt(1e-9*x)")],
    test_rule_16_the_rates_point_inwards_at_every_bound: [
        faster(0, lambda p: 2 / p["tau"]),
        faster(1, lambda p: -p["k"]),
        changed(X, X + "\n if (x > 1) x = 1;"),
    ],
    test_rule_17_states_stay_within_their_bounds_at_five_volts: [changed("(1.0 - x)", "(1.0001 - x)")],
    test_rule_18_no_voltage_contributions: [changed(NOISE, "V(n_x) <+ 0;\n" + NOISE)],
    test_rule_19_the_simulators_gmin_lies_across_the_device: [
        changed('$simparam("gmin", 1e-12)*vbr', "1e-12*vbr"),
        changed('$simparam("gmin", 1e-12)*vbr', '2*$simparam("gmin", 1e-12)*vbr'),
    ],
    test_rule_20_constants_by_name_and_the_simulators_temperature: [
        changed("`P_K", "1.380649e-23"),
        changed("$temperature", "300.15"),
        changed("$temperature", "(0*$temperature + 301.15)"),
    ],
    test_rule_21_parallel_devices_are_left_to_the_simulator: [
        changed("I(te, be) <+ g*", "I(te, be) <+ $mfactor*g*"),
        changed("x - x_init", "$mfactor*x - x_init"),
    ],
    test_rule_22_named_thermal_noise_of_four_k_t_g: [changed("4.0*`P_K", "2.0*`P_K"), changed(', "thermal"', "")],
    test_rule_23_no_current_without_voltage_and_no_energy_from_the_device: [
        other_model(lambda m, p: {"current": m.current + GMIN * p["v_io"]}),
        changed("I(te, be) <+ g*", "I(te, be) <+ 1e-15 + g*"),
    ],
    test_rule_24_no_drift_without_voltage_but_declared_relaxation_and_no_read_disturb: [
        faster(1, lambda p: p["k"]),
        faster(0, lambda p: 1 / p["tau"]),
        changed("gate = drive/(drive + 1.0)", "gate = 1.0"),
    ],
    test_rule_25_the_admittance_at_the_operating_point_is_the_slope: [
        changed(NOISE, "I(te, be) <+ ddt(1p*vbr);\n" + NOISE),
        changed('analysis("static") || analysis("ac")', 'analysis("dc")'),
    ],
    test_rule_26_no_randomness_in_the_model: [changed(G, "g = $rdist_normal(1, 1, 0)*g0*")],
    test_rule_27_no_arrays_no_tables_no_other_includes: [
        changed("real drive;", "real drive;\n real list[0:3];"),
        changed('`include "disc', '`include "mine.va"\n`include "disc'),
    ],
    test_rule_28_half_the_step_gives_the_same_conductance: [
        lambda device: changed("<+ -0.001*(", "<+ -0.001*(99.0*sin(1e6*$abstime) + ")(replace(device, rel_tol=1e3))
    ],
    test_rule_29_the_header_says_what_it_is_and_where_its_values_come_from: [
        changed("// Card hash: ", "// Card hash: 0"),
        changed("// Model: ", "// "),
        changed("// Provenance", "// "),
        changed("//   g0 = ", "//   g1 = "),
    ],
    test_rule_30_verilog_a_subcircuit_and_numpy_agree: [changed(G, "g = 1.0000001*g0*")],
}  # fmt: skip


def test_there_is_a_test_for_each_of_the_thirty_rules_and_each_is_shown_a_broken_device():
    tests = {test for name, test in globals().items() if name.startswith("test_rule_")}
    assert sorted(test.__name__[10:12] for test in tests) == [f"{n:02}" for n in range(1, 31)]
    assert BREAKING.keys() == tests


CASES = [(test, breaks, n) for test, cases in BREAKING.items() for n, breaks in enumerate(cases)]


@pytest.mark.parametrize(
    ("test", "breaks"), [c[:2] for c in CASES], ids=[f"{t.__name__[5:12]}-{n}" for t, _, n in CASES]
)
def test_a_device_that_breaks_the_rule_is_noticed(test, breaks, need_engine):
    broken = breaks(Device.of("specimen", need_engine))
    with pytest.raises((AssertionError, SimulationError)):
        test(broken)
