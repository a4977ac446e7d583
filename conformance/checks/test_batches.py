"""Batches: their shapes, and the walk through their states."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

from conformance.checks import (
    Conversation,
    asked,
    rule_of_conversation,
    rule_of_exchange,
    rule_of_shape,
    rule_of_status,
)
from conformance.checks.clocks import in_seconds, of_now
from conformance.judge import answers
from conformance.vocabulary import ABSENT, CouldNotCheck, Exchange, Finding, NotApplicable, Run, find

CANCEL, COMPLETE = "batches.cancel", "batches.complete"
OBJECTS = ("batches.create", "batches.retrieve", "batches.cancel")
# From each state to those that may follow it, directly or, as a look may miss a state, after others.
NEXT = {
    "validating": {"failed", "in_progress", "cancelling"},
    "in_progress": {"finalizing", "expired", "cancelling"},
    "finalizing": {"completed", "expired", "cancelling"},
    "cancelling": {"cancelled"},
}
MOMENTS = ("created_at", "in_progress_at", "finalizing_at", "completed_at")
CANCEL_MOMENTS = ("created_at", "cancelling_at", "cancelled_at")
WINDOW_SLACK = 60
# States in which a batch cannot be cancelled any more, which a quick service may reach before it is asked to.
TOO_LATE = ("completed", "failed", "expired")


test_create_status = rule_of_status("batches.create-status", "batches.create")
test_list_status = rule_of_status("batches.list-status", "batches.list")
test_retrieve_status = rule_of_status("batches.retrieve-status", "batches.retrieve")
test_shape = rule_of_shape("batch")
test_list_shape = rule_of_shape("batch.list")


def told(conversation: Conversation, run: Run, *endpoints: str) -> Conversation:
    """Return the successful answers of these endpoints; raises CouldNotCheck where one did not succeed."""
    exchanges = asked(conversation, endpoints or OBJECTS)
    for exchange in exchanges:
        answers.success(exchange, run)
    return exchanges


def later(state: str) -> set[str]:
    """Return every state that may come after a state, however many looks were missed."""
    following = NEXT.get(state, set())
    return following.union(*(later(name) for name in following))


def seconds_in(window: str) -> int:
    """Return the seconds of a window such as 24h or 3d; raises CouldNotCheck where it is none."""
    number, unit = window[:-1], window[-1:]
    if not number.isascii() or not number.isdigit() or unit not in ("h", "d"):
        raise CouldNotCheck(Finding("/completion_window", "a number of hours (h) or days (d)", window))
    return int(number) * (3600 if unit == "h" else 86400)


@rule_of_exchange("batches.state-initial", "batches.create")
def test_state_initial(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    first = exchange.at("/status", str)
    if first in ("expired", "cancelling", "cancelled"):
        yield Finding("/status", "validating, or a state that follows by itself", first)


@rule_of_conversation("batches.echo", CANCEL, COMPLETE)
def test_echo(conversation: Conversation, run: Run) -> Iterator[Finding]:
    given = told(conversation, run, "batches.create")[0].asked
    for exchange in told(conversation, run):
        for name in ("input_file_id", "endpoint", "completion_window"):
            if (kept := exchange.at(f"/{name}", str)) != find(given, f"/{name}"):
                yield Finding(f"step {exchange.step} /{name}", str(find(given, f"/{name}")), kept)
        wanted, kept = find(given, "/metadata"), find(exchange.json, "/metadata")
        if wanted is not ABSENT and kept != wanted:
            shown = "nothing there" if kept is ABSENT else str(kept)
            yield Finding(f"step {exchange.step} /metadata", str(wanted), shown)


@rule_of_exchange("batches.created-seconds", "batches.create")
def test_created_seconds(exchange: Exchange, run: Run) -> Iterator[Finding]:
    yield from in_seconds(exchange.at("/created_at", int), "/created_at", exchange, run)
    yield from of_now(exchange.at("/created_at", int), "/created_at", exchange, run)


@rule_of_conversation("batches.same", CANCEL, COMPLETE)
def test_same(conversation: Conversation, run: Run) -> Iterator[Finding]:
    created = told(conversation, run, "batches.create")[0].at("/id", str)
    for exchange in told(conversation, run):
        if (said := exchange.at("/id", str)) != created:
            yield Finding(f"step {exchange.step} /id", created, said)


@rule_of_conversation("batches.transitions", CANCEL, COMPLETE)
def test_transitions(conversation: Conversation, run: Run) -> Iterator[Finding]:
    states = [(exchange.step, exchange.at("/status", str)) for exchange in told(conversation, run)]
    if len(states) < 2:
        raise CouldNotCheck(Finding("/status", "two looks at the batch", len(states)))
    for (_, before), (step, after) in pairwise(states):
        if after != before and after not in later(before):
            allowed = ", ".join(sorted(later(before))) or "no other state"
            yield Finding(f"step {step} /status", f"after {before}: {allowed}", after)


@rule_of_exchange("batches.moments-ordered", *OBJECTS)
def test_moments_ordered(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    exchange.at("/created_at", int)
    walks = [[(name, find(exchange.json, f"/{name}")) for name in names] for names in (MOMENTS, CANCEL_MOMENTS)]
    steps = [step for walk in walks for step in pairwise(part for part in walk if type(part[1]) is int)]
    if not steps:
        raise NotApplicable("the batch tells no moment but its creation")
    for (name, earlier), (next_name, moment) in steps:
        if moment < earlier:
            yield Finding(f"/{next_name}", f"at least {earlier}, the {name}", moment)


def counts(exchange: Exchange) -> tuple[int, int, int]:
    """Return the total, completed and failed requests; raises CouldNotCheck where one is no integer."""
    total, completed, failed = (
        exchange.at(f"/request_counts/{name}", int) for name in ("total", "completed", "failed")
    )
    return total, completed, failed


@rule_of_exchange("batches.counts-within-total", *OBJECTS)
def test_counts_within_total(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    total, completed, failed = counts(exchange)
    if completed + failed > total:
        yield Finding("/request_counts", f"completed and failed at most {total}", f"{completed} + {failed}")


@rule_of_exchange("batches.counts-complete", *OBJECTS)
def test_counts_complete(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.at("/status", str) != "completed":
        raise NotApplicable("the batch is not completed")
    total, completed, failed = counts(exchange)
    if completed + failed != total:
        yield Finding("/request_counts", f"completed and failed to be {total}, the total", f"{completed} + {failed}")


@rule_of_exchange("batches.expires-in-window", *OBJECTS)
def test_expires_in_window(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    expires = find(exchange.json, "/expires_at")
    if expires is ABSENT or expires is None:
        raise NotApplicable("the batch does not tell when it expires")
    window = seconds_in(exchange.at("/completion_window", str))
    due = exchange.at("/created_at", int) + window
    if abs(exchange.at("/expires_at", int) - due) > WINDOW_SLACK:
        yield Finding("/expires_at", f"{due}, one window after created_at, within {WINDOW_SLACK} s", expires)


@rule_of_exchange("batches.output-present", *OBJECTS)
def test_output_present(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    if exchange.at("/status", str) != "completed" or counts(exchange)[1] == 0:
        raise NotApplicable("the batch has no completed requests yet")
    output = find(exchange.json, "/output_file_id")
    if not isinstance(output, str) or not output:
        yield Finding("/output_file_id", "the id of a file", "nothing there" if output is ABSENT else output)


@rule_of_conversation("batches.completes", COMPLETE)
def test_completes(conversation: Conversation, run: Run) -> Iterator[Finding]:
    last = told(conversation, run, "batches.retrieve")[-1]
    if (state := last.at("/status", str)) != "completed":
        yield Finding(f"step {last.step} /status", "completed", state)


@rule_of_conversation("batches.cancel-status", CANCEL)
def test_cancel_status(conversation: Conversation, run: Run) -> Iterator[Finding]:
    cancelled = asked(conversation, ("batches.cancel",))[0]
    code = answers.status(cancelled, run)
    if code in answers.success_of(cancelled):
        return
    ended = [state for look in asked(conversation, ("batches.retrieve",)) if (state := state_of(look)) in TOO_LATE]
    if code == 400 and ended:
        raise CouldNotCheck(Finding("/status", "a batch that is still running when it is cancelled", ended[-1]))
    yield Finding("status", "200", f"{code}: {answers.message(cancelled)}")


test_cancel_status = replace(test_cancel_status, status_of="batches.cancel")


def state_of(exchange: Exchange) -> str:
    """Return the state that an answer tells, or an empty text where it tells none."""
    try:
        return exchange.at("/status", str)
    except CouldNotCheck:
        return ""


@rule_of_conversation("batches.cancelled", CANCEL)
def test_cancelled(conversation: Conversation, run: Run) -> Iterator[Finding]:
    cancelled = told(conversation, run, "batches.cancel")[0]
    if (state := cancelled.at("/status", str)) not in ("cancelling", "cancelled"):
        yield Finding(f"step {cancelled.step} /status", "cancelling", state)
    for exchange in told(conversation, run, "batches.retrieve"):
        after = int(exchange.step) > int(cancelled.step)
        if after and (state := exchange.at("/status", str)) not in ("cancelling", "cancelled"):
            yield Finding(f"step {exchange.step} /status", "cancelling or cancelled", state)
    if state != "cancelled":
        raise CouldNotCheck(Finding("/status", "cancelled, when the run looked last", state))


@rule_of_conversation("batches.listed", CANCEL)
def test_listed(conversation: Conversation, run: Run) -> Iterator[Finding]:
    created = told(conversation, run, "batches.create")[0].at("/id", str)
    listed = told(conversation, run, "batches.list")[0]
    entries = listed.at("/data", list)
    if not any(find(entry, "/id") == created for entry in entries):
        if find(listed.json, "/has_more") is True:
            raise CouldNotCheck(Finding("/data", f"the batch {created} on the first page", "a list with more pages"))
        yield Finding("/data", f"the batch {created} that was created before", f"{len(entries)} other batches")
