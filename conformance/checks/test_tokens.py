"""POST /tokenizers/estimate-token-count: its shape, and that it counts."""

from collections.abc import Iterator

from conformance.checks import Conversation, asked, rule_of_conversation, rule_of_shape, rule_of_status
from conformance.judge import answers
from conformance.vocabulary import CouldNotCheck, Finding, Run

test_status = rule_of_status("tokens.status", "tokens.estimate")
test_shape = rule_of_shape("tokens.estimate")


@rule_of_conversation("tokens.grows", "tokens.estimate")
def test_grows(conversation: Conversation, run: Run) -> Iterator[Finding]:
    estimates = asked(conversation, ("tokens.estimate",))
    for estimate in estimates:
        answers.success(estimate, run)
    if len(estimates) < 2:
        raise CouldNotCheck(Finding("", "two estimates", len(estimates)))
    short, long = (estimate.at("/data/total_tokens", int) for estimate in estimates[:2])
    if not long > short:
        yield Finding("/data/total_tokens", f"more than {short}, the estimate of a shorter prompt", long)
