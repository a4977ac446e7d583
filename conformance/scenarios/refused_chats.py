"""Chat requests that must be refused and cost no tokens; each is a row of refused_chats.toml."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from conformance import rows
from conformance.evidence.api import Api
from conformance.scenarios import Ask, scenario
from conformance.scenarios.chat import HELLO


@dataclass(frozen=True, slots=True)
class RefusedChat:
    """What to change in the cheapest legal request so that it must be refused; the file explains each field."""

    refusal: str
    bodies: tuple[str, ...]
    needs: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    thinking: bool = False


def read(path: Path) -> list[RefusedChat]:
    """Return the rows of a file; raises rows.ConfigurationError."""
    return [rows.read(RefusedChat, row, f"{path.name}: {row.get('refusal')}") for row in rows.tables(path, "request")]


def _asking(row: RefusedChat) -> Ask:
    def ask(api: Api) -> None:
        think = api.think if row.thinking else {}
        for text in row.bodies:
            body = {"model": api.model, "messages": [HELLO], **api.smallest, **think, **json.loads(text)}
            kept = {name: value for name, value in body.items() if name not in row.without}
            api.call("chat.completions", json=kept, refused=True)

    return ask


for _row in read(Path(__file__).with_suffix(".toml")):
    scenario(f"refusals.{_row.refusal}", refusal=_row.refusal, control="chat.one-word", needs=_row.needs)(_asking(_row))
