"""``kimi-conformance verify``: whether Kimi was asked, by the signatures in recorded answers."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from conformance.cli import options

if TYPE_CHECKING:
    from conformance.runner.signed import Verified


@click.command("verify", epilog="\b\nExample:\n  kimi-conformance verify reports/latest/run.ndjson")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PATH...")
@click.option("--target", default="moonshot", show_default=True, metavar="NAME|URL", help="Who must have signed.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(paths: tuple[Path, ...], target: str, as_json: bool) -> None:  # noqa: FBT001
    """Ask Moonshot whether the answers of a gateway bear its signature.

    A PATH is the run file of a gateway's run, or other evidence that holds headers: a HAR file, a cassette. Nothing is
    asked of the gateway, and nothing paid for. Needs the key of the host that is asked, MOONSHOT_API_KEY for moonshot.

    A signature proves that Kimi accepted a request with that nonce and model at that moment; not that the answer beside
    it is Kimi's. Exit status: 0 all are signed and valid, 1 one is not valid, 2 wrong usage, 3 one is not signed, or
    could not be asked about, or none was to be.
    """
    from conformance.evidence import recorded
    from conformance.runner import signed

    found = list(recorded.files(list(paths)))
    evidence = [exchange for path in found for exchange in recorded.read(path)]
    told = signed.ask(target, signed.eligible(evidence))
    code = int(signed.exit_status(told))
    if as_json:
        options.emit(json.dumps({"target": target, "answers": [_row(one) for one in told], "exit": code}, indent=1))
    else:
        click.echo("\n".join(_page(told)))
    sys.exit(code)


def _row(one: Verified) -> dict[str, Any]:
    said = one.exchange
    place = {"file": said.file, "step": said.step, "endpoint": said.endpoint, "url": said.request.url}
    return {**place, "proof": one.proof.value, "reason": one.reason, "asked": one.told}


def _page(told: list[Verified]) -> list[str]:
    lines = []
    for one in told:
        # Names of files, addresses and what a host says may hold what a terminal would obey.
        place = f"{_shown(one.exchange.file or '')}, {_shown(one.exchange.step)}: {one.proof.value}"
        asked = f"model {one.told['model']}; " if one.told else ""
        lines += [place, f"  {_shown(one.exchange.request.url)}"]
        lines.append(fill(f"  {_shown(asked + one.reason)}", 80, subsequent_indent="  ", break_long_words=False))
    if not told:
        lines.append("no chat that was answered had asked for a signature: there is nothing to verify")
    counts = {proof: sum(one.proof == proof for one in told) for proof in dict.fromkeys(one.proof for one in told)}
    return [*lines, ", ".join(f"{count} {proof.value}" for proof, count in counts.items())]


def _shown(text: str) -> str:
    return repr(text)[1:-1]
