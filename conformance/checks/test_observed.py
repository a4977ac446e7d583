"""What real traffic shows and no document says; what a schema or the grammar of streams can state of it is there."""

import re
from collections.abc import Iterator

from conformance.checks import (
    ANSWERS,
    Conversation,
    Rule,
    rule_of_answer,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_response,
)
from conformance.checks.reading import CHAT, optional, tool_calls
from conformance.checks.test_http import header_of, is_streamed, is_text
from conformance.checks.test_models import listed, official, telling
from conformance.judge import answers, customs
from conformance.judge.grammar import Notes
from conformance.scenarios.parameters import UNKNOWN
from conformance.vocabulary import ABSENT, Exchange, Finding, NotApplicable, Run, find, member

FLAT, DETAILED = "/usage/cached_tokens", "/usage/prompt_tokens_details/cached_tokens"
SAVED = "Msh-Context-Cache-Token-Saved"
RATE_LIMIT = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@rule_of_exchange("models.created-same", "models.list")
def test_created_same(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    entries = telling(listed(exchange), "created")
    if len(entries) == 1:
        raise NotApplicable("one model alone tells when it was created")
    told = [member(entry, "/created", int) for _, entry in entries]
    for (where, _), created in zip(entries, told, strict=True):
        if created != told[0]:
            yield Finding(f"{where}/created", f"{told[0]}, as of the first model", created)


@rule_of_exchange("models.efforts-agree", "models.list")
def test_efforts_agree(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for where, entry in telling(listed(exchange), "think_efforts", "reasoning_efforts"):
        one, other = entry.get("think_efforts"), entry.get("reasoning_efforts")
        if one != other:
            yield Finding(f"{where}/reasoning_efforts", f"{one}, as in think_efforts", str(other))


@rule_of_exchange("chat.no-fingerprint", CHAT)
def test_no_fingerprint(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    exchange.at("/choices", list)
    if (told := find(exchange.json, "/system_fingerprint")) is not ABSENT:
        yield Finding("/system_fingerprint", "nothing", told)


@rule_of_answer("chat.tool-call.id-names")
def test_id_names(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for where, call in tool_calls(exchange):
        name, told = member(call, "/function/name", str), member(call, "/id", str)
        if not re.fullmatch(rf"(functions\.)?{re.escape(name)}[_:]\d+", told):
            yield Finding(f"{where}/id", f"{name}_, or functions.{name}:, and a number", told)


@rule_of_answer("chat.usage.cached-not-zero")
def test_cached_not_zero(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if (cached := optional(exchange, FLAT)) == 0:
        yield Finding(FLAT, "nothing, or more than 0", cached)


@rule_of_answer("chat.usage.cached-twice")
def test_cached_twice(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    missing = [where for where in (FLAT, DETAILED) if find(exchange.json, where) is ABSENT]
    if len(missing) == 2:
        raise NotApplicable("no tokens were read from the cache")
    for where in missing:
        yield Finding(where, "as many as in the other place", "nothing there")


@rule_of_conversation("parameters.unknown-not-echoed", "parameters.unknown")
def test_unknown_not_echoed(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in conversation:
        if (code := answers.status(exchange, run)) != 200:
            raise NotApplicable(f"it was answered with {code}, which another clause speaks of")
        for name in UNKNOWN:
            if (told := find(exchange.json, f"/{name}")) is not ABSENT:
                yield Finding(f"/{name}", "nothing", told)


@rule_of_response("errors.two-members")
def test_two_members(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    status = answers.response(exchange).status
    if is_text(exchange) or is_streamed(exchange) or 0 < status < 400:
        raise NotApplicable("the answer is no refusal")
    error = find(exchange.json, "/error")
    if not isinstance(error, dict):
        raise NotApplicable("the answer has no error that is an object")
    if more := sorted(set(error) - {"message", "type"}):
        yield Finding("/error", "a message and a type", f"{', '.join(more)} as well")


@rule_of_response("http.trace-mode")
def test_trace_mode(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if (said := header_of(exchange, "msh-trace-mode")) != "on":
        yield Finding("header Msh-Trace-Mode", "on", said or "no such header")


@rule_of_response("http.charset")
def test_charset(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if is_text(exchange) or is_streamed(exchange):
        raise NotApplicable("neither a stream nor the content of a file is JSON")
    kind, _, more = (header_of(exchange, "content-type") or "").lower().replace(" ", "").partition(";")
    if kind != "application/json":
        raise NotApplicable("the answer does not say that it is JSON")
    if more != "charset=utf-8":
        yield Finding("header Content-Type", "application/json; charset=utf-8", exchange.header("content-type"))


@rule_of_response("http.no-rate-limit")
def test_no_rate_limit(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for name in RATE_LIMIT:
        if said := header_of(exchange, name):
            yield Finding(f"header {name}", "no such header", said)


@rule_of_exchange("http.cached-told", *ANSWERS)
def test_cached_told(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    said, cached = header_of(exchange, SAVED), optional(answers.whole(exchange), FLAT)
    if cached and said != str(cached):
        yield Finding(f"header {SAVED}", f"{cached}, the cached_tokens", said or "no such header")


def custom(clause: str) -> Rule:
    """Return the rule of a clause about how the vendor tells its streams."""

    def judge(exchange: Exchange, run: Run) -> Iterator[Finding]:
        official(run)
        if "customs" not in exchange.__dict__:
            answer = answers.response(exchange)
            exchange.__dict__["customs"] = customs.read(answer.body, cut=answer.cut)
        notes: Notes = exchange.__dict__["customs"]
        if clause not in notes.looked_at:
            raise NotApplicable("no event here has what this clause speaks of")
        yield from notes.findings.get(clause, ())

    judge.__name__ = f"test_{clause.partition('.')[2].replace('-', '_')}"
    return rule_of_exchange(clause, "chat.stream")(judge)


test_fingerprint_told = custom("stream.fingerprint-told")
test_first_empty = custom("stream.first-empty")
test_finish_empty = custom("stream.finish-empty")
test_reasoning_ends = custom("stream.reasoning-ends")
