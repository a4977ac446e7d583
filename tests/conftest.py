"""What the tests share: the command line in this process, whole runs as values, and servers that misbehave."""

import copy
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from conformance import targets
from conformance.checks import all_checks
from conformance.cli import main
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.evidence.runfile import Record
from conformance.judge import verdict
from conformance.runner import hosts, selection
from conformance.runner.session import RunSession
from conformance.runner.settings import settings
from conformance.vocabulary import (
    ABSENT,
    Exchange,
    Headers,
    Mode,
    Request,
    Response,
    Run,
    Target,
    Timeouts,
    Verdict,
)

# A shared machine is slow at times, which says nothing about the code.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("suite")

KEY = "sk-tests-of-the-suite-0123456789"
IMPATIENT = Timeouts(connect=2, first_byte=1, whole=5)
# A server that answers may take its time on a busy machine; only one that never does is waited for so long.
PATIENT = Timeouts(connect=10, first_byte=15, whole=60)


@dataclass(frozen=True)
class Ended:
    """What a command came to: its exit status and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document on standard output, which must be all that is there."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Ran:
    """A run that has ended, with every record of it."""

    records: list[Record]
    session: RunSession

    @property
    def end(self) -> Record:
        return self.records[-1]

    @property
    def exit(self) -> int:
        return self.end["exit"]

    @property
    def verdicts(self) -> list[Record]:
        return [record for record in self.records if record["kind"] == "verdict"]

    @property
    def counts(self) -> dict[str, int]:
        """How many verdicts there are of each status that occurs."""
        return {name: count for name, count in self.end["counts"].items() if count}

    def came_to(self, status: str) -> set[str]:
        """The clauses that came to a status somewhere."""
        return {record["clause"] for record in self.verdicts if record["status"] == status}


@pytest.fixture(scope="session")
def ran() -> Callable[..., Ran]:
    """Run a selection with the options of the command line, lies, and a target that is not waited for long."""

    def run(
        *,
        out: Path | None = None,
        target_with: dict[str, Any] | None = None,
        faults: tuple[str, ...] = (),
        **options: Any,
    ) -> Ran:
        asked = replace(settings(**options), faults=faults)
        changed: Target = replace(asked.target, **{"timeouts": PATIENT, **(target_with or {})})
        session = RunSession(replace(asked, target=changed), out)
        checks = hosts.concerning(selection.select(asked.select, all_checks()), asked.target)
        session.conduct(checks)
        for check in checks:
            session.judge(check)
        session.finish()
        return Ran(session.records, session)

    return run


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """The key of the tests, in the variable that the target moonshot names."""
    monkeypatch.setenv("MOONSHOT_API_KEY", KEY)
    return KEY


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, so that nothing is written beside the sources."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def cli(folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run ``kimi-conformance`` with some arguments, in an empty working directory."""

    def call(*arguments: object) -> Ended:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["kimi-conformance", *map(str, arguments)])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        said = capfd.readouterr()
        return Ended(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def answering() -> Callable[[Callable[[socket.socket], None]], AbstractContextManager[str]]:
    """Accept connections on a free port, each handed to a function in a thread of its own; yields the base URL."""

    @contextmanager
    def serve(reply: Callable[[socket.socket], None]) -> Iterator[str]:
        listening = socket.create_server(("127.0.0.1", 0))
        over = threading.Event()

        def accept() -> None:
            while True:
                connection, _ = listening.accept()
                if over.is_set():
                    connection.close()
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        def answer(connection: socket.socket) -> None:
            with connection:
                try:
                    reply(connection)
                except OSError:
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        finally:
            over.set()
            # A thread that waits in accept() is not woken by close(), so it gets a last connection.
            with suppress(OSError), socket.create_connection(listening.getsockname(), 1):
                thread.join(5)
            listening.close()

    return serve


@pytest.fixture
def closed_port() -> str:
    """The base URL of a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return f"http://127.0.0.1:{listening.getsockname()[1]}/v1"


@dataclass(frozen=True)
class Wire:
    """Servers that answer with given bytes, and a client that asks them and never sleeps."""

    answering: Callable[[Callable[[socket.socket], None]], AbstractContextManager[str]]
    key: str

    def target(self, url: str, **fields: Any) -> Target:
        """Return a target at an address, for which nobody has to wait."""
        plain = Target("t", url, "T_KEY", "kimi-k2.6", official=True, endpoints=frozenset({"models.list"}))
        return replace(plain, **{"timeouts": IMPATIENT, "concurrency": 4, **fields})

    def client(self, target: Target, **options: Any) -> Client:
        """Return a client of a target."""
        return Client(target, Redactor(target.key_variable, self.key), **{"sleep": lambda _: None, **options})

    def said(self, client: Client, path: str = "/models", body: bytes = b"", key: str | None = "") -> Exchange:
        """Return what is said to one request: a GET or, with a body, a POST. The client is closed."""
        method, sent = "POST" if body else "GET", self.key if key == "" else key
        try:
            request = client.request(method, path, body=body, key=sent)
            return client.exchange("s", "1", "models.list", request, refused=False)
        finally:
            client.close()

    def told(self, *answers: bytes, **fields: Any) -> Exchange:
        """Return the exchange with a server that gives these answers."""
        with self.scripted(*answers) as (url, _):
            return self.said(self.client(self.target(url, **fields)))

    @staticmethod
    def http(status: int = 200, body: bytes = b"{}", *headers: str, length: int | None = None) -> bytes:
        """Return the bytes of an answer, after which the connection ends; ``length`` is what it says of its body."""
        told = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body) if length is None else length}", *headers]
        return "\r\n".join([*told, "Connection: close", "", ""]).encode("latin-1") + body

    @contextmanager
    def scripted(self, *answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
        """Answer each request with the next answer, the last one for ever; yield the base URL and what was asked."""
        requests: list[bytes] = []
        lock = threading.Lock()

        def reply(connection: socket.socket) -> None:
            request = self.request_on(connection)
            with lock:
                requests.append(request)
                answer = answers[min(len(requests), len(answers)) - 1]
            connection.sendall(answer)

        with self.answering(reply) as url:
            yield url, requests

    @staticmethod
    def request_on(connection: socket.socket) -> bytes:
        """Read one request, its body included, and return its bytes."""
        connection.settimeout(5)
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return data
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        while len(body) < length:
            body += connection.recv(65536)
        return head + b"\r\n\r\n" + body


@pytest.fixture(scope="session")
def wire(answering: Callable[..., AbstractContextManager[str]]) -> Wire:
    """Servers that answer with given bytes, and a client that asks them."""
    return Wire(answering, KEY)


# Where the rows of CASES have the changes with which an answer holds, breaks its clause, and tells nothing of it.
COLUMNS = {"holding": 2, "breaking": 3, "telling_nothing": 4}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that takes one of ``COLUMNS`` each row of its module's CASES: clause, what is asked, changes."""
    for name in COLUMNS.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, [(row[0], row[1], row[COLUMNS[name]]) for row in metafunc.module.CASES])


