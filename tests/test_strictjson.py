"""JSON as RFC 8259 has it, and nothing that only a lenient reader can read."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.strictjson import DEPTH_LIMIT, NotStrictJSON, canonical, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
CHARACTERS = st.text(alphabet='{}[]":,\\u0019eE+-. \t\n\x00tfn\ud800é')


def why(text: bytes | str) -> NotStrictJSON:
    with pytest.raises(NotStrictJSON) as raised:
        loads(text)
    return raised.value


@given(VALUES)
def test_a_value_written_is_the_value_read(value):
    assert loads(canonical(value)) == value
    assert loads(json.dumps(value).encode()) == value


@given(VALUES)
def test_the_canonical_text_of_a_canonical_text_is_itself(value):
    assert canonical(loads(canonical(value))) == canonical(value)


@given(st.binary() | st.text() | CHARACTERS)
def test_whatever_is_read_is_a_value_or_no_strict_json(text):
    try:
        value = loads(text)
    except NotStrictJSON:
        return
    assert canonical(loads(canonical(value))) == canonical(value)


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_members_and_blanks_do_not_change_the_canonical_text(value):
    turned = json.dumps(dict(reversed(value.items())), indent=3)
    assert canonical(loads(turned)) == canonical(value)


@pytest.mark.parametrize(
    "text", ["1", "1.0", "true", '"1"', "null", "0", "false", '""', "[]", "{}", "[1]", '{"a":1}', '{"a":null}', "-1"]
)
def test_values_that_differ_have_canonical_texts_that_differ(text):
    others = {"1", "1.0", "true", '"1"', "null", "0", "false", '""', "[]", "{}", "[1]", '{"a":1}', '{"a":null}', "-1"}
    assert [other for other in others if canonical(loads(other)) == canonical(loads(text))] == [text]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", '{"a":NaN}', "[1,Infinity]"])
def test_what_is_no_number_is_refused(text):
    assert "is not JSON" in str(why(text))


@pytest.mark.parametrize("text", ["1e999", "-1e999", '{"a":[1e400]}'])
def test_a_number_that_no_double_holds_is_refused(text):
    assert "1e" in str(why(text))


@pytest.mark.parametrize("text", ['{"a":1,"a":1}', '{"b":{"a":1,"c":2,"a":3}}', '[{"a":1,"\\u0061":2}]'])
def test_a_member_that_stands_twice_is_refused_by_name(text):
    assert "'a' stands twice" in str(why(text))


@pytest.mark.parametrize("text", ["", " ", "\n\t\r ", b"", b"  "])
def test_nothing_is_no_json(text):
    assert str(why(text)) == "empty"


@pytest.mark.parametrize(
    "text",
    [
        "{'a':1}",
        "[1,]",
        '{"a":1,}',
        "01",
        "+1",
        ".5",
        "1.",
        "0x1",
        "1_000",
        "// a\n1",
        "True",
        "None",
        '"\t"',
        '"\\x"',
        '"a\nb"',
        "1 2",
        "{}{}",
        "[",
        '{"a"',
        '"',
        "\ufeff{}",
        "\u00a01",
        "١",
        '"\\ud8"',
        "undefined",
    ],
)
def test_what_only_a_lenient_reader_reads_is_refused(text):
    why(text)


def test_a_number_of_too_many_digits_is_refused():
    why("1" * 5000)


def test_bytes_that_are_no_utf_8_are_refused_with_their_place():
    assert why(b'{"a":"\xff"}').where == "byte 6"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_no_other_encoding_is_read(encoding):
    why('{"a":1}'.encode(encoding))


def test_the_place_of_an_error_is_told_in_bytes():
    assert why('{"é":1,}'.encode()).where in ("byte 7", "byte 8")


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_bounded(opened, closed):
    assert loads(opened * DEPTH_LIMIT + "1" + closed * DEPTH_LIMIT) is not None
    too_deep = opened * (DEPTH_LIMIT + 1) + "1" + closed * (DEPTH_LIMIT + 1)
    assert str(DEPTH_LIMIT) in str(why(too_deep))


@pytest.mark.parametrize("depth", [10_000, 1_000_000])
def test_no_depth_overflows_the_stack(depth):
    why("[" * depth)
    why("[" * depth + "]" * depth)


def test_brackets_in_a_text_are_no_depth():
    assert loads(json.dumps("[" * 1000)) == "[" * 1000


def test_half_of_a_character_may_be_escaped():
    assert loads('"\\ud800"') == "\ud800"
