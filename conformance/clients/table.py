"""The rows that a run of a client comes to, each fact once, however often it was seen."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from conformance.clients import promises
from conformance.clients.comparison import Difference, Kind
from conformance.contract import ledger
from conformance.evidence.runfile import Record
from conformance.judge.shapes import shown
from conformance.vocabulary import Status, Target

# The endpoint of what holds of any request.
ANY = "*"
_LOST = (Kind.HIDDEN, Kind.FILLED_IN, Kind.CONVERTED, Kind.MISTYPED)
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one thing at one endpoint.

    ``wire`` and ``sdk`` show it once as it was; ``clause`` is what the contract says of it, ``breaks`` are the clauses
    that the answer breaks there: then the SDK is not to blame alone. ``times`` is how often it was seen.
    """

    endpoint: str
    what: str
    kind: Kind
    wire: str
    sdk: str
    status: Status = Status.PASS
    reason: str = ""
    clause: str | None = None
    source: str | None = None
    breaks: tuple[str, ...] = ()
    scenarios: tuple[str, ...] = ()
    times: int = 1


def missed(endpoint: str, what: str, wire: str, reason: str) -> Row:
    """Return the row of what could not be checked."""
    return Row(endpoint, what, Kind.COULD_NOT_CHECK, wire, "", Status.COULD_NOT_CHECK, reason)


def weighed(
    each: Difference, part: str, endpoint: str, schema: str | None, target: Target, broken: frozenset[str]
) -> Row:
    """Return a difference as a row: what loses something that the contract promises is a warning.

    ``part`` tells of what the difference is a part, and ``broken`` are the clauses that the answer breaks.
    """
    needed = promises.required(schema, each.where) if schema else None
    named = promises.declared(schema, each.where) if schema else None
    clause = needed if each.kind is Kind.FILLED_IN else named or needed
    promise = promises.promised(clause, target) if each.kind in _LOST else None
    return Row(
        endpoint,
        f"{part} {each.where}",
        each.kind,
        each.wire,
        each.sdk,
        Status.WARN if promise else Status.PASS,
        clause=clause,
        source=promise.source if promise else None,
        breaks=tuple(spoken for spoken in dict.fromkeys((needed, named)) if spoken in broken) if promise else (),
    )


@dataclass
class Table:
    """Gathers rows; one of the same endpoint, thing, kind and status is another time of the first."""

    _rows: dict[tuple[str, str, Kind, Status], Row] = field(default_factory=dict)

    def add(self, row: Row) -> None:
        """Take a row."""
        place = (row.endpoint, row.what, row.kind, row.status)
        first = self._rows.get(place)
        if first is not None:
            named = tuple(dict.fromkeys([*first.scenarios, *row.scenarios]))
            row = replace(first, scenarios=named, times=first.times + row.times)
        self._rows[place] = row

    def rows(self) -> list[Row]:
        """Return the rows by endpoint, in the order of the ledger; what holds of any request comes last."""
        order = [*ledger.endpoints(), ANY]
        return sorted(self._rows.values(), key=lambda row: order.index(row.endpoint))

    def has_missed(self, scenario: str) -> bool:
        """Tell whether something of a scenario is already known not to have been checked."""
        return any(row.kind is Kind.COULD_NOT_CHECK and scenario in row.scenarios for row in self._rows.values())


def record(row: Row) -> Record:
    """Return a row as a record: what the client saw is shown short, and can be written anywhere."""
    return {
        "endpoint": row.endpoint,
        "what": str(shown(row.what)),
        "kind": row.kind.value,
        "status": row.status.value,
        "wire": str(shown(row.wire, _SHOWN)),
        "sdk": str(shown(row.sdk, _SHOWN)),
        "reason": str(shown(row.reason)),
        "clause": row.clause,
        "source": row.source,
        "breaks": list(row.breaks),
        "scenarios": list(row.scenarios),
        "times": row.times,
    }
