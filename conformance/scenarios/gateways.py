"""What is asked of gateways alone: what they have of their own, a chat in their own shape, and what they must refuse.

A wrong key is sent with a chat: their lists of models are open to everybody.
"""

from collections.abc import Callable, Mapping
from typing import Any

from conformance.evidence.api import Api
from conformance.scenarios import Ask, scenario
from conformance.scenarios.chat import HELLO, user
from conformance.scenarios.refusals import NO_MODEL, WRONG_KEY

COUNT = user("Count from one to nine in words. Reply with exactly one word: one-two-three-four-five")
# Room for thoughts that not every gateway can be told to leave out.
STOPPED: dict[str, Any] = {"max_completion_tokens": 512, "stop": ["four"]}
How = Callable[[Api, str], object]


def body(api: Api, **members: object) -> dict[str, Any]:
    """Return the cheapest legal chat request with some members added or replaced."""
    return {"model": api.model, "messages": [HELLO], **api.smallest, **members}


def chat(api: Api, endpoint: str) -> None:
    """Ask for an answer that is to end at a stop, and may think first."""
    api.call(endpoint, json={"model": api.model, "messages": [COUNT], **STOPPED})


REFUSED: dict[str, How] = {
    "bad-key": lambda api, endpoint: api.call(endpoint, json=body(api), key=WRONG_KEY, refused=True),
    "no-key": lambda api, endpoint: api.call(endpoint, json=body(api), key=None, refused=True),
    "unknown-model": lambda api, endpoint: api.call(endpoint, json=body(api, model=NO_MODEL), refused=True),
    "malformed-body": lambda api, endpoint: api.call(endpoint, body=b'{"model": "', refused=True),
}
RANGED = REFUSED | {
    "out-of-range": lambda api, endpoint: api.call(endpoint, json=body(api, max_completion_tokens=0), refused=True)
}
HOSTS: Mapping[str, Mapping[str, How]] = {"openrouter": RANGED, "aimlapi": RANGED, "compatible": REFUSED}


def _asking(how: How, endpoint: str) -> Ask:
    def ask(api: Api) -> None:
        how(api, endpoint)

    return ask


for _host, _refused in HOSTS.items():
    _chat = f"{_host}.chat"
    scenario(_chat, _chat, spends=(1, 150, 512))(_asking(chat, _chat))
    for _name, _how in _refused.items():
        scenario(f"{_host}.{_name}", refusal=f"{_host}.{_name}", control=_chat)(_asking(_how, _chat))

for _own in ("openrouter.models", "openrouter.credits", "openrouter.key", "aimlapi.models", "aimlapi.billing"):
    scenario(_own, _own)(_asking(Api.call, _own))

for _spent in ("openrouter.key", "aimlapi.billing"):
    scenario(f"{_spent}-after", _spent, control=_spent, follows=True)(_asking(Api.call, _spent))
