"""The nouns of this project, each one frozen type, used with exactly this meaning everywhere.

Standard library only and no input or output: everything else may import this module, and it imports nothing of ours
but the JSON reader.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property
from typing import Any, TypeVar

from conformance import strictjson

Value = TypeVar("Value")


class Level(StrEnum):
    """How much a clause weighs: a broken MUST fails, a broken SHOULD warns, a broken MAY is reported."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Kind(StrEnum):
    """Who says it: the vendor, the reference the vendor claims compatibility with, or only real traffic."""

    DOCUMENTED = "documented"
    INHERITED = "inherited"
    OBSERVED = "observed"


class Status(StrEnum):
    """What became of a check."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    WARN = "warn"
    WAIVED = "waived"
    COULD_NOT_CHECK = "could-not-check"
    NOT_APPLICABLE = "not-applicable"
    ERROR = "error"


class Mode(StrEnum):
    """Where the innermost transport gets its answers from."""

    REPLAY = "replay"
    REFERENCE = "reference"
    LIVE = "live"
    RECORD = "record"


class Account(StrEnum):
    """What kind of account a key belongs to: one that money was paid into sees and may ask more models."""

    UNFUNDED = "unfunded"
    TOPPED_UP = "topped-up"


@dataclass(frozen=True, slots=True)
class Clause:
    """What must hold: one sentence with its weight and the page that says so.

    Where a model keeps a clause only mostly, ``samples`` is how often it is asked at the most, and ``at_least`` the
    share of them in which the clause must hold.
    """

    id: str
    sentence: str
    level: Level
    kind: Kind
    source: str
    read: date
    endpoint: str
    tags: frozenset[str] = frozenset()
    excluded: str | None = None
    samples: int = 0
    at_least: float = 0.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One operation of the API: ``POST /chat/completions`` with the schemas of its request and its answer.

    ``lines`` tells that the answer is one JSON value a line, ``events`` that it is a stream of server-sent events;
    without ``answer`` it is no JSON. ``host`` is the gateway whose own it is, empty where it is the API's.
    """

    name: str
    method: str
    path: str
    success: tuple[int, ...]
    source: str
    answer: str | None = None
    request: str | None = None
    lines: bool = False
    events: bool = False
    host: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """How the contract says that a wrong request is turned down: status, envelope, types, and the thing named.

    ``pattern`` is a regular expression for the whole message, where real traffic shows one family of messages.
    """

    id: str
    status: tuple[int, ...]
    envelopes: tuple[str, ...]
    types: tuple[str, ...]
    names: str | None = None
    pattern: str | None = None


@dataclass(frozen=True, slots=True)
class Waiver:
    """What is known to be false of a target, by whom it is owned, and until when that is accepted."""

    clause: str
    reason: str
    owner: str
    link: str
    expires: date


