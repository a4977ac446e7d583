"""The lies by name: what each of them is, as data, and a server that tells some of them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from conformance import rows
from conformance.reference.answers import Handler
from conformance.reference.lies import LIES, Lie
from conformance.vocabulary import Fault

_HERE = Path(__file__).parent


@cache
def faults() -> dict[str, Fault]:
    """Return the lies by name, also those that break nothing; raises rows.ConfigurationError.

    It is an error where a lie is described and not told, or told and not described.
    """
    path = _HERE / "faults.toml"
    known = rows.unique([rows.read(Fault, row, path.name) for row in rows.tables(path, "fault")], "name", path.name)
    differing = sorted(set(LIES) ^ set(known))
    if differing:
        raise rows.ConfigurationError(f"{path.name}: described only, or told only: {', '.join(differing)}")
    return known


def lying(names: Sequence[str], honest: Handler) -> Handler:
    """Return a handler that tells the lies named, the last one last; raises rows.ConfigurationError on other names."""
    known = faults()
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise rows.ConfigurationError(f"there is no fault {name!r}{hint}")
        honest = _told(LIES[name], honest)
    return honest


def _told(lie: Lie, honest: Handler) -> Handler:
    return lambda call: lie(call, honest)
