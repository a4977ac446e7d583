"""``fuzz`` on the command line: what it prints, what it writes, and what it needs."""

import importlib.util
import json
from pathlib import Path

import jsonschema

from conformance import shipped, targets
from conformance.contract import schemas
from conformance.judge import shapes
from conformance.reference import create_app
from conformance.reference.serving import running

REFERENCE = ("fuzz", "--mode", "reference", "--max-requests", 200)


def test_it_prints_one_document_that_obeys_the_schema_of_results(cli):
    ended = cli(*REFERENCE, "--seed", 1, "--json")
    jsonschema.validate(ended.document, schemas.documents()["run"])
    assert ended.document["mode"] == "fuzz"


def test_every_line_of_its_run_file_obeys_the_schema(cli, folder):
    cli(*REFERENCE, "--seed", 1, "--out", "out")
    lines = [json.loads(line) for line in (folder / "out" / "run.ndjson").read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if not shapes.valid("runfile.line", line)] == []


def test_the_seed_is_printed_also_where_it_was_drawn(cli):
    assert "--seed 7: at most 200 requests and 0.05 USD" in cli(*REFERENCE, "--seed", 7).err
    assert "--seed " in cli(*REFERENCE).err


def test_how_long_the_limit_of_a_target_makes_it_is_told_before(cli, folder, key):
    shipped_file = (Path(targets.__file__).parent / "reference.toml").read_text(encoding="utf-8")
    slow = shipped_file.replace("127.0.0.1:8765", "127.0.0.1:9") + "requests_per_minute = 3\n"
    (folder / "slow.toml").write_text(slow, encoding="utf-8")
    told = cli("fuzz", "--target", "slow.toml", "--seed", 7).err
    assert "at most 500 requests and 0.05 USD, 167 minutes at 3 requests a minute" in told


def test_it_writes_the_five_files_of_a_run_and_report_makes_them_again(cli, folder):
    cli(*REFERENCE, "--seed", 1, "--out", "out")
    names = {"run.ndjson", "results.json", "report.html", "junit.xml", "summary.md"}
    assert {path.name for path in (folder / "out").iterdir()} == names
    first = (folder / "out" / "results.json").read_text(encoding="utf-8")
    cli("report", "out/run.ndjson")
    assert (folder / "out" / "results.json").read_text(encoding="utf-8") == first


def test_a_finding_is_shown_with_curl_and_without_the_key(cli, folder, key):
    with running(create_app(fault=["malformed-body-500"])) as url:
        ended = cli("fuzz", "--target", url, "--seed", 1, "--max-requests", 400, "--out", "out")
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    assert ended.code == 1
    assert "FAIL  fuzz.no-server-error" in ended.err
    assert "curl -sS -i -X POST" in page
    assert not [path for path in (folder / "out").iterdir() if key in path.read_text(encoding="utf-8")]


def test_a_dead_host_could_not_be_checked(cli, closed_port, key):
    ended = cli("fuzz", "--target", closed_port, "--max-requests", 50)
    assert ended.code == 3
    assert "no connection" in ended.err


def test_without_schemathesis_it_says_how_to_get_it(cli, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    ended = cli(*REFERENCE)
    assert (ended.code, ended.err) == (2, "Error: fuzz needs schemathesis: pip install 'kimi-conformance[fuzz]'\n")


def test_the_document_travels_with_the_package():
    assert (shipped.folder("schemas") / "openapi.json").is_file()
