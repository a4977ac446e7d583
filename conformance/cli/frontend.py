"""``kimi-conformance frontend``: what to enter in a front end for people, and whether it can ask a target."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from textwrap import fill
from typing import TYPE_CHECKING

import click

from conformance.cli import options

if TYPE_CHECKING:
    from conformance.catalogue.frontends import Frontend
    from conformance.frontends.check import Checked
    from conformance.frontends.chromium import Visit
    from conformance.runner.settings import Settings
    from conformance.vocabulary import Finding

_WIDTH = 80


@click.command("frontend", epilog="\b\nExample:\n  kimi-conformance frontend typingmind --model kimi-k2.6 --check")
@click.argument("name", metavar="[NAME]", required=False)
@options.target
@click.option("--model", metavar="ID", help="The model to use; else the target's.")
@click.option("--check", is_flag=True, help="Ask the target as the front end does, too.")
@click.option("--header", "headers", multiple=True, metavar="NAME", help="A custom header that you add, by its name.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document on standard output.")
def command(
    name: str | None,
    target: str,
    model: str | None,
    check: bool,  # noqa: FBT001 - an option of the command line
    headers: tuple[str, ...],
    as_json: bool,  # noqa: FBT001
) -> None:
    """Tell what to enter in TypingMind, Open WebUI, LibreChat or a page.

    Without a NAME, the front ends are listed. What to enter is told offline, and never has the key in it.

    With --check the target is asked: whether a browser may ask it from the front end's origin, and for a streamed
    chat, by fetch in a headless Chromium where the front end is a page. That takes two or three paid chats of at most
    128 tokens. Exit status: 0 it works, 1 it does not, 2 wrong usage, 3 it could not be checked.
    """
    from conformance.frontends.check import Checker
    from conformance.runner.settings import settings

    if name is None:
        click.echo("\n".join(_listed()))
        return
    frontend = _frontend(name)
    asked = settings(target=target, mode="live" if check else "reference", model=model)
    checked = Checker(frontend, asked, headers).check() if check else None
    if as_json:
        from conformance.frontends.telling import document

        options.emit(json.dumps(document(frontend, asked, checked), indent=1, ensure_ascii=False))
    else:
        click.echo("\n".join(_page(frontend, asked, checked)))
    sys.exit(checked.exit if checked else 0)


def _listed() -> Iterator[str]:
    from conformance.catalogue.frontends import frontends

    for row in frontends().values():
        yield f"{row.id:<20} {row.name} (asks from the {row.requests_from.value})"


def _frontend(name: str) -> Frontend:
    from difflib import get_close_matches

    from conformance.catalogue.frontends import frontends
    from conformance.rows import ConfigurationError

    if found := frontends().get(name):
        return found
    near = get_close_matches(name, frontends(), 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(frontends())}"
    raise ConfigurationError(f"there is no front end {name!r}; {hint}")


def _page(frontend: Frontend, asked: Settings, checked: Checked | None) -> Iterator[str]:
    from conformance.frontends import entering

    yield f"{frontend.name}, for {asked.model} at {asked.target.name}"
    yield _wrapped(f"  {frontend.place}", "  ")
    if gone := entering.gone(asked.target, asked.model, datetime.now(UTC).date()):
        yield _wrapped(f"  {gone}", "  ")
    yield ""
    rows = entering.entries(frontend, asked.target, asked.model)
    width = max(len(row.field) for row in rows) + 2
    for row in rows:
        note = f" ({row.note})" if row.note else ""
        yield _wrapped(f"  {row.field:<{width}}{row.value}{note}", " " * (width + 2))
    yield from _parameters(frontend, asked.model)
    for title, lines in (("Good to know", frontend.notes), ("Not found in any source", frontend.not_found)):
        yield from ("", title, *(_wrapped(f"  - {line}", "    ") for line in lines)) if lines else ()
    yield from ("", f"Read on {frontend.read}:", *(f"  {source}" for source in frontend.sources))
    yield from _told(frontend, checked) if checked else ()


def _parameters(frontend: Frontend, model: str) -> Iterator[str]:
    from conformance.frontends import entering

    found = entering.advice(frontend, model)
    yield ""
    if not found:
        yield f"Which parameters {model} refuses, the catalogue does not know."
        return
    yield f"What {model} takes"
    for row in found:
        told = row.takes if row.sends is None else f"{row.takes}; {row.do}"
        yield _wrapped(f"  {row.parameter:<18} {told}", " " * 21)
    yield _wrapped(f"  Leave them out, or set them so: {frontend.how}", "  ")


def _told(frontend: Frontend, checked: Checked) -> Iterator[str]:
    asking = f"from {frontend.origin} with {', '.join(checked.headers)}" if frontend.origin else "from a server"
    yield ""
    yield _wrapped(f"Checked {asking}", "  ")
    before = ""
    for row in checked.results:
        yield _wrapped(f"  {row.status.value:<16} {row.sentence}", " " * 19)
        told = [row.reason] if row.reason else [_finding(one) for one in row.findings]
        # A refused key keeps everything from being checked, and need not be told of each.
        for line in told if told != [before] else ():
            yield _wrapped(f"{' ' * 19}{line}", " " * 21)
        before = row.reason
    for visit in checked.visits:
        yield _wrapped(f"  {visit.browser}: {_seen(visit)}", "    ")


def _finding(one: Finding) -> str:
    return f"{one.where + ': ' if one.where else ''}expected {one.expected}; got {one.actual}"


def _seen(visit: Visit) -> str:
    if visit.error:
        return visit.console or visit.error
    if not visit.pieces:
        return f"status {visit.status}, and no body"
    first, last = visit.pieces[0].seconds, visit.pieces[-1].seconds
    return f"{len(visit.pieces)} pieces of a stream, the first after {first:.2f} s, the last after {last:.2f} s"


def _wrapped(text: str, indent: str) -> str:
    return fill(text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False, break_long_words=False)
