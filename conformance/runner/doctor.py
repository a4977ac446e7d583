"""The doctor's part in a live run: it judges what the run asks anyway, and adds one preflight that costs nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from conformance.doctor import examination
from conformance.doctor.asking import preflight
from conformance.doctor.steps import Seen, Step
from conformance.evidence.client import Client
from conformance.evidence.connections import Connections
from conformance.runner.settings import Settings
from conformance.vocabulary import Exchange

Conversations = Mapping[str, Sequence[Exchange]]


class Doctor:
    """Looks at the key before anything is asked, at the way after the first scenario, and at the account in the end.

    ``connections`` is for the client of the run. ``asked`` is the preflight, where one was sent.
    """

    def __init__(self, settings: Settings) -> None:
        self.connections = Connections()
        self.asked: tuple[Exchange, ...] = ()
        day = settings.as_of or date.today()
        self._seen = Seen(settings.target, settings.model, day, settings.key)

    def in_the_way(self, said: Conversations) -> str | None:
        """Return why nothing that is asked can succeed, or None."""
        found = self.steps(said)
        name = examination.failed(found)
        return f"not asked: {found[name].sentence}" if name in examination.IN_THE_WAY else None

    def after_the_first(self, client: Client, said: Conversations) -> str | None:
        """Keep how the first connection was made, and send the preflight, unless something is in the way."""
        self._seen = replace(self._seen, connection=self.connections.last)
        if reason := self.in_the_way(said):
            return reason
        self.asked = (preflight(client),)
        return None

    def steps(self, said: Conversations) -> dict[str, Step]:
        """Return what every step comes to, by what was said so far."""
        asked = [(one.made_at, one) for each in list(said.values()) for one in each if one.made_at and not one.refused]
        in_order = [one for _, one in sorted(asked, key=lambda pair: pair[0])]
        return examination.examine(replace(self._seen, said=(*self.asked, *in_order)))
