"""The key is in nothing that a run leaves behind: no file, no output, no log, however the server shows it."""

import base64
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from urllib.parse import quote

import pytest

from conformance.reference import create_app
from conformance.reference.serving import running

# With characters that a URL escapes, and none of the marks by which a key of the vendor's is known.
CANARY = "canary+Leak/5f8e2d7c1b9a4063~Zq"
ACCOUNT = "org-5f8e2d7c1b9a"
SPELLINGS = {
    "plain": CANARY,
    "reversed": CANARY[::-1],
    "hex": CANARY.encode().hex(),
    "HEX": CANARY.encode().hex().upper(),
    "url": quote(CANARY, safe=""),
    "url, lower case": quote(CANARY, safe="").replace("%2B", "%2b").replace("%2F", "%2f"),
    "json": "".join(f"\\u{ord(letter):04x}" for letter in CANARY),
    "slashes": CANARY.replace("/", "\\/"),
}
WHOLE_BASE64 = {
    f"{encode.__name__}, {before} before": encode(b"x" * before + CANARY.encode()).decode()
    for before in range(3)
    for encode in (base64.b64encode, base64.urlsafe_b64encode)
}
# Its edges belong to what stands around the key.
SCANNED = SPELLINGS | {name: text[4:-4] for name, text in WHOLE_BASE64.items()}


def ran(folder: Path, *arguments: object, key: str | None = CANARY) -> subprocess.CompletedProcess[bytes]:
    """Run the real command line in a process of its own, in a folder; all that it says is kept beside its files."""
    environment = {name: value for name, value in os.environ.items() if name != "MOONSHOT_API_KEY"}
    environment["PYTHONPATH"] = str(Path(__file__).resolve().parent.parent)
    if key is not None:
        environment["MOONSHOT_API_KEY"] = key
    command = [sys.executable, "-m", "conformance.cli", *map(str, arguments)]
    ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=120, check=False)
    (folder / "stdout").write_bytes(ended.stdout)
    (folder / "stderr").write_bytes(ended.stderr)
    return ended


