"""What is asked through the SDK: scenarios of a run, and those that only a client can be asked in."""

from __future__ import annotations

from typing import Any

import openai
from pydantic import BaseModel

from conformance.clients.comparison import Kind
from conformance.clients.table import Row
from conformance.clients.through import Through, arguments
from conformance.judge.toolschemas import Complaint, lint_schema
from conformance.scenarios import scenarios
from conformance.scenarios.formats import ASK as ASK_JSON
from conformance.scenarios.tools import ASK, BUDGET, WEATHER, answered, calls_of
from conformance.vocabulary import CouldNotCheck, Finding, Scenario, Spending, Status, find

CHAT = "chat.completions"
# In this order: a dead host or a refused key is known first.
SHARED = (
    "models.list", "balance.read", "tokens.estimate", "files.life", "chat.one-word", "thinking.on", "stream.text",
    "stream.partial", "stream.tools", "tools.parallel", "tools.dynamic", "batches.cancel",
    "parameters.temperature", "refusals.unknown-model", "refusals.unknown-file", "refusals.streamed",
    "refusals.bad-key",
)  # fmt: skip


class City(BaseModel):
    """What the SDK is asked to make of a structured answer."""

    city: str
    number: int


def plan() -> list[Scenario]:
    """Return what is asked, in order."""
    return [*(scenarios()[name] for name in SHARED), *OWN]


def call_and_result(api: Through) -> None:
    """Ask for a call of a tool, and send the SDK's own message back with the result, reasoning too."""
    first = api.chat(ASK, tools=[WEATHER], **{**api.think, **BUDGET})
    if not calls_of(first) or api.view is None:
        raise CouldNotCheck(Finding("/choices/0/message/tool_calls", "a call of the tool", "none"))
    message, *results = answered(first)
    shared = {"model": api.model, "tools": [WEATHER], **api.smallest, **api.think, **BUDGET}
    given = {**shared, "messages": [ASK, message, *results]}
    own = {**shared, "messages": [ASK, api.view.choices[0].message, *results]}
    api.ask(CHAT, lambda sdk: _create(sdk, own), given)


def _create(sdk: openai.OpenAI, body: dict[str, Any]) -> object:
    method: Any = sdk.chat.completions.create
    return method(**arguments(method, body))


def parsed(api: Through) -> None:
    """Have an answer parsed into an object of a class, whose schema the SDK makes."""
    given = {"model": api.model, "messages": [ASK_JSON], **api.smallest}

    def ask(sdk: openai.OpenAI) -> object:
        method: Any = sdk.chat.completions.parse
        return method(response_format=City, **arguments(method, given))

    exchange = api.ask(CHAT, ask, given)
    schema = find(exchange.asked, "/response_format/json_schema/schema")
    api.add(_complaint(each) for each in lint_schema(schema, api.day))


def _complaint(each: Complaint) -> Row:
    """Return what Moonshot has against a schema that the SDK made."""
    what = f"request /response_format/json_schema/schema{each.where}"
    reason = f"not in Moonshot's subset of JSON Schema: expected {each.expected}"
    return Row(CHAT, what, Kind.ADDED, each.actual, "made of a class", Status.WARN, reason, source=each.source)


OWN = (
    Scenario("clients.tool-result", call_and_result, (CHAT,), Spending(2, 500, 512)),
    Scenario("clients.parse", parsed, (CHAT,), Spending(1, 250, 128)),
)
