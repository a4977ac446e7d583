"""Cassettes through vcrpy, as values: nothing is patched, so nothing is buffered, shared or global.

The only importer of vcr. A cassette is written from finished exchanges, which are redacted already, and answered from
by an httpx transport. It says who answered when; the answers of one request are played in the order of their recording.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from conformance import strictjson
from conformance.evidence import arrivals
from conformance.evidence.client import NoRecording
from conformance.evidence.recorded.cassettes import refuse_growth
from conformance.vocabulary import Exchange, Piece, Request, Response

SIZE_LIMIT = 64 * 1024 * 1024


def path_of(folder: Path, scenario: str) -> Path:
    """Return where a scenario's cassette lies: ``models.list`` in ``models/list.yaml``."""
    endpoint, _, name = scenario.partition(".")
    return folder / endpoint / f"{name}.yaml"


def write(path: Path, exchanges: Sequence[Exchange], metadata: Mapping[str, str]) -> None:
    """Write a scenario's exchanges, every attempt that was answered included; an older file is replaced at once."""
    from vcr import serialize
    from vcr.serializers import yamlserializer

    said = [
        (exchange, answer)
        for exchange in exchanges
        for answer in (*(attempt.response for attempt in exchange.attempts), exchange.response)
        if answer is not None
    ]
    text = serialize.serialize(
        {
            "requests": [_asked(exchange.request) for exchange, _ in said],
            "responses": [_recorded(answer, exchange) for exchange, answer in said],
            "metadata": dict(metadata),
        },
        yamlserializer,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".yaml.new")
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)  # noqa: PTH105 - atomic, and Path.replace would be the same call


def _asked(asked: Request) -> Any:  # noqa: ANN401 - vcrpy has no types
    from vcr.request import Request as Recorded

    return Recorded(asked.method, asked.url, asked.body, dict(asked.headers))


def _recorded(answer: Response, exchange: Exchange) -> dict[str, Any]:
    # A body is kept decompressed, so a player of the cassette must not decompress it.
    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        if name != "content-encoding":
            headers.setdefault(name, []).append(value)
    return {
        "status": {"code": answer.status, "message": ""},
        "headers": headers,
        "body": {"string": answer.body},
        "recorded_at": exchange.made_at.isoformat() if exchange.made_at else None,
        "cut": answer.cut,
        "refused": exchange.refused,
    } | ({"x-chunks": arrivals.pairs(answer.pieces)} if answer.pieces else {})


class Cassette(httpx.BaseTransport):
    """An httpx transport that answers from one cassette file, and only from it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tape: Any = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with the next recording of the same request; raises NoRecording, naming the nearest one."""
        from vcr.errors import UnhandledHTTPRequestError
        from vcr.request import Request as Recorded

        asked = Recorded(request.method, str(request.url), request.read(), dict(request.headers))
        tape = self._load()
        try:
            played = tape.play_response(asked)
        except UnhandledHTTPRequestError:
            raise NoRecording(self._nearest(tape, asked)) from None
        made_at = _moment(self.metadata, played)
        return httpx.Response(
            played["status"]["code"],
            # As bytes, which may be any: a text is taken for ASCII.
            headers=[(name.encode(), value.encode()) for name, values in played["headers"].items() for value in values],
            stream=httpx.ByteStream(played["body"]["string"]),
            extensions={"pieces": _pieces(played)} | ({"recorded_at": made_at} if made_at else {}),
        )

    @property
    def metadata(self) -> dict[str, str]:
        """What the cassette says of itself: who answered, when, and for which model; raises NoRecording."""
        return {str(name): str(value) for name, value in self._load()._metadata.items()}

    @property
    def day(self) -> date | None:
        """The day that it was recorded on, or that its server was set to; None where it tells none that is one."""
        with suppress(NoRecording, ValueError):
            metadata = self.metadata
            return date.fromisoformat(metadata.get("as_of") or metadata.get("recorded_on", ""))
        return None

    def bears(self, header: str) -> bool:
        """Tell whether an answer of the cassette bears a header; raises NoRecording."""
        return any(header in map(str.lower, answer["headers"]) for answer in self._load().responses)

    def unplayed(self) -> list[str]:
        """Return the recorded requests that nothing asked for."""
        tape = self._tape
        if tape is None:
            return []
        return [
            f"{asked.method} {asked.uri}" for number, asked in enumerate(tape.requests) if not tape.play_counts[number]
        ]

    def _load(self) -> Any:  # noqa: ANN401 - vcrpy has no types
        if self._tape is None:
            self._tape = _read(self.path)
        return self._tape

    def _nearest(self, tape: Any, asked: Any) -> str:  # noqa: ANN401 - vcrpy has no types
        wanted = f"{asked.method} {asked.uri}"
        same = [recorded for recorded in tape.requests if _matches(asked, recorded)]
        if same:
            return f"{self.path}: {wanted} was recorded {len(same)} time(s), and every recording is already played"
        best = tape.find_requests_with_most_matches(asked)
        if not best:
            return f"{self.path}: no recording is like {wanted}"
        nearest, _, differences = best[0]
        why = "; ".join(f"{name.removesuffix('_matches')}: {text}".strip() for name, text in differences)
        near = f"{nearest.method} {nearest.uri}"
        return f"{self.path}: no recording of {wanted}; the nearest is {near}, which differs in {why}"


