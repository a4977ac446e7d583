"""Formats and parameters of an answer: JSON where it was asked for, by its schema, and no stop in the text."""

from collections.abc import Iterator
from typing import Any

from conformance import strictjson
from conformance.checks import rule_of_answer
from conformance.checks.reading import calls_in, choices, is_cut, request_member, request_of, text_in
from conformance.judge import brought
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run, find, member

Content = tuple[str, str]


def contents(exchange: Exchange) -> list[Content]:
    """Return the texts of the choices with their places; raises CouldNotCheck where the budget cut one.

    Raises NotApplicable where tools are called instead, or where the text need not be whole: it may end at a stop, or
    go on with what the request began.
    """
    if stops(exchange) or any(find(message, "/partial") is True for message in last_message(exchange)):
        raise NotApplicable("the request has a stop, or begins the answer itself")
    found = []
    for where, choice in choices(exchange):
        if is_cut(choice):
            raise CouldNotCheck(Finding(f"{where}/finish_reason", "an answer that is not cut", "length"))
        if calls_in(where, choice):
            raise NotApplicable("the answer calls a tool")
        found.append((f"{where}/message/content", exchange.at(f"{where}/message/content", str)))
    return found


def stops(exchange: Exchange) -> list[str]:
    """Return the texts at which an answer is to end; none where the request has none that it could end at."""
    wanted = find(request_of(exchange), "/stop")
    listed = wanted if isinstance(wanted, list) else [wanted]
    return [stop for stop in listed if isinstance(stop, str) and stop]


def last_message(exchange: Exchange) -> list[Any]:
    """Return the last message of a request, or nothing where it has none."""
    messages = find(request_of(exchange), "/messages")
    return messages[-1:] if isinstance(messages, list) else []


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


def schema_of(exchange: Exchange, *, strict: bool) -> dict[str, Any]:
    """Return the schema that was asked for; raises NotApplicable where it is strict and shall not be, or not so."""
    wanted = asked_for(exchange, "json_schema")
    if (find(wanted, "/json_schema/strict") is not False) is not strict:
        raise NotApplicable(f"the schema is {'not ' if strict else ''}strict")
    return member(wanted, "/json_schema/schema", dict)


def by_schema(exchange: Exchange, *, strict: bool) -> Iterator[Finding]:
    """Yield a finding for each content that is no JSON, or does not obey the schema that was asked for."""
    schema = schema_of(exchange, strict=strict)
    for where, content in contents(exchange):
        try:
            parsed = strictjson.loads(content)
        except strictjson.NotStrictJSON as error:
            yield Finding(where, f"JSON ({error})", content)
            continue
        if complaint := brought.complaint(schema, parsed):
            yield Finding(where, "what the schema declares", complaint)


@rule_of_answer("formats.schema")
def test_schema(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    yield from by_schema(exchange, strict=True)


@rule_of_answer("formats.schema-loose")
def test_schema_loose(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    yield from by_schema(exchange, strict=False)


@rule_of_answer("formats.compact")
def test_compact(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    schema_of(exchange, strict=True)
    for where, content in contents(exchange):
        if not content.strip():
            raise CouldNotCheck(Finding(where, "some text", content))
        if "\n" in content or "\t" in content:
            yield Finding(where, "no line feed and no tab", content)


@rule_of_answer("parameters.stop")
def test_stop(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if not (wanted := stops(exchange)):
        raise NotApplicable("the request has no stop")
    texts = [(where, text_in(where, choice)) for where, choice in choices(exchange)]
    if not any(text for _, text in texts):
        raise CouldNotCheck(Finding("/choices/0/message/content", "some text", "none"))
    for where, text in texts:
        for stop in wanted:
            if stop in text:
                yield Finding(f"{where}/message/content", f"no {stop!r}, which is a stop", text)
