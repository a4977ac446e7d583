"""``kimi-conformance run``: the main job."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from conformance.cli import options


@click.command("run", epilog="\b\nExample:\n  kimi-conformance run --mode live --select health")
@options.target
@click.option(
    "--mode", type=click.Choice(["replay", "reference", "live", "record"]), default="replay", show_default=True,
    help="Where the answers come from.",
)  # fmt: skip
@click.option("--select", metavar="EXPR", help="Which checks, e.g. 'health and not batches'.")
@click.option("--model", metavar="ID", help="The model to ask for; else the target's.")
@options.as_of
@click.option("--cassettes", type=click.Path(path_type=Path), metavar="DIR", help="The recordings to play or to write.")
@click.option(
    "--max-cost", type=float, default=0.05, show_default=True, metavar="USD", help="Ask nothing that may cost more."
)
@options.since
@options.out
@options.as_json
def command(
    target: str,
    mode: str,
    select: str | None,
    model: str | None,
    as_of: date | None,
    cassettes: Path | None,
    max_cost: float,
    since: tuple[Path, ...],
    out: Path | None,
    as_json: bool,  # noqa: FBT001 - an option of the command line
) -> None:
    """Judge an endpoint against the contract.

    Offline by default: the shipped recordings are replayed. The other modes ask the reference server in this process,
    or an endpoint live; record also writes what it said to cassettes.

    A live run needs the key in the environment variable that the target names, MOONSHOT_API_KEY for moonshot.

    With --since, it is also held against an earlier run: a breaking change that is new exits with 1, one that goes on
    does not do so again.
    """
    from conformance.runner import pytest_run
    from conformance.runner.settings import settings

    # A link such as reports/latest points at this run as soon as it has a folder.
    earlier = [path.resolve() for path in since]
    asked = settings(
        target=target, mode=mode, model=model, select=select, as_of=as_of, cassettes=cassettes, max_cost=max_cost,
        since=earlier,
    )  # fmt: skip
    pytest_run.check_selection(select)
    place = options.folder(out, asked.target.name)
    from conformance.report import summary

    sys.exit(summary.tell(pytest_run.run(asked, target, place, earlier), place, as_json=as_json, emit=options.emit))
