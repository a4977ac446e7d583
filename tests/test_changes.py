"""What differs and breaks no clause is a change: members that no schema knows, of whole answers and of streams."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from conformance import targets
from conformance.checks import shape_of
from conformance.reference import create_app
from conformance.reference.serving import running
from conformance.report import html
from conformance.runner import changes as told_by_a_run
from conformance.vocabulary import Exchange, Mode, Request, Response, Run

HEAD = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1777377714, "model": "kimi-k2.6"}


def chunk(number: int, **more) -> bytes:
    delta = {"content": str(number)} | ({"role": "assistant"} if number == 0 else {})
    told = {**HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": None}], **more}
    return f"data: {json.dumps(told)}\n\n".encode()


@pytest.fixture
def changes(ran, wire, key, answering):
    """Run stream.tools live at a server that answers with these bytes; the places of what no schema knows."""

    def run(body: bytes) -> list[tuple[str, str]]:
        answer = wire.http(200, body, "Content-Type: text/event-stream")

        def reply(connection):
            wire.request_on(connection)
            connection.sendall(answer)

        with answering(reply) as url:
            told = ran(target=f"moonshot={url}", mode="live", select="stream.tools")
        return [
            (record["endpoint"], record["where"])
            for record in told.records
            if record["kind"] == "change" and record["change"] == "unknown-member"
        ]

    return run


def test_a_member_of_a_chunk_that_no_schema_knows_is_told_once_for_all_chunks(changes):
    assert changes(b"".join(chunk(number, novelty=number) for number in range(5))) == [("chat.stream", "/novelty")]


def test_also_where_it_stands_deep_in_one_chunk_alone(changes):
    odd = {"choices": [{"index": 0, "delta": {"content": "x", "novelty": 1}, "finish_reason": None}]}
    assert changes(chunk(0) + chunk(1, **odd) + chunk(2)) == [("chat.stream", "/choices/*/delta/novelty")]


def test_a_stream_of_known_members_changes_nothing(changes):
    assert changes(b"".join(chunk(number) for number in range(5))) == []


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"data: [1]\n\n", b'data: {"choices": {"x": 1}}\n\n', b"data: \xff\n\n"]
)
def test_a_stream_that_is_none_changes_nothing_and_breaks_nothing(changes, body):
    assert changes(body) == []


def test_names_from_the_wire_are_bounded_in_length_and_number(changes):
    many = {f"novelty-{number}-{'x' * 500}": 1 for number in range(200)}
    told = changes(chunk(0, **many))
    assert 0 < len(told) <= 50
    assert max(len(where) for _, where in told) < 400


def test_a_live_run_at_the_reference_server_knows_every_member(ran, key):
    with running(create_app()) as url:
        told = ran(target=f"moonshot={url}", mode="live", max_cost=1, select="stream")
    assert [record for record in told.records if record["kind"] == "change"] == []


class TestWhatARunTellsOfModels:
    LATE = Path(__file__).parents[1] / "cassettes/scenarios/k26-announced-k25-listed"

    def told(self, ran, **options):
        """The changes of a run over its list of models."""
        return [record for record in ran(select="models", **options).records if record["kind"] == "change"]

    def test_a_model_that_is_announced_and_not_listed_since_when_and_who_lags(self, ran):
        (change,) = [one for one in self.told(ran, cassettes=self.LATE) if one["change"] == "announced-not-listed"]
        assert (change["model"], change["since"], change["days"]) == ("kimi-k2.6", "2026-04-20", 3)
        assert (change["severity"], change["odd_one_out"]) == ("breaking", "service-lag")

    def test_it_is_none_on_the_day_before_the_announcement(self, ran):
        told = self.told(ran, cassettes=self.LATE, as_of=date(2026, 4, 19))
        assert {one["change"] for one in told} <= {"retirement-ahead"}

    def test_a_member_that_no_schema_knows_is_ours_on_the_vendors_host_and_the_gateways_on_its_own(self):
        odd = {name: told_by_a_run.of(self.run(name), {}) for name in ("moonshot", "openai-compatible")}
        assert [next(iter(one)).odd_one_out for one in odd.values()] == ["ours-wrong", "gateway-rewrote"]

    def run(self, target):
        """A run of one answer with a member that no schema knows."""
        body = json.dumps({"object": "list", "data": [], "novelty": 1}).encode()
        made = datetime(2026, 9, 2, tzinfo=UTC)
        exchange = Exchange("models.list", "1", "models.list", Request("GET", "x"), Response(200, (), body), made)
        shape_of(exchange, "", "models.list", exchange.json)
        conversations = {"models.list": (exchange,)}
        return Run("0", targets.load(target), Mode.LIVE, "kimi-k2.6", made, None, conversations)


TOLD = {"change": "x", "endpoint": "y", "where": "/z", "detail": "told"}


class TestThePage:
    def test_it_says_how_much_a_change_weighs_and_who_stands_against_the_others(self):
        page = html.changes([{**TOLD, "severity": "risky", "odd_one_out": "docs-lag"}])
        assert "told (risky, docs-lag)</li>" in page

    def test_a_change_of_an_older_run_file_is_shown_without(self):
        assert "told</li>" in html.changes([TOLD])