@dataclass(frozen=True, slots=True)
class ChangeWaiver:
    """A change that is known and accepted of a target: by whom it is owned, and until when.

    ``change`` is its kind; ``where`` may be a pattern such as ``/200/*``. Without ``model`` it is of any.
    """

    change: str
    endpoint: str
    reason: str
    owner: str
    link: str
    expires: date
    where: str = "*"
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Unpromised:
    """Clauses that a target does not promise, unlike the vendor: why, and the page that says what it promises.

    With ``besides`` they are promised but for these values, which are legal there as well.
    """

    clauses: frozenset[str]
    reason: str
    source: str
    read: date
    besides: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds to wait: for a connection, for the first byte of an answer, for the whole of it."""

    connect: float = 10.0
    first_byte: float = 60.0
    whole: float = 300.0


@dataclass(frozen=True, slots=True)
class Target:
    """Whom we ask: a base URL, the *name* of the variable that holds its key, and what is known of it.

    ``recordings_days`` is how old a recording may be that is replayed; None lets them be of any age. ``base_url`` is
    empty where a profile describes no host of its own: it is asked as ``NAME=URL``. ``smallest`` holds the members of
    the cheapest legal chat request where it is not that of the catalogue, ``think`` those that ask for thinking.
    ``spelling`` tells which members of a chat request, and of a function in it, have another name here; an empty one
    says that they must not be sent. ``account`` is None where it is not known what kind of account the key belongs to,
    unless a balance tells. ``open`` are the endpoints that may answer without a key, and tell nothing of one.
    """

    name: str
    base_url: str
    key_variable: str
    model: str
    official: bool
    endpoints: frozenset[str]
    must_list: frozenset[str] = frozenset()
    concurrency: int = 1
    requests_per_minute: int | None = None
    body_limit: int = 8 * 1024 * 1024
    retry_after_limit: float = 30.0
    seconds_between_looks: float = 15.0
    recordings_days: int | None = None
    account: Account | None = None
    timeouts: Timeouts = Timeouts()
    waivers: tuple[Waiver, ...] = ()
    change_waivers: tuple[ChangeWaiver, ...] = ()
    unpromised: tuple[Unpromised, ...] = ()
    smallest: dict[str, Any] = field(default_factory=dict)
    think: dict[str, Any] = field(default_factory=dict)
    open: frozenset[str] = frozenset()
    spelling: dict[str, str] = field(default_factory=dict)
    provenance_url: str = ""

    @property
    def canonical_url(self) -> str:
        """The address that recordings bear: the target's own, also when it was reached at another."""
        return self.provenance_url or self.base_url


@dataclass(frozen=True, slots=True)
class Price:
    """Price for a million tokens."""

    currency: str
    cache_hit: float
    input: float
    output: float


@dataclass(frozen=True, slots=True)
class Announcement:
    """What was announced of one model, with the days it came and went and the pages that say so."""

    id: str
    family: str
    announced: date
    modalities: frozenset[str]
    sources: tuple[str, ...]
    read: date
    retired: date | None = None
    context: int | None = None
    max_output: int | None = None
    price: Price | None = None

    def available(self, day: date) -> bool:
        """Tell whether the model was to be had all through ``day``."""
        return self.announced <= day and (self.retired is None or day <= self.retired)


@dataclass(frozen=True, slots=True)
class Spending:
    """The most that a scenario may cost: paid requests, and the tokens of all of them together."""

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Scenario:
    """How we ask: a plain function from an ``Api`` to the exchanges that it makes.

    ``calls`` names every endpoint that it asks for an answer. ``refusal`` names the refusal that it provokes, and
    ``control`` the scenario whose success shows that the refusal was for the reason given; it is asked along.
    ``spends`` is the most that it may cost. ``shows`` names the clauses, by the beginning of their ids, that the
    scenario exists for: where its answers have nothing that they speak of, they could not be checked. ``needs`` names
    the features that the model must have, from the catalogue. ``follows`` tells that it goes on from what its control
    was answered, and is asked when everything else is done.
    """

    name: str
    ask: Callable[[Any], None]
    calls: tuple[str, ...]
    spends: Spending = Spending()
    refusal: str | None = None
    control: str | None = None
    shows: str | None = None
    needs: tuple[str, ...] = ()
    follows: bool = False


Headers = tuple[tuple[str, str], ...]


def header(headers: Headers, name: str) -> str | None:
    """Return the first value of a header, whatever the case of its name; None where there is none."""
    return next((value for key, value in headers if key.lower() == name.lower()), None)


@dataclass(frozen=True, slots=True)
class Request:
    """What was sent, with the key already replaced by the name of its variable."""

    method: str
    url: str
    headers: Headers = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a body as it arrived: seconds since the request was sent, and how many bytes it had."""

    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; ``cut`` tells that the body went on past the limit and was not read further.

    ``pieces`` are those that the body of a stream arrived in; none where that is not known.
    """

    status: int
    headers: Headers = ()
    body: bytes = b""
    cut: bool = False
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """An earlier try of the same request, and why it was made again: ``failure``, or the answer that asked for it."""

    failure: str | None
    response: Response | None
    waited: float


