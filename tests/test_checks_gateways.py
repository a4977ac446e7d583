"""Who answers at a gateway: by whatever name a gateway tells of the model that was asked for, and by no other."""

import pytest

from conformance import targets
from conformance.vocabulary import Status

GATEWAY = targets.load("openai-compatible=https://gateway.example/v1")


def judged(verdict_of, said, asked, told):
    answer = said("chat.completions", {"model": told}, asked={"model": asked, "messages": []})
    return verdict_of("gateways.model-same", answer, target=GATEWAY).status


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("moonshotai/kimi-k2.6", "moonshotai/kimi-k2.6"),
        ("moonshotai/kimi-k2.6", "moonshotai/kimi-k2.6-20260420"),
        ("moonshotai/kimi-k2.6:free", "moonshotai/kimi-k2.6"),
        ("moonshot/kimi-k2-6", "kimi-k2.6"),
        ("moonshotai/Kimi-K2-Instruct-0905:groq", "moonshotai/kimi-k2-instruct-0905"),
    ],
)
def test_a_name_of_the_same_model_is_none_of_another(verdict_of, said, asked, told):
    assert judged(verdict_of, said, asked, told) is Status.PASS


@pytest.mark.parametrize("told", ["kimi-k2.5", "moonshotai/kimi-k2.5", "moonshotai/kimi-k2.6-turbo", "gpt-4o", ""])
def test_a_name_of_another_model_fails(verdict_of, said, told):
    assert judged(verdict_of, said, "moonshotai/kimi-k2.6", told) is Status.FAIL
