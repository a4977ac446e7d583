"""POST /signatures/verify, and the headers of a chat answer that it is asked about."""

from collections.abc import Iterator

from conformance.checks import (
    ANSWERS,
    Conversation,
    asked,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_shape,
    rule_of_status,
)
from conformance.checks.clocks import SKEW
from conformance.evidence import signatures
from conformance.judge import answers
from conformance.scenarios.signatures import VERIFY
from conformance.vocabulary import CouldNotCheck, Exchange, Finding, NotApplicable, Run

PREFIX = "reqsigv1_"
SIGNED = ("chat.one-word", "stream.text")

test_status = rule_of_status("signatures.status", VERIFY)
test_shape = rule_of_shape("signature.verify")


def asks(conversation: Conversation, run: Run) -> list[tuple[str, Exchange]]:
    """Return the questions about a signature, each with the value that is another than in the first one, or none."""
    found = asked(conversation, (VERIFY,))
    for exchange in found:
        answers.success(exchange, run)
    first = found[0].asked
    return [(next((name for name in first if each.asked[name] != first[name]), ""), each) for each in found]


@rule_of_conversation("signatures.true", VERIFY)
def test_true(conversation: Conversation, run: Run) -> Iterator[Finding]:
    if not asks(conversation, run)[0][1].at("/valid", bool):
        yield Finding("/valid", "true for the signature of chat.one-word", False)


@rule_of_conversation("signatures.false", VERIFY)
def test_false(conversation: Conversation, run: Run) -> Iterator[Finding]:
    others = [(name, exchange) for name, exchange in asks(conversation, run) if name]
    if not others:
        raise CouldNotCheck(Finding("", "a question with another value", "none was asked"))
    for name, exchange in others:
        if exchange.at("/valid", bool):
            yield Finding(f"step {exchange.step} /valid", f"false with another {name}", True)


@rule_of_conversation("signatures.again", VERIFY)
def test_again(conversation: Conversation, run: Run) -> Iterator[Finding]:
    first, *later = (exchange for name, exchange in asks(conversation, run) if not name)
    if not later:
        raise CouldNotCheck(Finding("", "the same question again", "it was not asked"))
    if not first.at("/valid", bool):
        raise NotApplicable("it was not valid the first time, which another clause speaks of")
    for exchange in later:
        if not exchange.at("/valid", bool):
            yield Finding(f"step {exchange.step} /valid", "true, as the first time", False)


@rule_of_exchange("signatures.no-store", VERIFY)
def test_no_store(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.file and not (exchange.response and exchange.response.headers):
        raise NotApplicable("the recording does not tell the headers")
    said = exchange.header("cache-control") or "no such header"
    if "no-store" not in [part.strip().lower() for part in said.split(",")]:
        yield Finding("header Cache-Control", "no-store", said)


def chats(conversation: Conversation, run: Run) -> Conversation:
    """Return the chat answers; raises NotApplicable where the target has nobody who could be asked about them."""
    if VERIFY not in run.target.endpoints:
        raise NotApplicable(f"{run.target.name} has no endpoint {VERIFY}")
    found = asked(conversation, ANSWERS)
    for exchange in found:
        answers.success(exchange, run)
    return found


@rule_of_conversation("signatures.given", *SIGNED)
def test_given(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in chats(conversation, run):
        for name in (signatures.TIMESTAMP, signatures.SIGNATURE):
            if not exchange.header(name):
                yield Finding(f"header {name}", "a value, as the request bears a nonce", "no such header")


@rule_of_conversation("signatures.prefix", *SIGNED)
def test_prefix(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in chats(conversation, run):
        said = exchange.header(signatures.SIGNATURE)
        if not said:
            raise NotApplicable("there is no signature, which another clause speaks of")
        if not said.startswith(PREFIX) or said == PREFIX:
            yield Finding(f"header {signatures.SIGNATURE}", f"{PREFIX} and more", said)


@rule_of_conversation("signatures.timestamp", *SIGNED)
def test_timestamp(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in chats(conversation, run):
        if not (said := exchange.header(signatures.TIMESTAMP)):
            raise NotApplicable("there is no timestamp, which another clause speaks of")
        now, where = int(run.moment(exchange).timestamp() * 1000), f"header {signatures.TIMESTAMP}"
        try:
            late = abs(signatures.timestamp_of(exchange) - now) - int(exchange.seconds * 1000)
        except CouldNotCheck as refused:
            yield refused.finding
            continue
        if late > SKEW * 1000:
            yield Finding(where, f"within {SKEW} s of {now}, when it was asked", said)


@rule_of_conversation("signatures.only-asked", "chat.cut-by-budget")
def test_only_asked(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for exchange in chats(conversation, run):
        if said := exchange.header(signatures.SIGNATURE):
            yield Finding(f"header {signatures.SIGNATURE}", "no such header, as the nonce is empty", said)
