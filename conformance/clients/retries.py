"""How often the SDK asks again: shown by the reference server in this process, as no service can be made to refuse.

It is told to come back at once, by a header that the SDK heeds, so that nobody has to wait.
"""

from __future__ import annotations

from collections.abc import Iterator

import openai

from conformance import targets
from conformance.clients.comparison import Kind
from conformance.clients.table import ANY, Row
from conformance.clients.transport import Bridge, sdk
from conformance.evidence.client import Client
from conformance.evidence.redact import Redactor
from conformance.reference import create_app
from conformance.reference.inprocess import InProcess
from conformance.runner.settings import OFFLINE_KEY
from conformance.scenarios.chat import HELLO

# Lies of the reference server, and what each has to do with whoever asks again.
SHOWN = {
    "overloaded-once": "an engine that is overloaded",
    "rate-limited-once": "too many requests",
    "account-suspended": "an empty purse, which no second request fills",
    "everything-500": "an error of the server",
    "everything-401": "a refused key",
}
_AT_ONCE = (("retry-after-ms", "1"),)


def retries() -> Iterator[Row]:
    """Yield how many requests each lie makes of one, as the SDK retries by default, and what is raised in the end."""
    for fault, what in SHOWN.items():
        statuses, raised = _asked(fault)
        told = ", ".join(map(str, statuses))
        kind, reason = Kind.SAME if len(statuses) == 1 else Kind.ADDED, "shown by the reference server in this process"
        sent = f"{len(statuses)} request{'' if len(statuses) == 1 else 's'}, then {raised}"
        yield Row(ANY, f"retries on {what}", kind, told, sent, reason=reason)


def _asked(fault: str) -> tuple[list[int], str]:
    target = targets.load("reference")
    transport = InProcess(create_app(fault=[fault]))
    client = Client(target, Redactor(target.key_variable, OFFLINE_KEY), transport=transport, sleep=lambda _: None)
    bridge = Bridge(client, OFFLINE_KEY, added=_AT_ONCE, attempts=1)
    raised = "an answer"
    try:
        with sdk(bridge, retries=openai.DEFAULT_MAX_RETRIES) as ours:
            ours.chat.completions.create(model=target.model, messages=[HELLO])  # type: ignore[list-item]
    except openai.APIStatusError as error:
        raised = type(error).__name__
    finally:
        client.close()
    return [each.response.status if each.response else 0 for each in bridge.exchanges], raised
