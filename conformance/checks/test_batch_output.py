"""The output of batches, line by line, against their input and against the same request alone."""

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from conformance import strictjson
from conformance.checks import Conversation, rule_of_conversation, rule_of_shape
from conformance.checks.reading import one_word
from conformance.checks.test_batches import COMPLETE, counts, told
from conformance.judge import answers
from conformance.scenarios import batches
from conformance.vocabulary import ABSENT, CouldNotCheck, Finding, NotApplicable, Run, find

test_shape = rule_of_shape("batch.output.line")


def lines(conversation: Conversation, run: Run) -> list[dict[str, Any]]:
    """Return the lines of the output files; raises CouldNotCheck where a line is no object with a custom_id."""
    found: list[dict[str, Any]] = []
    for exchange in told(conversation, run, "batches.output"):
        for where, line in answers.values(exchange):
            if not isinstance(line, dict) or not isinstance(line.get("custom_id"), str):
                raise CouldNotCheck(Finding(where, "a line with a custom_id", line))
            found.append(line)
    return found


def failed_ids(conversation: Conversation, run: Run) -> set[str]:
    """Return the custom_ids of an error file, as far as its lines, whose form nobody documents, tell any."""
    files = [exchange for exchange in conversation if exchange.endpoint == "batches.errors"]
    found = [find(line, "/custom_id") for file in files for line in json_lines(answers.success(file, run).body)]
    return {custom_id for custom_id in found if isinstance(custom_id, str)}


def json_lines(content: bytes) -> Iterator[object]:
    """Yield the lines that are JSON."""
    for line in content.split(b"\n"):
        with suppress(strictjson.NotStrictJSON):
            yield strictjson.loads(line)


@rule_of_conversation("batches.output.every-line", COMPLETE)
def test_every_line(conversation: Conversation, run: Run) -> Iterator[Finding]:
    there = {line["custom_id"] for line in lines(conversation, run)} | failed_ids(conversation, run)
    for custom_id in batches.CUSTOM_IDS:
        if custom_id not in there:
            yield Finding("", f"a line for the request {custom_id!r}", f"lines for {sorted(there)}")
    for custom_id in there.difference(batches.CUSTOM_IDS):
        yield Finding("", "lines for the requests of the input alone", f"a line for {custom_id!r}")


@rule_of_conversation("batches.output.ids-unique", COMPLETE)
def test_output_ids_unique(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for custom_id, times in Counter(line["custom_id"] for line in lines(conversation, run)).items():
        if times > 1:
            yield Finding("", f"one line for {custom_id!r}", f"{times} lines")


def failed(line: dict[str, Any]) -> bool:
    """Tell whether a line of output is of a request that failed, wherever it says so."""
    status = find(line, "/response/status_code")
    return bool(line.get("error")) or status != 200 or find(line, "/response/body/error") is not ABSENT


@rule_of_conversation("batches.output.truthful", COMPLETE)
def test_truthful(conversation: Conversation, run: Run) -> Iterator[Finding]:
    for line in lines(conversation, run):
        if not line.get("error") and failed(line):
            hidden = find(line, "/response/body/error")
            shown = hidden if hidden is not ABSENT else find(line, "/response/status_code")
            yield Finding(f"custom_id {line['custom_id']}", "an error that tells the failure", f"null, and {shown}")


@rule_of_conversation("batches.output.counted", COMPLETE)
def test_counted(conversation: Conversation, run: Run) -> Iterator[Finding]:
    last = told(conversation, run, "batches.retrieve")[-1]
    if last.at("/status", str) != "completed":
        raise NotApplicable("the batch is not completed")
    _, completed, _ = counts(last)
    succeeded = sum(not failed(line) for line in lines(conversation, run))
    if succeeded != completed:
        yield Finding("", f"{completed} lines that succeeded, as request_counts tells", succeeded)


@rule_of_conversation("batches.output.same-as-chat", COMPLETE)
def test_same_as_chat(conversation: Conversation, run: Run) -> Iterator[Finding]:
    whole = one_word(run)
    same = [line for line in lines(conversation, run) if line["custom_id"] == batches.CUSTOM_IDS[0]]
    if not same:
        raise CouldNotCheck(
            Finding("", f"a line for {batches.CUSTOM_IDS[0]}, which asks what chat.one-word asks", "none")
        )
    for pointer in ("/choices/0/finish_reason", "/usage/prompt_tokens"):
        wanted, told = find(whole.json, pointer), find(same[0], f"/response/body{pointer}")
        if wanted in (ABSENT, None) or told in (ABSENT, None):
            raise CouldNotCheck(Finding(pointer, "a value in both", "not in both"))
        if wanted != told:
            yield Finding(f"custom_id {same[0]['custom_id']} {pointer}", f"{wanted}, as in the chat answer", told)


@rule_of_conversation("batches.some-succeed", COMPLETE)
def test_some_succeed(conversation: Conversation, run: Run) -> Iterator[Finding]:
    last = told(conversation, run, "batches.retrieve")[-1]
    if last.at("/status", str) != "completed":
        raise NotApplicable("the batch is not completed")
    total, completed, failed = counts(last)
    if completed > 0:
        return
    files = [exchange for exchange in conversation if exchange.endpoint in ("batches.output", "batches.errors")]
    found = [line for file in files for line in json_lines(answers.success(file, run).body)]
    codes = {find(line, "/response/status_code") for line in found}
    if codes and codes <= answers.NOT_NOW.keys():
        raise CouldNotCheck(Finding("", "failures that speak of the requests", f"of the account or the hour: {codes}"))
    yield Finding("/request_counts", "a request that succeeded, as all are legal", f"{failed} of {total} failed")