def leaks(folder: Path) -> list[str]:
    """Return where the key stands in a folder, and how it is spelled there."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    assert files
    return [
        f"{path.relative_to(folder)}: {name}"
        for path in files
        for name, spelling in SCANNED.items()
        if spelling.encode() in path.read_bytes() or spelling in str(path)
    ]


def echoing(wire) -> bytes:
    """Return an answer that shows the key and an account in every spelling, in its body and in its headers."""
    shown = {**SPELLINGS, **WHOLE_BASE64, CANARY: "a member", "account": ACCOUNT, "bearer": f"Bearer {CANARY}"}
    text = json.dumps({"error": {"message": " ".join(shown.values()), "type": CANARY}, "object": CANARY, "data": shown})
    body = text.replace("\\\\u", "\\u").replace("\\\\/", "\\/").encode()
    named = ("X-Request-Id", "Msh-Request-Id", "Location", "X-Debug", "Set-Cookie", "Content-Type", "X-Ratelimit-Limit")
    headers = [f"{name}: {CANARY} {quote(CANARY, safe='')}" for name in named]
    return wire.http(429, body, *headers, "Retry-After: 0")


SELECT = ("--select", "models or balance or chat", "--max-cost", "1")
ANSWERS = ("key-echoed", "everything")
MODES = ("live", "record")


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory, wire) -> dict[tuple[str, str], Path]:
    """The folders in which runs in two modes against two servers wrote all that they wrote; two go side by side."""
    folders = {pair: tmp_path_factory.mktemp("-".join(pair)) for pair in product(ANSWERS, MODES)}

    def run(answer: str, mode: str) -> None:
        at = {"key-echoed": kimi, "everything": echo}[answer]
        place = ("--cassettes", "tapes", "--out", "out", "--json")
        ended = ran(folders[answer, mode], "run", "--mode", mode, "--target", f"moonshot={at}", *SELECT, *place)
        assert ended.returncode in (0, 1, 3), ended.stderr.decode()

    with (
        wire.scripted(echoing(wire)) as (echo, asked),
        running(create_app(fault=["key-echoed"], keys=[CANARY])) as kimi,
        ThreadPoolExecutor(2) as pool,
    ):
        list(pool.map(run, *zip(*folders, strict=True)))
    assert any(CANARY.encode() in request for request in asked)
    return folders


def test_the_scan_finds_every_spelling(tmp_path):
    (tmp_path / "a").write_text("\n".join(SCANNED.values()))
    assert len(leaks(tmp_path)) == len(SCANNED)


def test_the_server_that_shows_everything_shows_it(tmp_path, wire):
    (tmp_path / "a").write_bytes(echoing(wire))
    assert {found.partition(": ")[2] for found in leaks(tmp_path)} == set(SCANNED)


@pytest.mark.parametrize(("answer", "mode"), list(product(ANSWERS, MODES)))
class TestARun:
    def test_leaves_the_key_nowhere(self, left_behind, answer, mode):
        assert leaks(left_behind[answer, mode]) == []

    def test_leaves_all_that_is_to_be_scanned(self, left_behind, answer, mode):
        folder = left_behind[answer, mode]
        written = {path.name for path in (folder / "out").iterdir()}
        assert {"run.ndjson", "results.json", "report.html", "junit.xml", "summary.md"} <= written
        assert (folder / "tapes").exists() == (mode == "record")

    def test_says_where_the_key_stood_and_what_its_variable_is_called(self, left_behind, answer, mode):
        kept = (left_behind[answer, mode] / "out" / "run.ndjson").read_text()
        assert "[redacted: the key]" in kept
        assert "$MOONSHOT_API_KEY" in kept

    def test_leaves_the_id_of_the_account_nowhere(self, left_behind, answer, mode):
        files = [path for path in left_behind[answer, mode].rglob("*") if path.is_file()]
        assert [path.name for path in files if ACCOUNT.encode() in path.read_bytes()] == []


def test_what_was_recorded_is_replayed_and_reported_again_without_the_key(left_behind, tmp_path):
    tapes = left_behind["key-echoed", "record"] / "tapes"
    replayed = ran(tmp_path, "run", "--cassettes", tapes, *SELECT, "--out", "again")
    assert replayed.returncode == 0, replayed.stderr.decode()
    assert ran(tmp_path, "report", "again/run.ndjson").returncode == 0
    assert leaks(tmp_path) == []


def test_a_key_that_is_refused_is_not_shown(tmp_path):
    with running(create_app(keys=["sk-another"])) as url:
        ended = ran(tmp_path, "run", "--mode", "live", "--target", f"moonshot={url}", "--out", "out", *SELECT)
    assert ended.returncode == 3
    assert leaks(tmp_path) == []


def test_a_dead_host_does_not_bring_the_key_to_light(tmp_path, closed_port):
    ended = ran(tmp_path, "run", "--mode", "live", "--target", f"moonshot={closed_port}", "--out", "out", *SELECT)
    assert ended.returncode == 3
    assert leaks(tmp_path) == []


@pytest.mark.parametrize("odd", [f"{CANARY}\nX-Injected: 1", f"{CANARY} with a blank", f"{CANARY}\xe9", "short"])
def test_a_key_of_odd_characters_is_refused_without_being_shown(tmp_path, closed_port, odd):
    ended = ran(tmp_path, "run", "--mode", "live", "--target", f"moonshot={closed_port}", key=odd)
    assert ended.returncode == 2
    assert b"MOONSHOT_API_KEY does not hold a key" in ended.stderr
    assert b"short," in ended.stderr
    assert leaks(tmp_path) == []


def test_no_key_is_named_by_its_variable(tmp_path, closed_port):
    ended = ran(tmp_path, "run", "--mode", "live", "--target", f"moonshot={closed_port}", key=None)
    assert ended.returncode == 2
    assert b"set the environment variable MOONSHOT_API_KEY" in ended.stderr


def test_plain_pytest_with_its_logs_shows_no_key(tmp_path, wire):
    with running(create_app(fault=["key-echoed"], keys=[CANARY])) as url:
        environment = os.environ | {
            "MOONSHOT_API_KEY": CANARY,
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        }
        ended = subprocess.run(
            [
                sys.executable, "-m", "pytest", "-p", "conformance.plugin", "--pyargs", "conformance.checks",
                "--target", f"moonshot={url}", "--mode", "live", "--select", "chat.one-word", "--showlocals", "-ra",
                "--log-file=log", "--log-file-level=DEBUG", "--log-level=DEBUG", "--junitxml=junit.xml", "-p",
                "no:cacheprovider", "--disable-plugin-autoload", "--rootdir", str(tmp_path),
            ],
            cwd=tmp_path, env=environment, capture_output=True, timeout=120, check=False,
        )  # fmt: skip
    (tmp_path / "stdout").write_bytes(ended.stdout + ended.stderr)
    assert ended.returncode in (0, 1), ended.stdout.decode() + ended.stderr.decode()
    assert (tmp_path / "log").stat().st_size > 0
    assert leaks(tmp_path) == []
