from importlib import resources

import numpy as np
import pytest
import yaml

from models_va import card_names, load_card
from models_va.errors import CardError, InputError, UnknownNameError

NAME = "au-lixcoo2-pt"
SHIPPED = (resources.files("models_va") / "cards" / f"{NAME}.yaml").read_text(encoding="utf-8")


@pytest.fixture
def written(tmp_path):
    """The shipped card with some change made to it, as a file."""

    def write(change=lambda raw: None):
        raw = yaml.safe_load(SHIPPED)
        change(raw)
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump(raw, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


def complaint(path, error=CardError):
    """The message of the refusal: one line that names the file."""
    with pytest.raises(error) as caught:
        load_card(path)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert str(path) in message
    return message


@pytest.mark.parametrize("name", card_names())
def test_every_shipped_card_loads(name):
    card = load_card(name)
    assert card.name == name
    assert set(card.values) == {p.name for p in card.device_model.params}
    low, high = card.window()
    assert 0 < low < high


def test_the_shipped_card_states_the_origin_of_every_value():
    card = load_card(NAME)
    fixed = {p.name for p in card.device_model.params if not p.per_instance}
    assert fixed <= set(card.parameters)
    assert all(q.note for q in card.parameters.values() if q.provenance == "assumed")


@pytest.mark.parametrize("name", ["", ".", "nope", "au\nlix", "a\0b"])
def test_an_unknown_card_lists_the_known(name):
    with pytest.raises(UnknownNameError) as caught:
        load_card(name)
    message = str(caught.value)
    assert message == f"unknown card {name!r}: known are {', '.join(card_names())}"
    assert "\n" not in message


@pytest.mark.parametrize("name", ["a" * 300, "/tmp/" + "b" * 300 + ".yaml"])
def test_a_name_too_long_for_the_file_system(name):
    complaint(name, InputError)


def test_a_file_that_is_not_there(tmp_path):
    assert NAME in complaint(tmp_path / "gone.yaml")


@pytest.mark.parametrize("name", ["folder", "folder.yaml"])
def test_a_directory(tmp_path, name):
    (tmp_path / name).mkdir()
    assert NAME in complaint(tmp_path / name, InputError)


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\xff", b"\x00\x01\x02", bytes(range(128, 256))])
def test_a_binary_file(tmp_path, content):
    path = tmp_path / "card.yaml"
    path.write_bytes(content)
    complaint(path)


@pytest.mark.parametrize(
    "text",
    ["", "words", "- a\n- b", "42", "name: [", "a: b: c", "\tname: x", "name: !!python/object/apply:os.system [id]",
     "title: 2024-13-45", "a: !!float x", "? {a: 1} : 2", "[" * 5000],
    ids=["empty", "scalar", "list", "number", "open", "nested", "tab", "object", "date", "float", "key", "deep"],
)  # fmt: skip
def test_wrong_yaml(tmp_path, text):
    path = tmp_path / "card.yaml"
    path.write_text(text)
    complaint(path)


@pytest.mark.parametrize("field", ["name", "title", "model", "source"])
def test_a_missing_field(written, field):
    assert f"{field}: Field required" in complaint(written(lambda raw: raw.pop(field)))


def test_a_misspelt_field(written):
    assert "titel: Extra inputs" in complaint(written(lambda raw: raw.update(titel="x")))


@pytest.mark.parametrize("field", ["ti\ntle", "a\r\n.include x"])
def test_a_field_name_of_two_lines(written, field):
    complaint(written(lambda raw: raw.update({field: "x"})))


def test_a_parameter_name_of_two_lines_without_provenance(written):
    complaint(written(lambda raw: raw["parameters"].update({"g0\n.control": {"value": 1.0}})))


def test_an_unknown_model_lists_the_known(written):
    assert "known are li_intercalation, linear" in complaint(written(lambda raw: raw.update(model="lithium")))


def test_a_missing_parameter(written):
    assert "missing tau_m" in complaint(written(lambda raw: raw["parameters"].pop("tau_m")))


def test_a_misspelt_parameter_lists_the_known(written):
    message = complaint(written(lambda raw: raw["parameters"].update(tau_n={"value": 1.0, "provenance": "assumed"})))
    assert "'tau_n'" in message
    assert "tau_m, tau_s" in message


@pytest.mark.parametrize("value", [0.0, -1.0])
def test_an_out_of_range_parameter(written, value):
    message = complaint(written(lambda raw: raw["parameters"]["tau_m"].update(value=value)))
    assert f"parameter tau_m = {value:g} s is outside its range (0, inf)" in message


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("wo3-liclo4", "g_min", "g_max"), ("magic-vteam", "r_on", "r_off"), ("rram-stanford-pku", "gap_min", "gap_max")],
)
@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_two_parameters_in_the_wrong_order(name, low, high, factor):
    """On a card, and wherever else values of it are given."""
    card = load_card(name)
    value = card.values[high]
    with pytest.raises(InputError, match=rf"parameter {low} = .* must be below {high} = {value:g} (S|ohm|m): check"):
        card.with_values({low: factor * value})


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), "fast", None, [1.0], 10**400])
def test_a_value_that_is_no_finite_number(written, value):
    assert "parameters.tau_m.value: " in complaint(written(lambda raw: raw["parameters"]["tau_m"].update(value=value)))