def _pieces(played: Mapping[str, Any]) -> tuple[Piece, ...]:
    """Return the pieces that a stream arrived in when it was recorded; raises NoRecording where they are none."""
    if "x-chunks" not in played:
        return ()
    try:
        return arrivals.pieces(played["x-chunks"], len(played["body"]["string"]))
    except ValueError as error:
        raise NoRecording(f"the x-chunks of a recording are damaged: {error}") from None


def _moment(metadata: Mapping[str, str], played: Mapping[str, Any]) -> datetime | None:
    """Return when an answer was made: the day that its server was set to, where the recording says that it was."""
    text = f"{metadata['as_of']}T12:00:00+00:00" if "as_of" in metadata else played.get("recorded_at")
    try:
        moment = datetime.fromisoformat(text) if text else None
    except (TypeError, ValueError):
        raise NoRecording(f"a recording has {str(text)[:100]!r} in place of a moment") from None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment


def _read(path: Path) -> Any:  # noqa: ANN401 - vcrpy has no types
    import vcr.cassette
    from vcr.record_mode import RecordMode

    if not path.is_file():
        raise NoRecording(f"there is no recording {path}; --mode record makes it")
    if path.stat().st_size > SIZE_LIMIT:
        raise NoRecording(f"{path} is larger than {SIZE_LIMIT} bytes")
    try:
        refuse_growth(path.read_bytes())
        tape = vcr.cassette.Cassette.load(path=str(path), match_on=_matchers(), record_mode=RecordMode.NONE)
        if not all(map(_playable, tape.requests, tape.responses)) or not _is_table(tape._metadata, object):
            raise TypeError("a recording lacks something, or holds a value of a wrong type")
    except Exception as error:  # noqa: BLE001 - a damaged file raises anything, from yaml, from vcr, from us
        why = " ".join(f"{type(error).__name__}: {error}".split())[:300]
        raise NoRecording(f"{path} cannot be read as a cassette: {why}") from None
    if not tape.requests:
        raise NoRecording(f"{path} cannot be read as a cassette: it holds no recording")
    return tape


def _playable(asked: Any, answer: Any) -> bool:  # noqa: ANN401 - vcrpy has no types
    code, answered = answer["status"]["code"], answer["headers"]
    return (
        isinstance(asked.method, str)
        and isinstance(asked.host, str)
        and isinstance(asked.body, bytes | None)
        and type(code) is int
        and 100 <= code <= 599
        and _is_table(answered, list)
        and all(isinstance(value, str) for values in answered.values() for value in values)
        and isinstance(answer["body"]["string"], bytes)
    )


def _is_table(value: object, kind: type) -> bool:
    return isinstance(value, dict) and all(isinstance(k, str) and isinstance(v, kind) for k, v in value.items())


@cache
def _matchers() -> tuple[Any, ...]:
    from vcr import matchers

    return (matchers.method, matchers.host, matchers.path, matchers.query, body)


def body(asked: Any, recorded: Any) -> None:  # noqa: ANN401 - vcrpy's own matcher, which has no types
    """Raise AssertionError where two bodies differ: as canonical JSON, in which 1 and true differ, or as bytes."""
    first, second = _comparable(asked.body), _comparable(recorded.body)
    if first != second:
        raise AssertionError(f"asked {first[:300]}, recorded {second[:300]}")


def _comparable(content: bytes | None) -> str:
    try:
        return strictjson.canonical(strictjson.loads(content or b""))
    except strictjson.NotStrictJSON:
        return repr(content or b"")


def _matches(asked: Any, recorded: Any) -> bool:  # noqa: ANN401 - vcrpy has no types
    from vcr.matchers import requests_match

    return bool(requests_match(asked, recorded, _matchers()))
