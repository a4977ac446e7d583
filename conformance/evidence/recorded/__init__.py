"""Recorded evidence of any origin as exchanges, so that it can be judged without asking anyone.

Formats are told by name and content: a JSON body, an SSE transcript, a cassette of vcrpy or its kin (YAML or JSON),
a HAR file, JSON lines of a batch, and our own run file. What cannot be read or placed is an exchange without an
answer that says why: nothing is ever left out in silence, and nothing is repaired.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from conformance.evidence.recorded import cassettes, har, lines, source
from conformance.evidence.recorded.carry import UNPLACED, UnreadableError, carry, carry_json, unreadable
from conformance.evidence.recorded.places import is_error, place
from conformance.vocabulary import Exchange, Response

__all__ = ["files", "place", "read"]

FIELDS = (b"data:", b"event:", b": ")


def files(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield every file to be read: each path, and for a folder all that lies in it, in sorted order.

    Hidden names inside folders are skipped, and each folder is walked once, whatever links lead to it. Raises
    ConfigurationError, before anything is yielded, for a path that is not there.
    """
    for root in [source.require(path) for path in paths]:
        yield from source.walk(root)


def read(path: Path, endpoint: str | None = None) -> Iterator[Exchange]:
    """Yield what one file has recorded, at least one exchange, and raise nothing.

    ``endpoint`` says what a body or a stream is an answer of; a recorded address and the line format of batches say
    it themselves. Memory is bounded: lines are read one at a time, anything else up to 256 MiB.
    """
    try:
        with source.opened(path) as stream:
            yield from _read(path, stream, endpoint)
    except UnreadableError as error:
        yield unreadable(str(path), "1", str(error))
    except OSError as error:
        yield unreadable(str(path), "1", f"cannot be read: {error.strerror or error}")


def _read(path: Path, stream: IO[bytes], endpoint: str | None) -> Iterator[Exchange]:
    first, suffix, file = source.head(stream).lstrip(), path.suffix.lower(), str(path)
    if suffix in (".yaml", ".yml"):
        raw = source.whole(stream, cassettes.YAML_LIMIT, "")
        return cassettes.read(file, cassettes.documents(raw), endpoint)
    if suffix in (".jsonl", ".ndjson"):
        return lines.read(file, stream, endpoint)
    if suffix == ".sse" or first.startswith(FIELDS):
        return _stream(file, source.whole(stream), endpoint)
    if suffix == ".har":
        return har.read(file, lines.value_of(source.document(stream)), endpoint)
    if suffix == ".json" or first.startswith((b"{", b"[")):
        if lines.is_delimited(stream):
            return lines.read(file, stream, endpoint)
        return _document(file, source.document(stream), endpoint)
    raise UnreadableError("not evidence: neither JSON, JSON lines, an SSE transcript, a cassette nor a HAR file")


def _stream(file: str, raw: bytes, endpoint: str | None) -> Iterator[Exchange]:
    # What answers a refused request for a stream is a JSON body, saved under the name of the stream.
    if len(raw) <= source.LINE_LIMIT and raw.lstrip().startswith(b"{"):
        with suppress(UnreadableError):
            value = lines.value_of(raw)
            if is_error(value):
                return iter([carry_json(file, "1", endpoint or "error", raw, value)])
    # A stream of the other protocol would break every clause of this one.
    usual = "anthropic.messages" if raw.lstrip().startswith(b"event: message_start") else "chat.completions"
    asked = endpoint or usual
    return iter([carry(file, "1", "chat.stream" if asked == "chat.completions" else asked, Response(200, (), raw))])


def _document(file: str, raw: bytes, endpoint: str | None) -> Iterator[Exchange]:
    try:
        value = lines.value_of(raw)
    except UnreadableError:
        if endpoint is None:
            raise
        return iter([carry(file, "1", endpoint, Response(200, (), raw))])
    if har.is_har(value):
        return har.read(file, value, endpoint)
    if cassettes.is_cassette(value):
        return cassettes.read(file, [value], endpoint)
    found = endpoint or place(value)
    if found is None:
        raise UnreadableError(UNPLACED)
    return iter([carry_json(file, "1", found, raw, value)])
