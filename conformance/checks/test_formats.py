"""Formats and parameters of an answer: JSON where it was asked for, by its schema, and no stop in the text."""

from collections.abc import Iterator
from typing import Any

from conformance import strictjson
from conformance.checks import rule_of_answer
from conformance.checks.test_chat import choices, request_member
from conformance.judge import shapes
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run, find, member

Content = tuple[str, str]


def contents(exchange: Exchange) -> list[Content]:
    """Return the texts of the choices with their places; raises CouldNotCheck where the budget cut one."""
    found = []
    for where, choice in choices(exchange):
        if find(choice, "/finish_reason") == "length":
            raise CouldNotCheck(Finding(f"{where}/finish_reason", "an answer that is not cut", "length"))
        if find(choice, "/message/tool_calls") is not None and find(choice, "/finish_reason") == "tool_calls":
            raise NotApplicable("the answer calls a tool")
        found.append((f"{where}/message/content", member(choice, "/message/content", str)))
    return found


def asked_for(exchange: Exchange, kind: str) -> dict[str, Any]:
    """Return the response_format of a request; raises NotApplicable where it is of another type."""
    wanted = request_member(exchange, "response_format", dict)
    if wanted.get("type") != kind:
        raise NotApplicable(f"the response_format is not {kind}")
    return wanted


@rule_of_answer("formats.object")
def test_object(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    asked_for(exchange, "json_object")
    for where, content in contents(exchange):
        try:
            parsed = strictjson.loads(content)
        except strictjson.NotStrictJSON as error:
            yield Finding(where, f"the text of a JSON object ({error})", content)
            continue
        if not isinstance(parsed, dict):
            yield Finding(where, "the text of a JSON object", content)


def by_schema(exchange: Exchange, *, strict: bool) -> Iterator[Finding]:
    """Yield a finding for each content that is no JSON, or does not obey the schema that was asked for."""
    wanted = asked_for(exchange, "json_schema")
    if (find(wanted, "/json_schema/strict") is not False) is not strict:
        raise NotApplicable(f"the schema is {'not ' if strict else ''}strict")
    schema = member(wanted, "/json_schema/schema", dict)
    for where, content in contents(exchange):
        try:
            parsed = strictjson.loads(content)
        except strictjson.NotStrictJSON as error:
            yield Finding(where, f"JSON ({error})", content)
            continue
        if complaint := shapes.complaint(schema, parsed):
            yield Finding(where, "what the schema declares", complaint)


@rule_of_answer("formats.schema")
def test_schema(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    yield from by_schema(exchange, strict=True)


@rule_of_answer("formats.schema-loose")
def test_schema_loose(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    yield from by_schema(exchange, strict=False)


@rule_of_answer("formats.compact")
def test_compact(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if find(asked_for(exchange, "json_schema"), "/json_schema/strict") is False:
        raise NotApplicable("the schema is not strict")
    for where, content in contents(exchange):
        if "\n" in content or "\t" in content:
            yield Finding(where, "no line feed and no tab", content)


@rule_of_answer("parameters.stop")
def test_stop(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    wanted = find(exchange.asked, "/stop") if exchange.request.body else None
    stops = [wanted] if isinstance(wanted, str) else wanted if isinstance(wanted, list) else []
    if not stops:
        raise NotApplicable("the request has no stop")
    for where, choice in choices(exchange):
        content = member(choice, "/message/content", str)
        for stop in stops:
            if isinstance(stop, str) and stop and stop in content:
                yield Finding(f"{where}/message/content", f"no {stop!r}, which is a stop", content)
