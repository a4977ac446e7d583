"""Streams that others recorded: what conforms raises no alarm, and what does not is named for its reason."""

import csv
from pathlib import Path

import pytest

from conformance.contract import ledger
from conformance.judge import chunks
from conformance.judge.stream import read
from conformance.vocabulary import Level

OTHERS = Path(__file__).parents[2] / "shared" / "recordings"
# By what a row of the index says is wrong, the clause that must name it.
REASONS = {
    "in-band error": "stream.error",
    "SSE data is not valid JSON": "stream.json",
    "chunk without object": "stream.object",
    "chunk id changes": "stream.id.constant",
    "finish_reason missing": "stream.choice.finish-reason",
    "neither an SSE field nor a comment": "stream.framing",
    "delta.role null": "stream.delta.role-value",
    "tool_calls[].id null": "stream.tool.id-type",
}


@pytest.fixture(scope="module")
def told():
    with (OTHERS / "INDEX.tsv").open(encoding="utf-8", newline="") as index:
        rows = [row for row in csv.DictReader(index, delimiter="\t") if row["file"].endswith(".sse")]
    return [(row, read((OTHERS / row["file"]).read_bytes(), include_usage=None)) for row in rows]


@pytest.mark.skipif(not OTHERS.is_dir(), reason="the recordings of other people are not beside this checkout")
class TestRecordings:
    def test_one_that_conforms_has_no_finding_of_a_must(self, told):
        clauses = ledger.clauses()
        conforming = [
            (row["file"], clause)
            for row, transcript in told
            if row["expected"].startswith("conforms") and not row["file"].startswith("gateways/")
            for clause in transcript.findings
            if clauses[clause].level is Level.MUST
        ]
        assert conforming == []

    def test_one_that_violates_the_contract_has_a_finding_that_names_the_reason(self, told):
        wrong = [(row, transcript) for row, transcript in told if row["expected"].startswith("violates")]
        assert len(wrong) > 10
        for row, transcript in wrong:
            (reason,) = [clause for words, clause in REASONS.items() if words in row["expected"]]
            assert reason in transcript.findings, row["file"]

    def test_every_one_is_judged_alike_where_each_chunk_is_read_for_itself(self, told, monkeypatch):
        monkeypatch.setattr(chunks, "SKELETONS_KEPT", 0)
        for row, transcript in told:
            assert transcript == read((OTHERS / row["file"]).read_bytes(), include_usage=None)