NOON = datetime(2026, 9, 3, 12, tzinfo=UTC)
JSON_ANSWER = (("content-type", "application/json"),)


@pytest.fixture(scope="session")
def said() -> Callable[..., Exchange]:
    """Make an exchange by hand: what was answered, as JSON or as it is, to what was asked; or why nothing was."""

    def make(
        endpoint: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        asked: object = None,
        status: int = 200,
        headers: Headers = JSON_ANSWER,
        **more: Any,
    ) -> Exchange:
        sent = b"" if asked is None else json.dumps(asked).encode()
        content = json.dumps(body).encode() if raw is None else raw
        known = {"scenario": "s", "step": "1", "made_at": NOON} | more
        request = Request("POST" if sent else "GET", "https://api.moonshot.ai/v1", (), sent)
        answer = None if "failure" in more else Response(status, headers, content)
        return Exchange(endpoint=endpoint, request=request, response=answer, **known)

    return make


@pytest.fixture(scope="session")
def verdict_of() -> Callable[..., Verdict]:
    """Judge hand-made exchanges by the check of a clause, as a run would."""

    def judge(
        clause: str,
        *exchanges: Exchange,
        scenario: str | None = None,
        others: dict[str, tuple[Exchange, ...]] | None = None,
        **known: Any,
    ) -> Verdict:
        found = [check for check in all_checks() if check.clause.id == clause and scenario in (None, check.scenario)]
        options = {"target": targets.load("moonshot"), "model": "kimi-k2.6", "mode": Mode.LIVE, "started": NOON} | known
        said = {found[0].scenario: exchanges, **(others or {})}
        return verdict.reach(found[0], exchanges, Run("tests", conversations=said, **options))

    return judge


@pytest.fixture(scope="session")
def changed() -> Callable[[Any, dict[str, Any]], Any]:
    """Change a JSON value at some pointers; ABSENT takes a member away."""

    def change(value: Any, changes: dict[str, Any]) -> Any:
        whole = copy.deepcopy(value)
        for pointer, new in changes.items():
            if not pointer:
                whole = copy.deepcopy(new)
                continue
            *above, last = [int(token) if token.isdigit() else token for token in pointer.split("/")[1:]]
            place = whole
            for token in above:
                place = place[token]
            if new is ABSENT:
                del place[last]
            else:
                place[last] = copy.deepcopy(new)
        return whole

    return change
