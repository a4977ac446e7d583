"""What every script shares: what is asked, and how that which a client saw is told."""

import contextlib
import io
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

ASKED = json.loads(Path(__file__).with_name("asked.json").read_text(encoding="utf-8"))


def said(content: str) -> list[dict[str, str]]:
    """Return a conversation that has only begun."""
    return [{"role": "user", "content": content}]


def tell(*steps: Callable[[], Any]) -> None:
    """Take the steps one after another, and print one JSON document: what each saw under its name.

    A step that raises is told with its traceback, so that the others still have their say.
    """
    seen = {}
    # Some clients print advice, and the document must be all that is there.
    with contextlib.redirect_stdout(io.StringIO()):
        for step in steps:
            try:
                seen[step.__name__] = step()
            except Exception:  # noqa: BLE001 - whatever a client raises is what it saw
                seen[step.__name__] = {"raised": traceback.format_exc()}
    json.dump(seen, sys.stdout)


def raised(call: Callable[[], Any]) -> Exception:
    """Return what a call raises; raises AssertionError where it raises nothing."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - which one it is, the test says
        return error
    raise AssertionError("nothing was raised")
