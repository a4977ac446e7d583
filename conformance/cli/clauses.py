"""``kimi-conformance clauses``: the ledger, and what checks each clause."""

from __future__ import annotations

import json
from typing import Any

import click

from conformance.cli import options


@click.command("clauses", epilog="\b\nExample:\n  kimi-conformance clauses --json")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(as_json: bool) -> None:  # noqa: FBT001 - an option of the command line
    """List the clauses of the contract, and what checks each.

    Every word of a clause id up to a dot, every scenario and every tag can be given to --select.
    """
    rows = list(_rows())
    if as_json:
        options.emit(json.dumps({"clauses": rows}, ensure_ascii=False, indent=1))
        return
    for row in rows:
        tags = f" [{', '.join(row['tags'])}]" if row["tags"] else ""
        click.echo(f"{row['id']}  {row['level']} {row['kind']}{tags}")
        click.echo(f"    {row['sentence']}")
        click.echo(f"    {row['source']} (read {row['read']})")
        click.echo(f"    {_where(row)}")
    click.echo(f"{len(rows)} clauses, {sum(1 for row in rows if row['excluded'])} of them excluded with a reason")


def _where(row: dict[str, Any]) -> str:
    """Return what checks a clause, or why nothing does."""
    if row["excluded"]:
        return f"not checked: {row['excluded']}"
    alone = "any request (fuzz)" if "fuzz" in row["tags"] else "recorded evidence (judge)"
    return f"checked in {', '.join(row['scenarios']) or alone}"


def _rows() -> list[dict[str, Any]]:
    from conformance.checks import checks_by_clause

    return [
        {
            "id": clause.id,
            "sentence": clause.sentence,
            "level": clause.level.value,
            "kind": clause.kind.value,
            "source": clause.source,
            "read": clause.read.isoformat(),
            "endpoint": clause.endpoint,
            "tags": sorted(clause.tags),
            "excluded": clause.excluded,
            "checks": sorted({check.name for check in checks}),
            "scenarios": list(dict.fromkeys(check.scenario for check in checks)),
        }
        for clause, checks in checks_by_clause().items()
    ]
