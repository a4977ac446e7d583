"""Shapes: each error belongs to the nearest clause above it, and a clause is looked at only where it can apply."""

import copy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance import strictjson
from conformance.contract import ledger, schemas
from conformance.judge import shapes

BALANCE = {
    "code": 0,
    "scode": "0x0",
    "status": True,
    "data": {"available_balance": 3, "voucher_balance": 1, "cash_balance": 2},
}
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1788436700,
    "model": "kimi-k2.6",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
}
BATCH = {
    "id": "batch_1",
    "object": "batch",
    "endpoint": "/v1/chat/completions",
    "input_file_id": "file_1",
    "completion_window": "24h",
    "status": "completed",
    "output_file_id": None,
    "created_at": 1,
    "completed_at": 2,
    "request_counts": {"total": 1, "completed": 1, "failed": 0},
    "metadata": {"a": "b"},
}
MODEL = {
    "id": "kimi-k2.6", "object": "model", "created": 1, "owned_by": "moonshot", "context_length": 262144,
    "supports_image_in": True, "supports_video_in": True, "supports_reasoning": True,
}  # fmt: skip
FILE = {
    "id": "file_1", "object": "file", "bytes": 1, "created_at": 1, "filename": "a", "purpose": "batch", "status": "ok",
}  # fmt: skip
LINE = {"id": "r", "custom_id": "a", "response": {"status_code": 200, "request_id": "q", "body": CHAT}, "error": None}
BODIES = {
    "balance": BALANCE,
    "chat.completion": CHAT,
    "batch": BATCH,
    "batch.list": {"object": "list", "data": [BATCH], "has_more": False},
    "models.list": {"object": "list", "data": [MODEL]},
    "file": FILE,
    "file.list": {"object": "list", "data": [FILE]},
    "file.delete": {"id": "file_1", "object": "file", "deleted": True},
    "tokens.estimate": {"code": 0, "scode": "0x0", "status": True, "data": {"total_tokens": 8}},
    "batch.output.line": LINE,
    "error": {"error": {"message": "No.", "type": "invalid_request_error"}},
}
PLAIN = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10), st.floats(-10, 10),
    st.sampled_from([2**63, 2**70, -1, 0, 1.0, 1e300]),
    st.text(max_size=5), st.sampled_from(["list", "batch", "assistant", "stop", "a\n", "é", "0x0", "\u0000"]),
)  # fmt: skip
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)


def without(body, *path):
    return replaced(body, *path, None, gone=True)


def replaced(body, *path, gone=False):
    *above, last, value = path
    changed = copy.deepcopy(body)
    place = changed
    for token in above:
        place = place[token]
    if gone:
        del place[last]
    else:
        place[last] = value
    return changed


def places(value, path=()):
    """Every place in a value that has something above it."""
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for token, inner in members:
        yield (*path, token)
        yield from places(inner, (*path, token))


