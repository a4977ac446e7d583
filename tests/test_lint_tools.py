"""``lint-tools`` tells of files of tools: readable at 80 columns, as a document, and by its exit status."""

import io
import json
import sys

import jsonschema
import pytest

from conformance.contract import schemas

GOOD = {"type": "function", "function": {"name": "search", "parameters": {"type": "object", "properties": {}}}}
BAD = {"type": "function", "function": {"name": "1st", "parameters": {"type": "object", "format": "uri"}}}


@pytest.fixture
def write(folder):
    """Write a value, or bytes, to a file and return its name."""

    def call(value: object, name: str = "tools.json") -> str:
        (folder / name).write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return name

    return call


class TestWhatAFileMayHold:
    @pytest.mark.parametrize(
        "value", [[GOOD], {"model": "kimi-k3", "tools": [GOOD]}, GOOD], ids=["list", "chat", "one"]
    )
    def test_legal_tools_exit_with_0(self, cli, write, value):
        ended = cli("lint-tools", write(value))
        assert (ended.code, ended.out) == (0, "1 file, 1 tool, 0 complaints\n")

    @pytest.mark.parametrize(
        ("value", "where"),
        [([GOOD, BAD], "/1"), ({"tools": [GOOD, BAD]}, "/tools/1"), (BAD, "")],
        ids=["list", "chat", "one"],
    )
    def test_a_pointer_starts_at_the_root_of_the_file(self, cli, write, value, where):
        complaints = cli("lint-tools", write(value), "--json").document["files"][0]["complaints"]
        assert [one["where"] for one in complaints] == [
            f"{where}/function/name",
            f"{where}/function/parameters/format",
        ]

    def test_standard_input_is_a_file_too(self, cli, monkeypatch):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps([BAD]).encode())))
        ended = cli("lint-tools", "-")
        assert ended.code == 1
        assert ended.out.startswith("-: /0/function/name\n")


class TestWhatIsNoListOfTools:
    @pytest.mark.parametrize(
        ("value", "words"),
        [
            ([], "the list is empty"),
            ({"tools": []}, "the list is empty"),
            ({"tools": {}}, "holds no tools"),
            ({"model": "kimi-k3"}, "holds no tools"),
            ("tools", "holds no tools"),
            (b"{", "(byte"),
            (b"\xff", "not UTF-8"),
            (b"[" * 100_000, "nested deeper"),
        ],
        ids=str,
    )
    def test_it_exits_with_2_and_a_sentence_that_names_the_file(self, cli, write, value, words):
        ended = cli("lint-tools", write(value), "--json")
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith("Error: tools.json: ")
        assert words in ended.err

    @pytest.mark.parametrize("name", ["missing.json", "."])
    def test_a_file_that_cannot_be_read_exits_with_2(self, cli, name):
        ended = cli("lint-tools", name)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err.startswith(f"Error: {name}: ")

    def test_no_file_at_all_is_wrong_usage(self, cli):
        assert cli("lint-tools").code == 2


class TestWhatIsPrinted:
    def test_the_document_obeys_its_schema(self, cli, write):
        ended = cli("lint-tools", write([GOOD]), write([BAD, "tool"], "bad.json"), "--json")
        validator = jsonschema.Draft202012Validator(
            schemas.documents()["lint"], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )
        validator.validate(ended.document)
        assert ended.code == 1
        assert set(ended.document["files"][1]["complaints"][0]) == set(
            schemas.documents()["lint"]["properties"]["files"]["items"]["properties"]["complaints"]["items"]["required"]
        )
        assert [(file["file"], file["tools"], len(file["complaints"])) for file in ended.document["files"]] == [
            ("tools.json", 1, 0),
            ("bad.json", 2, 3),
        ]

    def test_the_page_fits_80_columns_and_ends_with_the_counts(self, cli, write):
        lines = cli("lint-tools", write([BAD])).out.splitlines()
        assert [line for line in lines if len(line) > 80 and "https://" not in line] == []
        assert lines[-1] == "1 file, 1 tool, 2 complaints"

    def test_a_name_that_a_terminal_would_obey_is_shown_as_an_escape(self, cli, write):
        parameters = {"type": "object", "properties": {"\x1b[2J\ud800": {"format": "uri"}}}
        tools = [{"type": "function", "function": {"name": "search", "parameters": parameters}}]
        out = cli("lint-tools", write(tools)).out
        assert r"/properties/\x1b[2J\ud800/format" in out
        assert cli("lint-tools", write(tools), "--json").code == 1

    def test_the_rules_are_those_of_the_day_that_was_asked_for(self, cli, write):
        name = write([GOOD | {"function": GOOD["function"] | {"name": "a" * 200}}])
        assert cli("lint-tools", name, "--as-of", "2026-08-20").code == 0
        assert cli("lint-tools", name, "--as-of", "2026-09-01").code == 1
        assert cli("lint-tools", name, "--as-of", "2026-09-01", "--json").document["as_of"] == "2026-09-01"
