"""The ledger: clauses, endpoints and refusals, read strictly from the TOML files beside this module.

An unknown key, a missing source, a duplicate id or a clause that weighs more than its kind allows is a
``ConfigurationError`` at the first use.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from conformance import rows
from conformance.vocabulary import Clause, Endpoint, Kind, Level, Refusal

_HERE = Path(__file__).parent
_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")


@cache
def clauses() -> dict[str, Clause]:
    """Return every clause by id, in the order of the files."""
    read = [clause for path in sorted((_HERE / "clauses").glob("*.toml")) for clause in read_clauses(path)]
    known = rows.unique(read, "id", "clauses")
    for clause in known.values():
        if clause.endpoint != "*" and clause.endpoint not in endpoints():
            raise rows.ConfigurationError(f"clause {clause.id}: unknown endpoint {clause.endpoint!r}")
    return known


def read_clauses(path: Path) -> list[Clause]:
    """Return the clauses of one file; raises ConfigurationError with the clause's id."""
    read = [rows.read(Clause, table, f"{path.name}: {table.get('id')}") for table in rows.tables(path, "clause")]
    for clause in read:
        where = f"{path.name}: {clause.id}"
        if not _ID.fullmatch(clause.id):
            raise rows.ConfigurationError(f"{where}: a clause id is dotted lower-case words")
        if not clause.source.startswith("https://"):
            raise rows.ConfigurationError(f"{where}: source must be an https link, not {clause.source!r}")
        if not clause.sentence.endswith(".") or not clause.sentence[:-1].strip():
            raise rows.ConfigurationError(f"{where}: sentence must be one sentence that ends with a full stop")
        if clause.kind is Kind.OBSERVED and clause.level is Level.MUST:
            raise rows.ConfigurationError(f"{where}: what is only observed is never a MUST")
        if not 0 <= clause.at_least < 1 or (clause.samples > 0) is not (clause.at_least > 0):
            raise rows.ConfigurationError(f"{where}: samples and at_least, a share below 1, go together")
        if clause.excluded is not None and not clause.excluded.strip():
            raise rows.ConfigurationError(f"{where}: excluded needs its reason")
    return read


@cache
def endpoints() -> dict[str, Endpoint]:
    """Return the operations of the API by name."""
    path = _HERE / "endpoints.toml"
    read = [rows.read(Endpoint, table, f"{path.name}: {table.get('name')}") for table in rows.tables(path, "endpoint")]
    return rows.unique(read, "name", path.name)


@cache
def refusals() -> dict[str, Refusal]:
    """Return the refusals by id."""
    path = _HERE / "refusals.toml"
    read = [rows.read(Refusal, table, f"{path.name}: {table.get('id')}") for table in rows.tables(path, "refusal")]
    return rows.unique(read, "id", path.name)


def clause_of(refusal: str, part: str) -> str:
    """Return the id of the clause that speaks of a part of a refusal; a gateway's own is named after the gateway."""
    return f"{refusal}.{part}" if "." in refusal else f"refusals.{refusal}.{part}"
