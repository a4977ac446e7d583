"""``kimi-conformance run``: the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from conformance.cli import options


@click.command("run", epilog="\b\nExample:\n  kimi-conformance run --mode live --select health")
@click.option(
    "--target", "targets", default=["moonshot"], show_default="moonshot", multiple=True, metavar="NAME|URL",
    help="Whom to judge; several are asked the same, and held against the first.",
)  # fmt: skip
@click.option(
    "--mode", type=click.Choice(["replay", "reference", "live", "record"]), default="replay", show_default=True,
    help="Where the answers come from.",
)  # fmt: skip
@click.option("--select", metavar="EXPR", help="Which checks, e.g. 'health and not batches'.")
@click.option("--model", metavar="ID", help="The model to ask for; else the target's. Of several, each by its own id.")
@options.as_of
@click.option("--cassettes", type=click.Path(path_type=Path), metavar="DIR", help="The recordings to play or to write.")
@click.option(
    "--max-cost", type=float, default=0.05, show_default=True, metavar="USD", help="Ask nothing that may cost more."
)
@options.since
@options.out
@options.as_json
def command(
    targets: tuple[str, ...],
    since: tuple[Path, ...],
    out: Path | None,
    as_json: bool,  # noqa: FBT001 - an option of the command line
    **asked: Any,  # noqa: ANN401 - what a run is asked to do, as runner.settings takes it
) -> None:
    """Judge an endpoint against the contract.

    Offline by default: the shipped recordings are replayed. The other modes ask the reference server in this process,
    or an endpoint live; record also writes what it said to cassettes.

    A live run needs the key in the environment variable that the target names, MOONSHOT_API_KEY for moonshot.

    Several --target are run one after the other, each in a folder of its own of --out (and of --cassettes), and within
    --max-cost each. Then side-by-side.json and side-by-side.html there tell who changed what. A difference alone fails
    nothing: the exit status is that of the worst run, 4 before 1, 3 and 5.

    With --since, it is also held against an earlier run: a breaking change that is new exits with 1, one that goes on
    does not do so again.
    """
    if len(targets) == 1:
        sys.exit(_alone(targets[0], since, out, as_json, **asked))
    if since:
        raise click.UsageError("--since goes with one --target alone")
    sys.exit(_beside(targets, out, as_json, **asked))


def _alone(target: str, since: tuple[Path, ...], out: Path | None, as_json: bool, **asked: Any) -> int:  # noqa: ANN401, FBT001
    from conformance.runner import pytest_run
    from conformance.runner.settings import settings

    # A link such as reports/latest points at this run as soon as it has a folder.
    earlier = [path.resolve() for path in since]
    checked = settings(target=target, since=earlier, **asked)
    pytest_run.check_selection(checked.select)
    place = options.folder(out, checked.target.name)
    from conformance.report import summary

    return summary.tell(pytest_run.run(checked, target, place, earlier), place, as_json=as_json, emit=options.emit)


def _beside(targets: tuple[str, ...], out: Path | None, as_json: bool, **asked: Any) -> int:  # noqa: ANN401, FBT001
    from conformance.drift.sidebyside import compare
    from conformance.drift.sides import Side
    from conformance.report import sidebyside, summary
    from conformance.runner import beside, pytest_run
    from conformance.runner.session import worst

    wanted = beside.each(targets, **asked)
    pytest_run.check_selection(asked["select"])
    place = options.folder(out, sidebyside.NAME)
    runs, codes = [], []
    for one in wanted:
        runs.append(beside.run(one, place))
        codes.append(summary.tell(runs[-1], place / one.label, as_json=False, emit=options.emit))
    sides = [Side(one.label, tuple(records)) for one, records in zip(wanted, runs, strict=True)]
    told = sidebyside.document(compare(sides), runs, code := worst(codes))
    text = sidebyside.write(told, place)
    click.echo(f"\n{sidebyside.section(told)}\n\npage: {place / sidebyside.NAME}.html", err=True)
    if as_json:
        options.emit(text)
    return int(code)