def test_missing_provenance(written):
    message = complaint(written(lambda raw: raw["parameters"]["tau_m"].pop("provenance")))
    assert "parameters.tau_m.provenance: Field required" in message


def test_unknown_provenance_lists_the_known(written):
    message = complaint(written(lambda raw: raw["parameters"]["tau_m"].update(provenance="guessed")))
    assert all(word in message for word in ("paper", "fitted", "assumed", "guessed"))


@pytest.mark.parametrize(
    "name",
    ["", "a\n", "a\n.control\nshell id", "a b", 'a"', "a'", "a;id", "$(id)", "`id`", "a|b", "../a", "a/b", "-a", "1a",
     "é", "a" * 65],
)  # fmt: skip
def test_names_that_could_reach_a_netlist_or_a_shell(written, name):
    assert "name: " in complaint(written(lambda raw: raw.update(name=name)))


@pytest.mark.parametrize("field", ["title", "source"])
def test_header_texts_are_one_line(written, field):
    assert f"{field}: " in complaint(written(lambda raw: raw.update({field: "x\n`include y"})))


def test_notes_are_one_line(written):
    message = complaint(written(lambda raw: raw["parameters"]["g0"].update(note="x\nmodule y")))
    assert "parameters.g0.note" in message


def test_an_inverted_window(written):
    def swap(raw):
        raw["conductance_window"]["g_min_siemens"]["value"] = 5e-5

    assert "needs 0 <= g_min < g_max, found 5e-05 and 4e-05 S" in complaint(written(swap))


@pytest.mark.parametrize(("field", "value"), [("slope", -0.1), ("offset", -0.1), ("unit_siemens", 0.0)])
def test_a_programming_error_is_a_standard_deviation(written, field, value):
    message = complaint(written(lambda raw: raw["programming_error"][field].update(value=value)))
    assert "programming_error: " in message


def test_without_a_window(written):
    card = load_card(written(lambda raw: raw.pop("conductance_window")))
    with pytest.raises(CardError, match=f"card {NAME}: has no conductance_window: add"):
        card.window()


def test_sigma_is_the_papers_line_in_microsiemens():
    g = np.array([[10.0, 20.0], [30.0, 40.0]])
    sigma = load_card(NAME).programming_error.sigma_siemens(g * 1e-6)
    np.testing.assert_allclose(sigma, (0.0161 * g + 0.08264) * 1e-6, rtol=1e-14)


def test_identifier(written):
    assert load_card(NAME).identifier == "au_lixcoo2_pt"
    assert load_card(written(lambda raw: raw.update(name="a.b-c_d1"))).identifier == "a_b_c_d1"


@pytest.mark.parametrize("name", ["MyDevice", "module", "analog", "vsource", "1st"])
def test_names_that_some_language_cannot_take(written, name):
    assert "name" in complaint(written(lambda raw: raw.update(name=name)))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name: &a x\ntitle: *a\n", "aliases"),
        ("name: x\nname: y\n", "'name' stands twice"),
        ("name: !!timestamp foo\n", "not valid YAML"),
        ("name: " + "9" * 5000 + "\n", "not valid YAML"),
    ],
)
def test_yaml_that_hides_mistakes_or_bombs(tmp_path, text, told):
    path = tmp_path / "card.yaml"
    path.write_text(text)
    assert told in complaint(path)


def test_a_boolean_is_no_number(written):
    assert "true or false" in complaint(written(lambda raw: raw["parameters"]["v_t"].update(value=True)))


def test_the_hash_is_of_the_content(written):
    def slower(raw):
        raw["parameters"]["tau_m"]["value"] *= 1 + 1e-12

    def retold(raw):
        raw["parameters"]["tau_m"]["note"] = "told otherwise"

    shipped = load_card(NAME).hash
    assert load_card(written()).hash == shipped
    assert len(shipped) == 12
    assert len({shipped, load_card(written(slower)).hash, load_card(written(retold)).hash}) == 3


def spread(name, value):
    return lambda raw: raw.update(device_to_device={name: {"value": value, "provenance": "assumed"}})


def test_a_spread_from_device_to_device(written):
    card = load_card(written(spread("g0", 0.02)))
    assert {name: q.value for name, q in card.device_to_device.items()} == {"g0": 0.02}
    assert card.hash != load_card(NAME).hash
    assert load_card(NAME).device_to_device is None


@pytest.mark.parametrize("name", ["x_init", "tau_m", "nope"])
def test_only_instance_parameters_spread_and_no_initial_states(written, name):
    message = complaint(written(spread(name, 0.02)))
    assert f"device_to_device: {name!r} cannot vary" in message
    assert message.endswith("that are no initial states: g0")


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan"), float("inf"), True])
def test_a_spread_is_a_relative_standard_deviation(written, value):
    message = complaint(written(spread("g0", value)))
    assert "device_to_device" in message
    assert "g0" in message
