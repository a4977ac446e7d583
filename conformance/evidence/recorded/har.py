"""HAR files: what the developer tools of a browser, or a proxy, have seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.evidence.recorded import carry
from conformance.evidence.recorded.carry import Entry, UnreadableError
from conformance.vocabulary import Exchange, Headers, find, header


def is_har(document: object) -> bool:
    """Tell whether a JSON document is a HAR file."""
    return isinstance(find(document, "/log/entries"), list)


def read(file: str, document: object, endpoint: str | None) -> Iterator[Exchange]:
    """Yield an exchange for each entry of a HAR document; raises UnreadableError where there is none."""
    entries = find(document, "/log/entries")
    if not isinstance(entries, list) or not entries:
        raise UnreadableError("HAR without entries")
    yield from carry.carry_entries(file, entries, _entry, endpoint)


def _entry(part: object) -> Entry:
    entry = carry.table(part, "the entry")
    request, response = (carry.table(entry.get(name), f"the {name}") for name in ("request", "response"))
    if response.get("status") == 0:
        raise UnreadableError("no answer was recorded")
    content = carry.table(response.get("content"), "the content")
    asked = request.get("postData") or {}
    return Entry(
        method=carry.text(request.get("method"), "the method"),
        url=carry.text(request.get("url"), "the URL"),
        asked=carry.octets(carry.table(asked, "the sent data").get("text"), "the sent text"),
        asked_headers=carry.pairs(request.get("headers")),
        status=carry.status(response.get("status")),
        headers=_headers(response, content),
        body=_body(content),
        made_at=carry.moment(entry.get("startedDateTime")),
    )


def _headers(response: Mapping[str, Any], content: Mapping[str, Any]) -> Headers:
    headers = carry.pairs(response.get("headers"))
    kind = content.get("mimeType")
    # By its definition this member is the value of that header, and some writers keep no other.
    if isinstance(kind, str) and kind and not header(headers, "content-type"):
        return (*headers, ("Content-Type", kind))
    return headers


def _body(content: Mapping[str, Any]) -> bytes:
    if "text" not in content and content.get("size"):
        raise UnreadableError("the answer was recorded without its body")
    if content.get("encoding") == "base64":
        return carry.unbase64(content.get("text", ""), "the body")
    return carry.octets(content.get("text"), "the body")
