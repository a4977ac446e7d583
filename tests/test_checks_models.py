"""The checks of the list of models: whether it is what was announced, on the day by which it is judged."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from conformance import catalogue, targets
from conformance.checks import checks_by_clause
from conformance.contract import ledger
from conformance.vocabulary import ABSENT, Account

CREATED = 1788436700
MODEL = {"object": "model", "created": CREATED, "owned_by": "moonshot"}
SEEING = {"supports_image_in": True, "supports_video_in": True, "supports_reasoning": True}
# What is announced on the day of the hand-made exchanges, 2026-09-03, with what was announced of each.
LISTED = {
    "object": "list",
    "data": [
        {"id": "kimi-k2.6", "context_length": 262144, **MODEL, **SEEING},
        {"id": "kimi-k3", "context_length": 1048576, **MODEL, **SEEING},
        {"id": "kimi-k2.7-code", "context_length": 262144, **MODEL, **SEEING},
        {"id": "kimi-k2.7-code-highspeed", "context_length": 262144, **MODEL, **SEEING},
    ],
}
FIRST, SECOND, THIRD = "/data/0", "/data/1", "/data/2"
UNREADABLE = {f"{FIRST}/id": 7}
EFFORTS = {"support": True, "valid_efforts": ["low", "max"], "default_effort": "max"}
BOTH = {f"{SECOND}/think_efforts": EFFORTS, f"{SECOND}/reasoning_efforts": EFFORTS}
# Clause, what holds, what breaks, and what tells nothing: each as changes of the list above.
CASES = [
    ("models.ids-unique", {}, {f"{SECOND}/id": "kimi-k2.6"}, UNREADABLE),
    ("models.created-seconds", {}, {f"{FIRST}/created": CREATED * 1000}, {f"{FIRST}/created": "now"}),
    ("models.created-seconds", {f"{FIRST}/created": ABSENT}, {f"{FIRST}/created": CREATED + 86_400}, {"/data": []}),
    ("models.promised-listed", {}, {FIRST: ABSENT}, UNREADABLE),
    ("models.promised-listed", {SECOND: ABSENT}, {f"{FIRST}/id": "Kimi-K2.6"}, {"/data": ABSENT}),
    ("models.announced-listed", {}, {THIRD: ABSENT}, UNREADABLE),
    ("models.announced-listed", {FIRST: ABSENT}, {f"{THIRD}/id": "kimi-k4"}, {SECOND: ABSENT}),
    ("models.retired-unlisted", {}, {f"{SECOND}/id": "kimi-k2.5"}, UNREADABLE),
    ("models.retired-unlisted", {f"{SECOND}/id": "kimi-k4"}, {f"{SECOND}/id": "moonshot-v1-8k"}, {FIRST: "kimi-k2.6"}),
    ("models.known", {}, {f"{SECOND}/id": "kimi-k4"}, UNREADABLE),
    ("models.context-announced", {}, {f"{FIRST}/context_length": 131072}, {f"{FIRST}/context_length": "262144"}),
    ("models.context-announced", {f"{FIRST}/context_length": ABSENT}, {f"{SECOND}/context_length": 1}, UNREADABLE),
    ("models.modalities-announced", {}, {f"{FIRST}/supports_image_in": False}, UNREADABLE),
    ("models.modalities-announced", {f"{FIRST}/supports_video_in": ABSENT}, {f"{SECOND}/supports_video_in": 1},
     UNREADABLE),
    ("models.reasoning-announced", {}, {f"{FIRST}/supports_reasoning": False}, UNREADABLE),
    ("models.asked-listed", {}, {FIRST: ABSENT}, UNREADABLE),
    ("models.created-same", {}, {f"{SECOND}/created": CREATED - 1}, {f"{FIRST}/created": "now"}),
    ("models.efforts-agree", BOTH, {f"{SECOND}/think_efforts": EFFORTS}, {}),
]  # fmt: skip


@pytest.fixture
def reached(said, verdict_of, changed):
    """Judge the list above with some changes."""

    def judge(clause, changes, **known):
        return verdict_of(clause, said("models.list", changed(LISTED, changes)), **known)

    return judge


@pytest.mark.parametrize(("clause", "changes"), [(clause, holds) for clause, holds, _, _ in CASES])
def test_a_list_that_holds_passes(reached, clause, changes):
    assert reached(clause, changes).status == "pass"


@pytest.mark.parametrize(("clause", "changes"), [(clause, breaks) for clause, _, breaks, _ in CASES])
def test_a_list_that_breaks_a_clause_is_found(reached, clause, changes):
    verdict = reached(clause, changes)
    assert verdict.status == ("fail" if ledger.clauses()[clause].level == "MUST" else "warn")
    assert verdict.findings


@pytest.mark.parametrize(("clause", "changes"), [(clause, nothing) for clause, _, _, nothing in CASES])
def test_a_list_that_tells_nothing_never_passes(reached, clause, changes):
    assert reached(clause, changes).status in ("could-not-check", "not-applicable")


@pytest.mark.parametrize("clause", sorted({case[0] for case in CASES}))
@pytest.mark.parametrize("body", [None, [], "text", {}, {"data": None}, {"data": [None]}, {"data": [{"id": None}]}])
def test_a_list_of_another_shape_never_passes_and_never_crashes(said, verdict_of, clause, body):
    verdict = verdict_of(clause, said("models.list", body))
    assert verdict.status in ("could-not-check", "not-applicable"), verdict.reason


def test_every_clause_of_the_list_that_has_a_function_is_among_the_cases():
    plain = {
        clause.id
        for clause, checks in checks_by_clause().items()
        if clause.id.startswith("models.") and any(check.name not in ("test_shape", "test_status") for check in checks)
    }
    assert plain == {case[0] for case in CASES}


class TestLateness:
    ANNOUNCED = date(2026, 4, 20)

    @pytest.mark.parametrize(
        ("days", "told"), [(0, "0 days late"), (1, "1 day late"), (3, "3 days late"), (136, "136 days late")]
    )
    def test_a_model_that_is_not_listed_is_as_late_as_the_days_since_its_announcement(self, reached, days, told):
        verdict = reached("models.promised-listed", {FIRST: ABSENT}, as_of=self.ANNOUNCED + timedelta(days=days))
        assert verdict.status == "fail"
        assert f"kimi-k2.6, announced 2026-04-20, {told} (https://" in verdict.findings[0].expected

    def test_before_its_announcement_nobody_expects_it(self, reached):
        verdict = reached("models.promised-listed", {FIRST: ABSENT}, as_of=self.ANNOUNCED - timedelta(days=1))
        assert verdict.status == "not-applicable"
        assert "announced by 2026-04-19" in verdict.reason

    def test_without_a_day_the_day_of_the_exchange_counts(self, reached):
        verdict = reached("models.promised-listed", {FIRST: ABSENT})
        assert "136 days late" in verdict.findings[0].expected

    @pytest.mark.parametrize(
        ("account", "status"),
        [(Account.TOPPED_UP, "warn"), (Account.UNFUNDED, "pass"), (None, "could-not-check")],
    )
    def test_a_model_that_needs_a_top_up_is_missed_by_an_account_that_has_one(self, reached, account, status):
        whose = replace(targets.load("moonshot"), account=account)
        assert reached("models.announced-listed", {SECOND: ABSENT}, target=whose).status == status
        assert reached("models.promised-listed", {SECOND: ABSENT}, target=whose).status == "pass"


class TestRetirement:
    LAST = catalogue.models()["kimi-k2.5"].retired

    def test_on_its_last_day_a_model_may_be_listed(self, reached):
        listed = {f"{SECOND}/id": "kimi-k2.5"}
        assert reached("models.retired-unlisted", listed, as_of=self.LAST).status == "pass"

    def test_on_the_day_after_it_may_not(self, reached):
        listed = {f"{SECOND}/id": "kimi-k2.5"}
        verdict = reached("models.retired-unlisted", listed, as_of=self.LAST + timedelta(days=1))
        assert verdict.status == "fail"
        assert f"retired {self.LAST}, 1 days ago" in verdict.findings[0].expected

    def test_a_retired_model_is_not_missed(self, reached):
        assert "kimi-k2.5" not in str(reached("models.announced-listed", {}).findings)


class TestWhoIsAsked:
    def test_the_catalogue_does_not_speak_of_gateways(self, reached):
        gateway = replace(targets.load("moonshot"), official=False)
        for clause in ("models.promised-listed", "models.announced-listed", "models.retired-unlisted", "models.known"):
            assert reached(clause, {FIRST: ABSENT}, target=gateway).status == "not-applicable"

    def test_the_model_that_is_asked_for_must_be_listed_by_a_gateway_too(self, reached):
        gateway = replace(targets.load("moonshot"), official=False)
        verdict = reached("models.asked-listed", {}, target=gateway, model="moonshotai/kimi-k2.6")
        assert verdict.status == "fail"

    def test_a_model_that_is_not_to_be_had_that_day_is_not_asked_for(self, reached):
        verdict = reached("models.asked-listed", {}, model="kimi-k2.5")
        assert (verdict.status, verdict.reason) == ("not-applicable", "kimi-k2.5 was not to be had on 2026-09-03")

    def test_a_model_that_is_listed_before_its_announcement_is_a_surprise(self, reached):
        verdict = reached("models.known", {}, as_of=date(2026, 7, 15))
        assert "before its announcement on 2026-07-16" in str(verdict.findings)

    def test_a_list_without_any_announced_model_tells_no_context(self, said, verdict_of):
        others = {"object": "list", "data": [{"id": "llama", "context_length": 1}]}
        assert verdict_of("models.context-announced", said("models.list", others)).status == "not-applicable"


@pytest.mark.parametrize(
    ("clause", "names"),
    [
        ("models.created-seconds", ["created"]),
        ("models.context-announced", ["context_length"]),
        ("models.modalities-announced", ["supports_image_in", "supports_video_in"]),
        ("models.reasoning-announced", ["supports_reasoning"]),
    ],
)
def test_a_list_in_which_no_model_tells_it_passes_nothing(reached, clause, names):
    changes = {f"/data/{index}/{name}": ABSENT for index in range(len(LISTED["data"])) for name in names}
    assert reached(clause, changes).status == "not-applicable"
