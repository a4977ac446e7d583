"""What is given wrongly gets one sentence that names it; evidence that cannot be read is told and never passes."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from conformance import catalogue, rows, targets
from conformance.catalogue import gateways
from conformance.contract import ledger

ROOT = Path(__file__).parents[1]
MOONSHOT = (Path(targets.__file__).parent / "moonshot.toml").read_text(encoding="utf-8")
MEMORY = 400 * 1024 * 1024
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + below] * 9)}]\n" for below, name in zip("abcdefgh", "bcdefghi", strict=True)
)
CHAT = '{"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [], "usage": %s}'


class TestTargetFile:
    @pytest.fixture
    def refused(self, cli, folder):
        def run(text: str | bytes) -> str:
            (folder / "mine.toml").write_bytes(text.encode() if isinstance(text, str) else text)
            ended = cli("run", "--target", "mine.toml", "--mode", "reference", "--select", "balance")
            assert ended.code == 2, ended.err
            assert "Traceback" not in ended.err
            assert ended.err.count("\n") == 1
            return ended.err

        return run

    def test_an_unknown_key_is_named(self, refused):
        assert "mine.toml: unknown key 'modle'; known are " in refused(MOONSHOT + 'modle = "kimi-k3"\n')

    def test_an_unknown_key_of_a_waiver_is_named_with_its_clause(self, refused):
        told = refused(MOONSHOT + '[[waiver]]\nclause = "chat.id"\nuntil = 2026-01-01\n')
        assert "mine.toml: waiver chat.id: unknown key 'until'" in told

    @pytest.mark.parametrize("missing", ["reason", "owner", "link", "expires"])
    def test_a_waiver_must_say_why_who_where_and_until_when(self, refused, missing):
        rest = {"clause": '"chat.id"', "reason": '"r"', "owner": '"o"', "link": '"https://l"', "expires": "2026-01-01"}
        waiver = "\n".join(f"{name} = {value}" for name, value in rest.items() if name != missing)
        assert f"waiver chat.id: the key '{missing}' is missing" in refused(f"{MOONSHOT}[[waiver]]\n{waiver}\n")

    @pytest.mark.parametrize(
        "waiver", ["[waiver]\nclause = 'chat.id'\n", "waiver = 'chat.id'\n", "waiver = ['chat.id']\n"]
    )
    def test_waivers_that_are_no_tables_are_refused(self, refused, waiver):
        assert "mine.toml: " in refused(MOONSHOT + waiver)

    @pytest.mark.parametrize(
        ("line", "told"),
        [
            ('base_url = 7', "base_url must be str"),
            ('concurrency = "1"', "concurrency must be int"),
            ("official = 1", "official must be bool"),
            ('endpoints = "models.list"', "endpoints must be an array"),
            ('endpoints = ["models.lst"]', "'models.lst' is not an endpoint of the contract"),
            ('model = { id = "kimi-k3" }', "model must be str"),
            ("timeouts = 3", "timeouts must be Timeouts"),
            ("timeouts = { conect = 3 }", "timeouts: unknown key 'conect'"),
            ('base_url = "ftp://api.moonshot.ai/v1"', "no http(s) address"),
            ('base_url = "http://api.moonshot.ai/v1"', "the key would travel in clear text; use https"),
            ('base_url = "https://sk-secret@api.moonshot.ai/v1"', "an address with a login is refused"),
        ],
    )  # fmt: skip
    def test_a_value_of_the_wrong_kind_is_named(self, refused, line, told):
        name = line.split(" =")[0]
        rest = "\n".join(kept for kept in MOONSHOT.splitlines() if not kept.startswith(f"{name} ="))
        if name == "endpoints":
            before, _, after = MOONSHOT.partition("endpoints = [")
            rest = before + after.partition("]\n")[2]
        assert told in refused(f"{line}\n{rest}\n")

    @pytest.mark.parametrize("missing", ["base_url", "key_variable", "model", "official"])
    def test_a_key_that_must_be_there_is_named(self, refused, missing):
        rest = "\n".join(kept for kept in MOONSHOT.splitlines() if not kept.startswith(f"{missing} ="))
        assert f"mine.toml: the key '{missing}' is missing" in refused(rest)

    @pytest.mark.parametrize("text", ["base_url = ", b"\xff\xfe", b"\0", "a = 1\na = 2\n"])
    def test_what_is_no_toml_is_refused_by_name(self, refused, text):
        assert "mine.toml: " in refused(text)

    def test_a_password_in_an_address_is_not_repeated(self, cli):
        ended = cli("run", "--target", "https://user:secret@api.moonshot.ai/v1", "--mode", "reference")
        assert ended.code == 2
        assert "secret" not in ended.err

    @pytest.mark.parametrize(
        "address", ["http://", "https://:443", "https://host:port/v1", "file:///etc/passwd", "://x"]
    )
    def test_what_is_no_address_is_refused(self, cli, address):
        ended = cli("run", "--target", address, "--mode", "reference")
        assert ended.code == 2
        assert "Traceback" not in ended.err


class TestRowsOfOurOwn:
    @pytest.fixture
    def broken(self, cli, folder, monkeypatch):
        """Put a copy of a file of rows with one thing changed in the place of ours."""

        def run(module, attribute: str, source: Path, caches, old: str, new: str) -> str:
            text = source.read_text(encoding="utf-8")
            assert old in text
            (folder / "rows").mkdir()
            for path in source.parent.glob("*.toml"):
                (folder / "rows" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
            (folder / "rows" / source.name).write_text(text.replace(old, new, 1), encoding="utf-8")
            monkeypatch.setattr(module, attribute, folder / "rows")
            for cached in caches:
                cached.cache_clear()
            try:
                ended = cli("run", "--model", "kimi-k2.6", "--select", "models")
            finally:
                monkeypatch.undo()
                for cached in caches:
                    cached.cache_clear()
            assert ended.code == 2, ended.err
            assert "Traceback" not in ended.err
            return ended.err

        return run

    @pytest.mark.parametrize(
        ("old", "new", "told"),
        [
            ("context =", "contxt =", "models.toml: kimi-k3: unknown key 'contxt'"),
            ('family = "k3"', 'family = "k4"', "models.toml: kimi-k3: unknown family 'k4'"),
            ('id = "kimi-k2.7-code"', 'id = "kimi-k3"', "models.toml: 'kimi-k3' stands twice"),
            ("announced = 2026-07-16", 'announced = "2026-07-16"', "announced must be a date such as 2026-04-20"),
            ("announced = 2026-07-16", "", "the key 'announced' is missing"),
            ("[[model]]", "[[modle]]", "models.toml: unknown key 'modle'"),
        ],
    )
    def test_a_wrong_row_of_the_catalogue_is_named(self, broken, old, new, told):
        caches = (catalogue.models, catalogue.families, gateways.hosts, gateways.ids)
        assert told in broken(catalogue, "_HERE", Path(catalogue.__file__).parent / "models.toml", caches, old, new)


class TestJudged:
    """Each hostile file is one file of several: it is told what is wrong with it, and the others are judged."""

    @pytest.fixture
    def judged(self, cli, folder):
        def run(name: str, content: bytes, *arguments: str) -> list[dict]:
            (folder / "files").mkdir()
            (folder / "files" / name).write_bytes(content)
            (folder / "files" / "zz-good.json").write_bytes((CHAT % '{"prompt_tokens": 1}').encode())
            ended = cli("judge", "files", *arguments, "--json")
            assert "Traceback" not in ended.err
            told = ended.document["verdicts"]
            assert any(verdict["status"] == "fail" for verdict in told if verdict["file"] == "files/zz-good.json")
            return [verdict for verdict in told if verdict["file"] == f"files/{name}"]

        return run

    @pytest.mark.parametrize(
        ("name", "content", "told"),
        [
            ("empty.json", b"", "empty file"),
            ("blank.json", b" \n\t\n", "empty file"),
            ("cut.json", b'{"id": "chatcmpl-1", "choices": [', "not strict JSON"),
            ("binary.json", b"\0\1\2\3" * 100, "binary data, no text"),
            ("zipped.json", b"\x1f\x8b\x08" + b"x" * 50, "compressed with gzip: unpack it first"),
            ("latin.json", '{"id": "ü"}'.encode("latin-1"), "not UTF-8"),
            ("deep.json", b"[" * 100_000 + b"]" * 100_000, "nested deeper than 200"),
            ("nan.json", (CHAT % '{"prompt_tokens": NaN}').encode(), "NaN is not JSON"),
            ("infinite.json", (CHAT % '{"prompt_tokens": Infinity}').encode(), "Infinity is not JSON"),
            ("twice.json", b'{"id": "chatcmpl-1", "id": "chatcmpl-2"}', "member 'id' stands twice in one object"),
            ("digits.json", b'{"id": ' + b"9" * 5000 + b"}", "not strict JSON"),
            ("bom.json", b"\xef\xbb\xbf" + (CHAT % "{}").encode(), "byte order mark"),
            ("other.json", b'{"name": "left-pad"}', "--endpoint says which it is"),
            ("number.json", b"7", "--endpoint says which it is"),
            ("text.txt", b"Hello.", "not evidence"),
            ("torn.yaml", b"interactions:\n- request: {body: ''\n", "not YAML"),
            ("tag.yaml", b"interactions: !!python/object/apply:os.system ['touch hacked']\n", "not YAML"),
            ("bomb.yaml", BOMB.encode(), "aliases is refused"),
            ("deep.yaml", b"[" * 500 + b"]" * 500, "nested deeper than 200"),
            ("none.yaml", b"interactions: []\n", "cassette without interactions"),
            ("half.yaml", b"interactions:\n- request: {method: GET, uri: /v1/models}\n", "response is missing"),
            ("status.yaml", b"interactions:\n- {request: {method: GET, uri: /v1/models}, "
             b"response: {status: {code: x}, headers: {}, body: {string: ''}}}\n", "not an HTTP status"),
            ("empty.har", b'{"log": {"entries": []}}', "HAR without entries"),
            ("odd.har", b'{"log": {"entries": [{}]}}', "request is missing or not a mapping"),
            ("run.ndjson", b'{"kind": "exchange"}\n{"kind": "end"}\n', "not an exchange of a run file"),
        ],
        ids=lambda value: str(value)[:40],
    )  # fmt: skip
    def test_what_cannot_be_read_says_why_and_passes_nothing(self, judged, name, content, told):
        verdicts = judged(name, content)
        assert {verdict["status"] for verdict in verdicts} <= {"could-not-check", "fail"}
        assert any(told in str(verdict["findings"]) for verdict in verdicts)

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("nan.json", (CHAT % '{"prompt_tokens": NaN}').encode()),
            ("twice.json", b'{"id": "chatcmpl-1", "id": "chatcmpl-2"}'),
            ("cut.json", b'{"id": "chatcmpl-1", "choices": ['),
            ("latin.json", '{"id": "ü"}'.encode("latin-1")),
        ],
    )
    def test_an_answer_that_is_no_json_fails_where_it_is_said_to_be_one(self, judged, name, content):
        verdicts = judged(name, content, "--endpoint", "chat.completions")
        told = {verdict["clause"]: verdict["status"] for verdict in verdicts}
        assert told["http.json"] == "fail"
        assert {clause for clause, status in told.items() if status == "pass"} <= {"http.no-redirect"}

    def test_one_broken_line_of_a_batch_does_not_hide_the_others(self, judged):
        line = '{"id": "b", "custom_id": "%s", "response": null, "error": {}}\n'
        verdicts = judged("lines.jsonl", (line % "one" + "{broken\n" + line % "one").encode())
        told = {verdict["clause"]: verdict["status"] for verdict in verdicts}
        assert (told["http.json"], told["batches.output.ids-unique"]) == ("fail", "fail")

    @pytest.mark.skipif(os.name == "nt", reason="such names are not to be had there")
    def test_a_file_whose_name_is_no_text_is_judged_all_the_same(self, cli, folder):
        (folder / "files").mkdir()
        path = os.fsencode(folder / "files") + b"/\xff<b>.json"
        try:
            with open(path, "wb") as file:  # noqa: PTH123 - a path of bytes
                file.write((CHAT % "{}").encode())
        except OSError:
            pytest.skip("this file system takes no such name")
        ended = cli("judge", "files", "--json")
        assert "Traceback" not in ended.err
        assert ended.code == 1

    @pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
    def test_a_file_that_may_not_be_read_is_told(self, cli, folder):
        (folder / "secret.json").write_text("{}")
        (folder / "secret.json").chmod(0)
        assert cli("judge", "secret.json").code == 3

    def test_an_empty_folder_is_named(self, cli, folder):
        (folder / "nothing").mkdir()
        ended = cli("judge", "nothing")
        assert ended.code == 2
        assert "there is no file in nothing" in ended.err


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_AS"), reason="memory cannot be limited here")
class TestMemory:
    """In a process that gets no more memory than it needs."""

    @pytest.fixture
    def judged(self, tmp_path):
        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))

        def run(*arguments: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-m", "conformance.cli", "judge", *arguments],
                cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)}, preexec_fn=limit,
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip

        return run

    @pytest.mark.parametrize("name", ["huge.json", "huge.yaml"])
    def test_a_file_of_a_gigabyte_is_told_and_not_read(self, judged, tmp_path, name):
        with (tmp_path / name).open("wb") as file:
            file.truncate(1 << 30)
        ended = judged(name)
        assert ended.returncode == 3
        assert "binary data, no text" in ended.stderr
        assert "Traceback" not in ended.stderr

    @pytest.mark.parametrize("name", ["huge.json", "huge.sse", "huge.jsonl"])
    def test_a_gigabyte_that_begins_as_an_answer_is_told_too(self, judged, tmp_path, name):
        with (tmp_path / name).open("wb") as file:
            file.write(b'data: {"id": "' if name.endswith(".sse") else b'{"id": "')
            file.write(b"x" * 20_000)
            file.truncate(1 << 30)
        ended = judged(name)
        assert ended.returncode == 3
        assert "larger than" in ended.stderr or "longer than" in ended.stderr
        assert "Traceback" not in ended.stderr

    def test_a_batch_of_many_lines_is_judged_in_little_memory(self, judged, tmp_path):
        line = b'{"id": "b", "custom_id": "%d", "response": null, "error": {"message": "' + b"x" * 6000 + b'"}}\n'
        with (tmp_path / "output.jsonl").open("wb") as file:
            for number in range(20_000):
                file.write(line % number)
        ended = judged("output.jsonl")
        assert ended.returncode == 0, ended.stderr


def test_every_file_of_rows_is_read_by_a_reader_that_refuses_what_it_does_not_know():
    for path in (Path(ledger.__file__).parent / "clauses").glob("*.toml"):
        with pytest.raises(rows.ConfigurationError, match="unknown key"):
            rows.read(ledger.Clause, rows.tables(path, "clause")[0] | {"sorce": "x"}, path.name)
