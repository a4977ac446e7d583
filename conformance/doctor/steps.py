"""What the doctor looks at, and what it says of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from conformance.evidence.connections import Connection
from conformance.judge.shapes import shown
from conformance.vocabulary import Exchange, Status, Target

# The request that a browser sends ahead of one to another host; it bears no key and is no operation of the API.
PREFLIGHT = "preflight"
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Step:
    """What one step came to: pass, warn, fail, could-not-check or not-applicable; in one sentence, and what to do."""

    status: Status
    sentence: str
    advice: str = ""
    source: str = ""


@dataclass(frozen=True)
class Seen:
    """All that is known so far: ``held`` is what the variable of the key holds, ``said`` what was asked, in order.

    What was asked to be refused is no part of it.
    """

    target: Target
    model: str
    day: date
    held: str | None = field(repr=False)
    connection: Connection | None = None
    said: tuple[Exchange, ...] = ()

    @property
    def host(self) -> str:
        """The name of the target's host."""
        return urlsplit(self.target.base_url).hostname or ""

    @property
    def secure(self) -> bool:
        """Whether the target is reached by https."""
        return self.target.base_url.startswith("https:")

    @property
    def preflight(self) -> Exchange | None:
        """The preflight, where one was sent."""
        return self.of(PREFLIGHT)

    @property
    def with_key(self) -> tuple[Exchange, ...]:
        """What was asked with the key."""
        return tuple(exchange for exchange in self.said if exchange.endpoint != PREFLIGHT)

    def of(self, *endpoints: str) -> Exchange | None:
        """Return the first exchange with one of some endpoints, or None."""
        return next((exchange for exchange in self.said if exchange.endpoint in endpoints), None)


def unknown(reason: str) -> Step:
    """Return the step that could not be looked at."""
    return Step(Status.COULD_NOT_CHECK, reason)


def record(name: str, step: Step) -> dict[str, Any]:
    """Return a step as run files and reports have it; what it quotes is short and can be written anywhere."""
    texts = asdict(step) | {"status": step.status.value}
    return {"step": name, **{member: str(shown(text, _LONGEST)) for member, text in texts.items()}}
