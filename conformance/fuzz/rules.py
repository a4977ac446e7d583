"""What holds for the answer to any request: each rule a judgement of one exchange, under a clause of the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.checks.test_refusals import envelope_of
from conformance.fuzz.validity import Wrong
from conformance.judge import answers
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable

CHAT, STREAM = "chat.completions", "chat.stream"
Judge = Callable[[Exchange, tuple[Wrong, ...]], Iterator[Finding]]
# How the languages that services are written in show where they broke.
TRACES = re.compile(
    rb"""Traceback\ \(most\ recent\ call\ last\)
    |File\ \\?"[^"\n]{1,200}\\?",\ line\ \d+
    |\bgoroutine\ \d+\ \[
    |\bpanic:\ runtime\ error
    |\.go:\d+(?:\ \+0x[0-9a-f]+)?
    |\bat\ [\w.$<>]{1,100}\([\w.]{1,60}\.(?:java|kt|scala):\d+\)
    |\bat\ [^\n(]{0,100}\(?[^\s()]{1,200}\.[cm]?[jt]s:\d+:\d+
    |\bthread\ '[^']{1,60}'\ panicked\ at
    |\bin\ /[^\s:]{1,200}\.(?:php|rb):\d+""",
    re.VERBOSE,
)
# Beside these a parameter is alone: every chat has them, and none of them is what it may be refused for.
_PLAIN = frozenset({"model", "messages", "max_completion_tokens", "stream"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A clause and its judgement; without endpoints it is on every answer. It raises NotApplicable on others."""

    clause: str
    judge: Judge
    endpoints: tuple[str, ...] = ()


def answered(exchange: Exchange, _wrongs: tuple[Wrong, ...]) -> Iterator[Finding]:
    """Yield a finding where nothing came."""
    if exchange.response is None:
        yield Finding("", "an answer", exchange.failure)


def refusal_envelope(exchange: Exchange, _wrongs: tuple[Wrong, ...]) -> Iterator[Finding]:
    """Yield a finding where a refusal is no error that a client can read."""
    _refusal(exchange)
    try:
        known = envelope_of(exchange)
    except CouldNotCheck as broken:
        yield broken.finding
        return
    if known is None:
        yield Finding("", "an error as in schema error, error.gateway or error.malformed", str(exchange.json))


def refusal_names_parameter(exchange: Exchange, wrongs: tuple[Wrong, ...]) -> Iterator[Finding]:
    """Yield a finding where one parameter is wrong, and the message speaks of another thing."""
    if _refusal(exchange) != 400:
        raise NotApplicable("it was refused for something that does not exist")
    if len(wrongs) != 1 or wrongs[0].where.count("/") > 1 or not (name := wrongs[0].parameter):
        raise NotApplicable("not exactly one parameter is wrong, as a whole")
    if not _is_alone(exchange.asked, name):
        raise NotApplicable("another parameter may be what it was refused for")
    said = exchange.at("/error/message", str)
    if not re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said):
        yield Finding("/error/message", f"a message that names {name}", said)


def _is_alone(asked: dict[str, Any], parameter: str) -> bool:
    """Tell whether all the rest of a request is as plain as can be."""
    rest = {name: value for name, value in asked.items() if name != parameter}
    messages = rest.get("messages", [])
    plain = all(message.keys() == {"role", "content"} and isinstance(message["content"], str) for message in messages)
    return plain and rest.keys() <= _PLAIN and type(rest.get("max_completion_tokens", 1)) is int


def invalid_is_refused(exchange: Exchange, wrongs: tuple[Wrong, ...]) -> Iterator[Finding]:
    """Yield a finding where an invalid request succeeded."""
    if not wrongs:
        raise NotApplicable("the request is not known to be invalid")
    status = answers.response(exchange).status
    if 200 <= status < 300:
        first = wrongs[0]
        place = f"request {first.where or first.parameter or 'body'}"
        yield Finding(place, f"a refusal, as it must be {first.expected}", f"status {status} for {first.actual!r}")


def no_stack_trace(exchange: Exchange, _wrongs: tuple[Wrong, ...]) -> Iterator[Finding]:
    """Yield a finding where an error shows where in its code the server broke."""
    answer = exchange.response
    if answer is None or answer.status < 400:
        raise NotApplicable("only an error can show where the server broke")
    if found := TRACES.search(answer.body):
        yield Finding(f"byte {found.start()}", "words for a client", found[0].decode("utf-8", "replace"))


def _refusal(exchange: Exchange) -> int:
    """Return the status of a refusal."""
    answer = exchange.response
    if answer is None or not 400 <= answer.status < 500 or answer.status in answers.PASSING:
        raise NotApplicable("nothing was refused")
    return answer.status


RULES = (
    Rule("fuzz.answered", answered),
    Rule("fuzz.refusal-envelope", refusal_envelope),
    Rule("fuzz.refusal-names-parameter", refusal_names_parameter, (CHAT, STREAM, "tokens.estimate")),
    Rule("fuzz.invalid-is-refused", invalid_is_refused, ("tokens.estimate", "batches.create")),
    Rule("fuzz.invalid-is-not-paid", invalid_is_refused, (CHAT,)),
    Rule("fuzz.invalid-stream-is-error", invalid_is_refused, (STREAM,)),
    Rule("fuzz.no-stack-trace", no_stack_trace),
)
# What schemathesis judges, and under which clause; the other checks of its are said in its settings to be left out.
SCHEMATHESIS: Mapping[str, str] = {
    "not_a_server_error": "fuzz.no-server-error",
    "status_code_conformance": "fuzz.documented-status",
    "content_type_conformance": "fuzz.documented-type",
    "response_schema_conformance": "fuzz.documented-shape",
    "ensure_resource_availability": "fuzz.created-is-there",
    "use_after_free": "fuzz.use-after-delete",
}
KEY_REQUIRED = "fuzz.key-required"
