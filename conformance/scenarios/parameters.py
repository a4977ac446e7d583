"""The parameters of a chat: each at the value that it may have, and each at one that it may not."""

import json
from typing import Any

from conformance import catalogue
from conformance.evidence.api import Api
from conformance.scenarios import Ask, scenario
from conformance.scenarios.chat import HELLO, user

CHAT = "chat.completions"
STOPS = ("four", "five", "six", "seven", "eight")
# Members that the documentation does not know, and that real traffic shows to be ignored.
UNKNOWN: dict[str, Any] = {
    "metadata": {"made_by": "kimi-conformance"}, "store": False, "user": "kimi-conformance", "seed": 7, "top_k": 1,
    "verbosity": "low", "service_tier": "auto", "parallel_tool_calls": True, "do_sample": True, "partial_mode": True,
}  # fmt: skip
FIXED = ("temperature", "top_p", "n", "presence_penalty", "frequency_penalty", "logprobs")


def fixed(model: str, mode: str) -> dict[str, Any]:
    """Return every parameter that may have one value only, at that value."""
    family = catalogue.models()[model].family
    return {name: json.loads(rule.only) for name, rule in catalogue.rules_for(family, mode).items() if rule.only}


@scenario("parameters.accepted", CHAT, spends=(1, 150, 128), needs=("fixed-sampling",))
def accepted(api: Api) -> None:
    """Send every fixed parameter at its one value, the answer as text, and five stops, one of which is met."""
    mode = catalogue.modes(catalogue.models()[api.model].family)[0]
    counted = user("Count from one to nine in words. Reply with exactly one word: one-two-three-four-five")
    api.chat(counted, **fixed(api.model, mode), stop=list(STOPS), response_format={"type": "text"})


@scenario("parameters.unknown", spends=(1, 150, 128), control="chat.one-word")
def unknown(api: Api) -> None:
    """Send members that the documentation does not know."""
    api.chat(HELLO, **UNKNOWN, refused=True)


def _wrong(parameter: str) -> Ask:
    def ask(api: Api) -> None:
        family = catalogue.models()[api.model].family
        for mode in catalogue.modes(family):
            think = api.think if mode == "thinking" else {}
            for value in catalogue.rules_for(family, mode)[parameter].wrong:
                api.chat(HELLO, **{**think, parameter: json.loads(value)}, refused=True)

    ask.__doc__ = f"Send a {parameter} that is not allowed, thinking and not, as far as the model does."
    return ask


def _disputed(api: Api) -> None:
    """Send a temperature that one source says is accepted while the model thinks, and another that it is refused."""
    family = catalogue.models()[api.model].family
    for value in catalogue.rules_for(family, "thinking")["temperature"].disputed:
        api.chat(HELLO, **{**api.think, "temperature": json.loads(value)}, refused=True)


for name in FIXED:
    refusal = name.replace("_", "-")
    scenario(f"parameters.{refusal}", refusal=refusal, control="chat.one-word", needs=("fixed-sampling",))(_wrong(name))
scenario(
    "parameters.temperature-disputed",
    refusal="temperature-disputed",
    control="chat.one-word",
    needs=("fixed-sampling",),
)(_disputed)
