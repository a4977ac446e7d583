"""The checks that hold the prompt tokens of an answer against those of a shorter prompt."""

import pytest

from conformance.checks.test_usage import WORDS_MORE

CHAT = "chat.completions"
PLAIN = 9
# Clause, how many tokens more than the plain prompt are too few, and the scenario of the plain prompt.
LONGER = {"chat.vision-counted": WORDS_MORE, "chat.system-counted": 0}
PLAINLY = {"chat.vision-counted": "chat.one-word", "chat.system-counted": "stream.cut-by-budget"}


@pytest.fixture
def counted(said, verdict_of):
    """Judge the prompt tokens of an answer beside those of the plain one."""

    def judge(clause, told, plain=PLAIN, **more):
        answer = said(CHAT, {"usage": {"prompt_tokens": told}})
        control = said(CHAT, {"usage": {"prompt_tokens": plain}}, **more)
        return verdict_of(clause, answer, others={PLAINLY[clause]: (control,)})

    return judge


@pytest.mark.parametrize("clause", LONGER)
class TestALongerPrompt:
    def test_more_tokens_than_the_plain_one_needs_pass(self, counted, clause):
        assert counted(clause, PLAIN + LONGER[clause] + 1).status == "pass"
        assert counted(clause, 1033).status == "pass"

    def test_no_more_than_those_warn(self, counted, clause):
        assert counted(clause, PLAIN).status == "warn"
        assert counted(clause, PLAIN + LONGER[clause]).status == "warn"

    @pytest.mark.parametrize(("told", "plain"), [("1033", 9), (1033, "9"), (None, 9), (1033, None)])
    def test_what_is_no_count_could_not_be_checked(self, counted, clause, told, plain):
        assert counted(clause, told, plain).status == "could-not-check"

    def test_a_control_that_failed_or_was_not_asked_could_not_be_held_against(self, counted, said, verdict_of, clause):
        assert counted(clause, 1033, status=500).status == "could-not-check"
        assert counted(clause, 1033, failure="no answer").status == "could-not-check"
        assert "it was not asked" in verdict_of(clause, said(CHAT, {"usage": {"prompt_tokens": 9}})).reason
