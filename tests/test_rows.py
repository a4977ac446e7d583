"""Rows of data are read strictly: what is not understood is refused by name."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.rows import ConfigurationError, document_of, read, tables, unique
from conformance.vocabulary import Level


@dataclass(frozen=True)
class Inner:
    amount: float


@dataclass(frozen=True)
class Row:
    id: str
    level: Level = Level.MAY
    number: int = 0
    share: float = 0.0
    flag: bool = False
    day: date | None = None
    names: tuple[str, ...] = ()
    tags: frozenset[str] = frozenset()
    inner: Inner | None = None


def refused(**table) -> str:
    with pytest.raises(ConfigurationError) as raised:
        read(Row, table, "file.toml: x")
    assert str(raised.value).startswith("file.toml: x")
    return str(raised.value)


def written(folder, text: str):
    path = folder / "rows.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_becomes_a_frozen_value():
    table = {"id": "a", "level": "MUST", "share": 1, "day": date(2026, 4, 20), "names": ["x"], "tags": ["y", "y"]}
    row = read(Row, table | {"inner": {"amount": 2}}, "x")
    assert row == Row("a", Level.MUST, 0, 1.0, False, date(2026, 4, 20), ("x",), frozenset({"y"}), Inner(2.0))
    assert type(row.share) is float


def test_an_unknown_key_is_named_with_those_that_are_known():
    assert "unknown key 'levle'" in refused(id="a", levle="MUST")
    assert "level" in refused(id="a", levle="MUST")


def test_an_unknown_key_of_an_inner_table_is_named():
    assert "inner: unknown key 'b'" in refused(id="a", inner={"amount": 1, "b": 2})


def test_a_missing_key_is_named():
    assert "the key 'id' is missing" in refused()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", 1),
        ("number", "1"),
        ("number", 1.0),
        ("number", True),
        ("share", "1"),
        ("share", True),
        ("flag", 1),
        ("flag", "true"),
        ("day", "2026-04-20"),
        ("names", "x"),
        ("names", [1]),
        ("tags", {"x": 1}),
        ("inner", 1),
        ("inner", []),
    ],
)
def test_a_value_of_a_wrong_type_is_named_with_its_key(key, value):
    said = refused(**{"id": "a", key: value})
    assert key in said
    assert repr(value) in said or repr(value[0]) in said


def test_a_word_that_is_none_of_the_allowed_is_named_with_those_that_are():
    assert refused(id="a", level="must").endswith("level must be one of MUST, SHOULD, MAY, not 'must'")


@given(st.dictionaries(st.sampled_from([*Row.__dataclass_fields__, "other"]), st.recursive(
    st.text() | st.integers() | st.booleans() | st.floats() | st.dates() | st.datetimes(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2), max_leaves=4,
)))  # fmt: skip
def test_any_table_is_a_row_or_a_configuration_error(table):
    with suppress(ConfigurationError):
        assert isinstance(read(Row, table, "x"), Row)


def test_two_rows_of_one_name_are_refused():
    with pytest.raises(ConfigurationError, match="f: 'a' stands twice"):
        unique([Row("a"), Row("b"), Row("a")], "id", "f")


def test_rows_keep_their_order():
    assert list(unique([Row("b"), Row("a")], "id", "f")) == ["b", "a"]


def test_the_tables_of_a_file_are_read(tmp_path):
    assert tables(written(tmp_path, '[[row]]\nid = "a"\n[[row]]\nid = "b"\n'), "row") == [{"id": "a"}, {"id": "b"}]


def test_a_file_without_tables_holds_none(tmp_path):
    assert tables(written(tmp_path, "# nothing\n"), "row") == []


def test_anything_beside_the_tables_is_refused_by_name(tmp_path):
    with pytest.raises(ConfigurationError, match="unknown key 'rows'"):
        tables(written(tmp_path, "[[rows]]\na = 1\n"), "row")


@pytest.mark.parametrize("text", ["row = 5", "[row]\nid = 'a'", "row = ['a']", "row = 'ab'"])
def test_what_is_no_list_of_tables_is_refused(tmp_path, text):
    with pytest.raises(ConfigurationError, match=r"rows\.toml.*row"):
        tables(written(tmp_path, text), "row")


@pytest.mark.parametrize("content", [b"a = ", b"a = 1\na = 2", b"\xff", b'a = "\x00"'])
def test_a_file_that_is_no_toml_is_named(tmp_path, content):
    (tmp_path / "broken.toml").write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"broken\.toml"):
        document_of(tmp_path / "broken.toml")


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match=r"none\.toml"):
        document_of(tmp_path / "none.toml")