@pytest.mark.parametrize(("name", "body"), BODIES.items(), ids=BODIES)
class TestABodyThatIsRight:
    def test_it_breaks_nothing_and_has_no_unknown_member(self, name, body):
        shape = shapes.examine(name, body)
        assert (shape.findings, shape.unknown) == ({}, ())

    def test_what_is_looked_at_are_clauses_of_its_schema(self, name, body):
        assert shapes.examine(name, body).looked_at <= set(schemas.clauses_of(name))

    def test_a_member_that_is_taken_away_takes_its_clause_out_of_sight(self, name, body):
        for member, node in schemas.documents()[name]["properties"].items():
            if member in body and "x-clause" in node:
                assert node["x-clause"] not in shapes.examine(name, without(body, member)).looked_at

    def test_an_unknown_member_is_told_and_breaks_nothing(self, name, body):
        shape = shapes.examine(name, body | {"new~/member": 1})
        assert (shape.findings, shape.unknown) == ({}, ("/new~/member",))

    def test_both_validators_agree_whatever_becomes_of_it(self, name, body):
        @given(st.data())
        @settings(
            max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        def agree(data):
            changed = copy.deepcopy(body)
            for _ in range(data.draw(st.integers(1, 2))):
                path = data.draw(st.sampled_from(sorted(places(changed), key=str) or [()]))
                if path:
                    gone = data.draw(st.booleans())
                    changed = without(changed, *path) if gone else replaced(changed, *path, data.draw(VALUES))
            assert shapes.valid(name, changed) == (not list(shapes._slow(name).iter_errors(changed)))

        agree()

    def test_whatever_becomes_of_it_every_finding_is_under_a_clause_of_its_schema(self, name, body):
        for path in places(body):
            for value in (None, "x", -1, [], {}, True):
                shape = shapes.examine(name, replaced(body, *path, value))
                assert set(shape.findings) <= shape.looked_at <= set(schemas.clauses_of(name)) <= set(ledger.clauses())


class TestTheNearestClause:
    @pytest.mark.parametrize(
        ("name", "path", "value", "clause", "where"),
        [
            ("balance", ("data", "cash_balance"), "2", "balance.cash-balance-type", "/data/cash_balance"),
            ("balance", ("data", "voucher_balance"), -1, "balance.voucher-not-negative", "/data/voucher_balance"),
            ("balance", ("data", "voucher_balance"), "1", "balance.voucher-balance-type", "/data/voucher_balance"),
            ("batch", ("completed_at",), "now", "batches.moments-type", "/completed_at"),
            ("batch", ("request_counts", "failed"), -1, "batches.counts.value", "/request_counts/failed"),
            ("batch", ("metadata",), {"a": 1}, "batches.metadata-type", "/metadata/a"),
            ("batch.list", ("data", 0, "status"), "gone", "batches.state-value", "/data/0/status"),
            ("chat.completion", ("choices",), [], "chat.choices-type", "/choices"),
            ("chat.completion", ("choices", 0), 7, "chat.choice", "/choices/0"),
            ("chat.completion", ("choices", 0, "message", "role"), "model", "chat.message.role-value",
             "/choices/0/message/role"),
            ("models.list", ("data", 0, "context_length"), "1", "models.context-length-type", "/data/0/context_length"),
            ("batch.output.line", ("response", "body"), {"x": 1}, "batches.output.answer", "/response/body"),
        ],
    )  # fmt: skip
    def test_a_value_that_is_wrong_breaks_the_clause_that_stands_nearest(self, name, path, value, clause, where):
        shape = shapes.examine(name, replaced(BODIES[name], *path, value))
        assert [finding.where for finding in shape.findings[clause]] == [where]
        assert set(shape.findings) == {clause}

    @pytest.mark.parametrize(
        ("name", "path", "clause"),
        [
            ("balance", ("code",), "balance.code"),
            ("balance", ("data", "cash_balance"), "balance.cash-balance"),
            ("chat.completion", ("usage",), "chat.usage"),
            ("chat.completion", ("choices", 0, "finish_reason"), "chat.choice.finish-reason"),
            ("batch.list", ("data", 0, "request_counts", "total"), "batches.counts.total"),
            ("error", ("error", "type"), "errors.type"),
        ],
    )
    def test_a_member_that_is_missing_breaks_its_own_clause_alone(self, name, path, clause):
        shape = shapes.examine(name, without(BODIES[name], *path))
        assert set(shape.findings) == {clause}
        assert f"the member '{path[-1]}'" in shape.findings[clause][0].expected

    def test_two_members_that_are_missing_break_two_clauses(self):
        shape = shapes.examine("balance", without(without(BALANCE, "code"), "scode"))
        assert set(shape.findings) == {"balance.code", "balance.scode"}

    def test_null_is_there_and_of_the_wrong_type_and_not_missing(self):
        shape = shapes.examine("balance", BALANCE | {"code": None})
        assert set(shape.findings) == {"balance.code-type"}

    def test_true_is_no_number_and_one_point_zero_is_an_integer(self):
        assert set(shapes.examine("balance", BALANCE | {"code": True}).findings) == {"balance.code-type"}
        assert shapes.examine("balance", BALANCE | {"code": 0.0}).findings == {}


class TestLookedAt:
    def test_what_is_inside_an_absent_object_is_not_looked_at(self):
        looked = shapes.examine("balance", without(BALANCE, "data")).looked_at
        assert not looked & {"balance.cash-balance", "balance.cash-balance-type", "balance.voucher-not-negative"}
        assert "balance.data" in looked

    def test_what_is_inside_a_value_of_another_type_is_not_looked_at(self):
        looked = shapes.examine("balance", BALANCE | {"data": "x"}).looked_at
        assert not looked & {"balance.cash-balance", "balance.cash-balance-type"}
        assert "balance.data-type" in looked

    def test_a_bound_is_not_looked_at_where_there_is_no_number(self):
        told = replaced(BALANCE, "data", "voucher_balance", "1")
        assert "balance.voucher-not-negative" not in shapes.examine("balance", told).looked_at

    def test_the_items_of_an_empty_list_are_not_looked_at(self):
        looked = shapes.examine("batch.list", {"object": "list", "data": []}).looked_at
        assert not looked & set(schemas.clauses_of("batch"))

    def test_a_tool_call_is_looked_at_only_where_there_is_one(self):
        assert "chat.tool-call.id" not in shapes.examine("chat.completion", CHAT).looked_at
        called = replaced(CHAT, "choices", 0, "message", "tool_calls", [{}])
        assert "chat.tool-call.id" in shapes.examine("chat.completion", called).looked_at


class TestUnknown:
    def test_they_are_told_at_every_depth_with_their_place(self):
        told = replaced(replaced(CHAT, "usage", "new", 1), "choices", 0, "message", "audio", None)
        assert set(shapes.examine("chat.completion", told).unknown) == {"/usage/new", "/choices/0/message/audio"}

    def test_what_any_part_of_a_schema_knows_is_known(self):
        assert shapes.examine("balance", BALANCE).unknown == ()

    def test_they_do_not_hide_what_is_broken(self):
        shape = shapes.examine("balance", BALANCE | {"code": "0", "new": 1})
        assert (set(shape.findings), shape.unknown) == ({"balance.code-type"}, ("/new",))


class TestShown:
    @pytest.mark.parametrize("value", [None, True, 0, -1.5])
    def test_a_plain_value_is_shown_as_it_is(self, value):
        assert shapes.shown(value) is value

    def test_a_long_text_is_cut_and_its_length_told(self):
        assert shapes.shown("x" * 1000) == "x" * 200 + "… (1000 characters)"

    @pytest.mark.parametrize("value", [float("nan"), float("inf"), [1], {"a": 1}])
    def test_anything_else_becomes_text(self, value):
        assert isinstance(shapes.shown(value), str)

    def test_half_a_character_and_what_a_terminal_would_obey_are_spelled_out(self):
        shown = shapes.shown("\ud800 \x1b[31m")
        assert shown.encode("utf-8")
        assert "\x1b" not in shown


@pytest.mark.parametrize("name", BODIES)
def test_a_value_as_deep_as_json_may_be_is_told_and_breaks_nothing_of_ours(name):
    deep = []
    for _ in range(strictjson.DEPTH_LIMIT - 1):
        deep = [deep]
    assert set(shapes.examine(name, deep).findings) == {schemas.documents()[name]["x-clause"]}
    assert set(shapes.examine(name, {"new": deep}).findings) <= set(schemas.clauses_of(name))
