"""What a scenario is given: calls endpoints by name, keeps every exchange, and cleans up in the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import quote

from conformance.contract import ledger
from conformance.evidence import signatures
from conformance.evidence.client import Client, json_bytes
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, Headers, find

LONGEST_ID = 512
JSON_HEADERS = (("Content-Type", "application/json"),)
# What a browser asks by itself: no operation of the API, and answered by whatever stands in front of it.
PREFLIGHT = "preflight"


class Api:
    """One scenario's way to a target.

    ``exchanges`` grows with every call, also with those that fail. ``smallest`` holds the members that make the
    cheapest legal chat request of the model, ``think`` those that are to be added where it shall think first; ``day``
    is the day whose rules are asked about. ``nonce`` has an answer signed; ``control`` is what the scenario's control
    said, where the scenario follows it.
    """

    def __init__(
        self,
        client: Client,
        scenario: str,
        model: str,
        key: str,
        *,
        smallest: dict[str, Any],
        think: dict[str, Any] | None = None,
        day: date | None = None,
        nonce: str = "",
        control: tuple[Exchange, ...] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.model = model
        self.key = key
        self.smallest = smallest
        self.think = think or {}
        self.day = day or datetime.now(UTC).date()
        self.nonce = nonce
        self.control = control
        self.exchanges: list[Exchange] = []
        self.sleep = sleep
        self._client = client
        self._scenario = scenario
        self.seconds_between_looks = client.target.seconds_between_looks
        self._afterwards: list[Callable[[], object]] = []

    def call(
        self,
        endpoint: str,
        *,
        json: object = None,
        body: bytes | None = None,
        query: str = "",
        headers: Headers = (),
        key: str | None = "",
        refused: bool = False,
        **path: str,
    ) -> Exchange:
        """Ask an endpoint and keep the exchange; ``path`` fills the placeholders of its path.

        ``body`` sends bytes as JSON that may be none; ``key=None`` sends no key. ``refused`` says that the request is
        made to be refused. Raises nothing: read the exchange.
        """
        row = ledger.endpoints()[endpoint]
        content = body if body is not None else (json_bytes(self._spelled(json)) if json is not None else b"")
        request = self._client.request(
            row.method,
            row.path.format(**{name: quote(value, safe="") for name, value in path.items()}) + query,
            body=content,
            headers=(*(JSON_HEADERS if content or body is not None else ()), *headers),
            key=self.key if key == "" else key,
        )
        return self._keep(endpoint, request, refused)

    def preflight(self, endpoint: str, origin: str, headers: tuple[str, ...]) -> Exchange:
        """Ask, as a browser does, whether a page of this origin may ask an endpoint with these headers."""
        row = ledger.endpoints()[endpoint]
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": row.method,
            "Access-Control-Request-Headers": ",".join(sorted(headers)),
        }
        request = self._client.request("OPTIONS", row.path, headers=tuple(asked.items()), key=None)
        return self._keep(PREFLIGHT, request, False)

    def upload(self, name: str, content: bytes, purpose: str) -> Exchange:
        """Upload a file."""
        request = self._client.upload(
            ledger.endpoints()["files.create"].path,
            fields={"purpose": purpose},
            name=name,
            content=content,
            key=self.key,
        )
        return self._keep("files.create", request, False)

    def chat(
        self, *messages: dict[str, Any], refused: bool = False, nonce: str | None = None, **members: object
    ) -> Exchange:
        """Send the cheapest legal chat request with these messages; ``members`` are added to it or replace.

        ``nonce`` asks for a signature of the answer's origin.
        """
        body = {"model": self.model, "messages": list(messages), **self.smallest, **members}
        return self.call("chat.completions", json=body, refused=refused, headers=signatures.asked_for(nonce))

    def stream(
        self, *messages: dict[str, Any], refused: bool = False, nonce: str | None = None, **members: object
    ) -> Exchange:
        """Send the cheapest legal chat request whose answer is streamed."""
        body = {"model": self.model, "messages": list(messages), **self.smallest, **members, "stream": True}
        return self.call("chat.stream", json=body, refused=refused, headers=signatures.asked_for(nonce))

    def afterwards(self, action: Callable[[], object]) -> None:
        """Have an action done when the scenario ends, also when it ends half-way; the last one given comes first."""
        self._afterwards.append(action)

    def clean_up(self) -> None:
        """Do what was to be done afterwards, all of it; raises what the last broken action raised."""
        broken: Exception | None = None
        while self._afterwards:
            try:
                self._afterwards.pop()()
            except CouldNotCheck:
                continue
            except Exception as error:  # noqa: BLE001 - the others are still to be done
                broken = error
        if broken:
            raise broken

    def _spelled(self, body: object) -> object:
        """Return a request with the members of its chat and its functions by the names that the target has for them."""
        spelling = self._client.target.spelling
        tools = find(body, "/tools")
        spelled = [_with_function(tool, spelling) for tool in tools] if isinstance(tools, list) else tools
        named = _renamed(body, spelling)
        return named | {"tools": spelled} if isinstance(named, dict) and tools is not ABSENT else named

    def _keep(self, endpoint: str, request: Any, refused: bool) -> Exchange:  # noqa: ANN401, FBT001 - httpx.Request
        step = str(len(self.exchanges) + 1)
        exchange = self._client.exchange(self._scenario, step, endpoint, request, refused=refused)
        self.exchanges.append(exchange)
        return exchange


def _with_function(tool: object, spelling: Mapping[str, str]) -> object:
    function = find(tool, "/function")
    return (
        tool if function is ABSENT or not isinstance(tool, dict) else tool | {"function": _renamed(function, spelling)}
    )


def _renamed(members: object, spelling: Mapping[str, str]) -> object:
    if not isinstance(members, dict):
        return members
    return {spelling.get(name, name): value for name, value in members.items() if spelling.get(name, name)}


def need(exchange: Exchange, pointer: str) -> str:
    """Return a text of an answer that the rest of a scenario needs; raises CouldNotCheck where it is not there."""
    if exchange.response is None or not 200 <= exchange.response.status < 300:
        came = exchange.response.status if exchange.response else exchange.failure
        raise CouldNotCheck(Finding("status", f"{exchange.endpoint} to succeed, which the next step needs", came))
    found = exchange.at(pointer, str)
    if not 0 < len(found) <= LONGEST_ID or not found.isprintable():
        raise CouldNotCheck(Finding(pointer, f"1 to {LONGEST_ID} printable characters, to ask with", found))
    return found
