"""Thinking: on, off, kept, and how much of it."""

from typing import Any

from conformance import catalogue
from conformance.evidence.api import Api
from conformance.scenarios import scenario
from conformance.scenarios.chat import HELLO
from conformance.scenarios.parameters import fixed

CHAT = "chat.completions"


@scenario("thinking.on", CHAT, spends=(1, 200, 256), needs=("thinking-member", "fixed-sampling"), shows="thinking.told")
def on(api: Api) -> None:
    """Have the model think and keep its earlier thoughts, with every fixed parameter at the value that it may have."""
    earlier = {"role": "assistant", "content": "hello", "reasoning_content": "One word is wanted."}
    api.chat(HELLO, earlier, HELLO, **{**api.think, **fixed(api.model, "thinking"), **_kept(api.model)})


def _kept(model: str) -> dict[str, Any]:
    takes = not catalogue.lacks(model, "thinking-keep")
    return {"thinking": {"type": "enabled", "keep": "all"}} if takes else {}


@scenario("thinking.effort", CHAT, spends=(2, 300, 256), needs=("reasoning-effort",))
def effort(api: Api) -> None:
    """Ask for each effort of reasoning that is documented, but the one that every other call has."""
    for wanted in catalogue.families()[catalogue.models()[api.model].family].efforts:
        if wanted != api.smallest.get("reasoning_effort"):
            api.chat(HELLO, reasoning_effort=wanted)


@scenario("thinking.effort-unlisted", spends=(1, 150, 128), needs=("reasoning-effort",), control="chat.one-word")
def effort_unlisted(api: Api) -> None:
    """Ask for an effort of reasoning that is not documented."""
    api.chat(HELLO, reasoning_effort="medium", refused=True)


@scenario(
    "thinking.off-undocumented", spends=(1, 150, 128), needs=("thinking-off-undocumented",), control="chat.one-word"
)
def off_undocumented(api: Api) -> None:
    """Tell a model not to think that is documented always to do so."""
    api.chat(HELLO, thinking={"type": "disabled"}, refused=True)