@dataclass(frozen=True)
class Exchange:
    """What was said, once: a request and its answer, or the reason why there is none.

    ``scenario`` and ``step`` place it; ``refused`` says that the request was made to be refused; ``made_at`` is None
    where recorded evidence does not say when it was made.
    """

    scenario: str
    step: str
    endpoint: str
    request: Request
    response: Response | None
    made_at: datetime | None
    seconds: float = 0.0
    refused: bool = False
    failure: str | None = None
    attempts: tuple[Attempt, ...] = ()
    file: str | None = None

    @cached_property
    def json(self) -> Any:  # noqa: ANN401 - JSON is any value
        """The answer's body as strict JSON; raises CouldNotCheck where it is none."""
        if self.response is None:
            raise CouldNotCheck(Finding("", "an answer", self.failure or "none"))
        try:
            return strictjson.loads(self.response.body)
        except strictjson.NotStrictJSON as error:
            raise CouldNotCheck(Finding(error.where, "strict JSON (RFC 8259)", str(error))) from None

    @cached_property
    def asked(self) -> Any:  # noqa: ANN401 - JSON is any value
        """The request's body as JSON; raises CouldNotCheck where it is none."""
        try:
            return strictjson.loads(self.request.body)
        except strictjson.NotStrictJSON as error:
            raise CouldNotCheck(Finding("request", "a JSON request", str(error))) from None

    def at(self, pointer: str, kind: type[Value]) -> Value:
        """Return the member of the answer at a JSON pointer; raises CouldNotCheck where no such value stands.

        A check that reads a member which is missing or of another type has not looked at anything: that the member
        must be there is the schema's business, and is reported by it.
        """
        return member(self.json, pointer, kind)

    def header(self, name: str) -> str | None:
        """Return a header of the answer, or None."""
        return header(self.response.headers, name) if self.response else None


class Absent:
    """The type of ABSENT, which stands for a member that is not there; null is something else."""


ABSENT = Absent()


def find(document: object, pointer: str) -> Any:  # noqa: ANN401 - JSON is any value
    """Return what stands at a JSON pointer (RFC 6901), or ABSENT."""
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isascii() and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return ABSENT
    return document


def member(document: object, pointer: str, kind: type[Value]) -> Value:
    """Return the value of type ``kind`` at a JSON pointer; raises CouldNotCheck where none stands there.

    As in JSON, a boolean is no number, 1.0 is an integer, and an integer is also a ``float``.
    """
    value = find(document, pointer)
    if isinstance(value, int | float) and not isinstance(value, bool) and kind in (int, float):
        return _number(value, pointer, kind)
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    shown = "nothing there" if value is ABSENT else value
    raise CouldNotCheck(Finding(pointer, f"a value of JSON type {JSON_TYPES[kind]}", shown))


def _number(value: float, pointer: str, kind: type[Value]) -> Value:
    if abs(value) > LARGEST_NUMBER:
        raise CouldNotCheck(Finding(pointer, "a number of at most 64 bits", str(value)[:40]))
    if kind is float or value == int(value):
        return kind(value)  # type: ignore[call-arg]
    raise CouldNotCheck(Finding(pointer, "a whole number", value))


# Larger numbers have no meaning here, and break what adds or prints them.
LARGEST_NUMBER = 2**63
JSON_TYPES: Mapping[type, str] = {
    str: "string", int: "integer", float: "number", bool: "boolean", list: "array", dict: "object",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint: where (a JSON pointer, a byte offset or a header), what was expected, what was there."""

    where: str
    expected: str
    actual: Any


class CouldNotCheck(Exception):
    """Raised when a check had nothing that it could look at; its verdict says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.where or 'answer'}: expected {finding.expected}, got {finding.actual}")
        self.finding = finding


