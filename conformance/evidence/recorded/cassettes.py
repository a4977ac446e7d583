"""Cassettes of vcrpy and of recorders that write alike, and mock files of a request and its answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import yaml

from conformance.evidence.recorded import carry
from conformance.evidence.recorded.carry import Entry, UnreadableError
from conformance.strictjson import DEPTH_LIMIT
from conformance.vocabulary import Exchange, Headers, header

YAML_LIMIT = 64 * 1024 * 1024
NODES_LIMIT = 2_000_000
# YAML 1.1 has 1:30 for ninety; its reader multiplies whole numbers of any length, place by place.
BASE_60_PLACES = 100
BASE_60 = frozenset("+-_.:0123456789")
LOADER: type[yaml.CSafeLoader] | type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
INTERACTIONS = ("interactions", "http_interactions")
BODIES = frozenset({"body", "parsed_body"})
Part = tuple[object, datetime | None]
"""An interaction, and when the whole cassette was recorded."""


def documents(raw: bytes) -> list[object]:
    """Return the YAML documents of a text of at most YAML_LIMIT bytes; raises UnreadableError."""
    try:
        refuse_growth(raw)
        return list(yaml.load_all(raw, Loader=LOADER))
    except yaml.YAMLError as error:
        raise UnreadableError(f"not YAML: {' '.join(str(error).split())[:200]}") from None
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        raise UnreadableError(f"YAML with a value that cannot be read: {error}") from None


def refuse_growth(raw: bytes) -> None:
    """Raise UnreadableError on YAML that would take the memory or the stack, and yaml.YAMLError on what is none."""
    # The C composer descends without looking at its stack, and one alias can stand for a million nodes.
    depth = 0
    for number, event in enumerate(yaml.parse(raw, Loader=LOADER)):
        if getattr(event, "anchor", None) is not None:
            raise UnreadableError("YAML with aliases is refused: it can grow without bound")
        value = event.value if isinstance(event, yaml.ScalarEvent) else ""
        if value.count(":") > BASE_60_PLACES and BASE_60.issuperset(value):
            raise UnreadableError("YAML with a number in base 60 of that length is refused")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEPTH_LIMIT:
            raise UnreadableError(f"YAML nested deeper than {DEPTH_LIMIT}")
        if number > NODES_LIMIT:
            raise UnreadableError(f"YAML of more than {NODES_LIMIT} nodes")


def is_cassette(document: object) -> bool:
    """Tell whether a document says that it is a cassette or a mock."""
    return isinstance(document, dict) and (
        any(name in document for name in INTERACTIONS) or ("when" in document and "then" in document)
    )


def read(file: str, found: list[object], endpoint: str | None) -> Iterator[Exchange]:
    """Yield an exchange for each interaction of one file's documents; raises UnreadableError where there is none."""
    parts = [part for document in found for part in _parts(document)]
    if not parts:
        raise UnreadableError("cassette without interactions")
    yield from carry.carry_entries(file, parts, _entry, endpoint)


def _parts(document: object) -> Iterator[Part]:
    if not isinstance(document, dict):
        return
    if "when" in document and "then" in document:
        yield document, None
    for name in INTERACTIONS:
        interactions = document.get(name)
        if isinstance(interactions, list):
            yield from ((_on_the_day(interaction, document), _made_at(document)) for interaction in interactions)


def _on_the_day(interaction: object, document: Mapping[str, Any]) -> object:
    """Return an interaction with the day that its server was set to, where the recording says that it was."""
    metadata = document.get("metadata")
    day = metadata.get("as_of") if isinstance(metadata, dict) else None
    if not isinstance(day, str) or not isinstance(interaction, dict):
        return interaction
    return {**interaction, "metadata": {"recorded_at": f"{day}T12:00:00+00:00"}}


def _entry(part: Part) -> Entry:
    interaction, recorded_at = carry.table(part[0], "the interaction"), part[1]
    if "when" in interaction and "then" in interaction:
        return _mock(interaction)
    request, response = (carry.table(interaction.get(name), f"the {name}") for name in ("request", "response"))
    headers, body = _answer(response)
    return Entry(
        method=carry.text(request.get("method"), "the method"),
        url=carry.text(request.get("uri", request.get("url")), "the URL"),
        asked=_body(request) if BODIES & request.keys() else b"",
        asked_headers=carry.pairs(request.get("headers")),
        status=_status(response),
        headers=headers,
        body=body,
        made_at=_made_at(interaction) or _made_at(response) or recorded_at,
        cut=response.get("cut") is True,
        refused=response.get("refused") is True,
    )


def _status(response: Mapping[str, Any]) -> int:
    if "code" in response:
        return carry.status(response["code"])
    return carry.status(carry.table(response.get("status"), "the status").get("code"))


def _mock(interaction: Mapping[str, Any]) -> Entry:
    when, then = (carry.table(interaction[name], f"the {name!r}") for name in ("when", "then"))
    headers = carry.pairs(then.get("header"))
    return Entry(
        method=carry.text(when.get("method"), "the method"),
        url=carry.text(when.get("path"), "the path"),
        asked=carry.octets(when.get("body"), "the body of the request"),
        asked_headers=carry.pairs(when.get("header")),
        status=carry.status(then.get("status")),
        headers=headers,
        body=carry.inflated(_body(then), header(headers, "content-encoding") or ""),
    )


def _answer(response: Mapping[str, Any]) -> tuple[Headers, bytes]:
    headers, body = carry.pairs(response.get("headers")), _body(response)
    if "parsed_body" in response:
        headers = tuple(pair for pair in headers if pair[0].lower() not in ("content-length", "content-encoding"))
    return headers, carry.inflated(body, header(headers, "content-encoding") or "")


def _body(side: Mapping[str, Any]) -> bytes:
    if "parsed_body" in side:
        return carry.serialized(side["parsed_body"])
    if "body" not in side:
        raise UnreadableError("the body is missing")
    body = side["body"]
    if not isinstance(body, dict):
        return carry.octets(body, "the body")
    if "base64_string" in body:
        return carry.unbase64(body["base64_string"], "the body")
    if "string" not in body:
        raise UnreadableError("the body is neither a text nor has one")
    return carry.octets(body["string"], "the body")


def _made_at(record: Mapping[str, Any]) -> datetime | None:
    metadata = record.get("metadata")
    within = carry.moment(metadata.get("recorded_at")) if isinstance(metadata, dict) else None
    return carry.moment(record.get("recorded_at")) or within
