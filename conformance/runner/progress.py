"""What a person at a terminal sees of a long run: the scenario that is being asked. Quiet everywhere else."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from conformance.vocabulary import Mode

# The name under which pytest's plugin manager hands it from the command line to the run.
NAME = "kimi-conformance-progress"


class Progress:
    """Bears the functions that are told the name of each scenario when it begins, and what all may cost."""

    def __init__(self, tell: Callable[[str], None], announce: Callable[[str], None] = lambda _: None) -> None:
        self.tell = tell
        self.announce = announce


@contextlib.contextmanager
def showing(mode: Mode) -> Iterator[Progress]:
    """Show a line that changes, where standard error is a terminal and the run may take long; say what it may cost."""
    stderr = sys.stderr

    def announce(sentence: str) -> None:
        stderr.write(f"{sentence}\n")
        stderr.flush()

    if mode not in (Mode.LIVE, Mode.RECORD):
        yield Progress(lambda _: None)
        return
    if not stderr.isatty():
        yield Progress(lambda _: None, announce)
        return
    from rich.console import Console

    asked = 0
    with Console(file=stderr).status("asking …") as status:

        def tell(scenario: str) -> None:
            nonlocal asked
            asked += 1
            status.update(f"asking scenario {asked}: {scenario}")

        yield Progress(tell, announce)