class NotApplicable(Exception):
    """Raised when a clause does not speak of this exchange; the reason is its message."""


Judgement = Callable[[tuple[Exchange, ...], "Run"], Iterator[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """A clause applied to a scenario's exchange: ``judge`` yields the findings.

    ``endpoints`` names those whose exchanges it looks at, where they are not just that of the clause: a clause about a
    batch is also looked at in the list of batches.
    """

    clause: Clause
    scenario: str
    name: str
    judge: Judgement = field(compare=False)
    endpoints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check came to, with its findings and the exchanges that it looked at.

    Where an answer of a gateway breaks a clause, ``odd_one_out`` is who changed it, and ``attribution`` tells why.
    """

    clause: Clause
    scenario: str
    endpoint: str
    status: Status
    findings: tuple[Finding, ...] = ()
    exchanges: tuple[int, ...] = ()
    reason: str = ""
    file: str | None = None
    odd_one_out: OddOneOut | None = None
    attribution: str = ""


class Severity(StrEnum):
    """What a change does to those who rely on what was there: it breaks them, it may, or it does not."""

    BREAKING = "breaking"
    RISKY = "risky"
    HARMLESS = "harmless"


class OddOneOut(StrEnum):
    """Which source stands against the others, where sources disagree; ``ours`` are our schemas and our catalogue."""

    DOCS = "docs-lag"
    SERVICE = "service-lag"
    OURS = "ours-wrong"
    RECORDING = "recording-stale"
    GATEWAY = "gateway-rewrote"


@dataclass(frozen=True, slots=True)
class Change:
    """A difference between what is announced, documented, listed, callable or seen last time.

    ``since`` is the day on which the sources began to disagree, ``as_of`` the day on which they were seen to.
    ``source`` is where the difference was found, ``other_source`` what it was held against. ``odd_one_out`` is None
    where no side is known to be wrong: a document that changed.
    """

    kind: str
    endpoint: str
    where: str
    detail: str
    since: date | None = None
    source: str | None = None
    model: str | None = None
    severity: Severity = Severity.HARMLESS
    odd_one_out: OddOneOut | None = None
    other_source: str | None = None
    as_of: date | None = None

    @property
    def days(self) -> int | None:
        """How many days the sources have disagreed; None where that is not known."""
        return (self.as_of - self.since).days if self.as_of and self.since else None


@dataclass(frozen=True, slots=True)
class Fault:
    """One named lie of the reference server, and the clauses that it must break.

    ``breaks`` may hold patterns such as ``refusals.*.type``: all such clauses that the run looks at. ``effect`` tells
    what a run must come to: a fail, a warning, or nothing that could be checked; ``none`` marks what breaks no clause:
    it looks odd and is legal, or no clause speaks of it. ``models`` are those in whose answers it shows, where that is
    not the target's own model alone; the name of a gateway stands for what it answers. ``days`` are earlier ones on
    which it breaks more, and ``mode`` is that of a run that sees it. ``changes`` names the changes in a model's life
    cycle that ``drift`` must tell of.
    """

    name: str
    sentence: str
    breaks: tuple[str, ...]
    source: str
    effect: str = "fail"
    models: tuple[str, ...] = ()
    days: tuple[date, ...] = ()
    mode: Mode = Mode.REFERENCE
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Run:
    """All of it for one target at one time."""

    suite: str
    target: Target
    mode: Mode
    model: str
    started: datetime
    as_of: date | None = None
    conversations: dict[str, tuple[Exchange, ...]] = field(default_factory=dict)

    def day(self, exchange: Exchange) -> date:
        """The day an exchange is judged by: the one asked for, else the day it was made, else today."""
        return self.as_of or (exchange.made_at or self.started).date()

    def moment(self, exchange: Exchange) -> datetime:
        """When an exchange was made, for checks of clocks: a day that was asked for does not change it."""
        return exchange.made_at or self.started
