"""What a person at a terminal sees of a long run: the scenario that is being asked. Quiet everywhere else."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from conformance.vocabulary import Mode

# The name under which pytest's plugin manager hands it from the command line to the run.
NAME = "kimi-conformance-progress"


class Progress:
    """Bears the function that is told the name of each scenario when it begins."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell


@contextlib.contextmanager
def showing(mode: Mode) -> Iterator[Progress]:
    """Show a line that changes, where standard error is a terminal and the run may take long."""
    if not sys.stderr.isatty() or mode not in (Mode.LIVE, Mode.RECORD):
        yield Progress(lambda _: None)
        return
    from rich.console import Console

    asked = 0
    with Console(file=sys.stderr).status("asking …") as status:

        def tell(scenario: str) -> None:
            nonlocal asked
            asked += 1
            status.update(f"asking scenario {asked}: {scenario}")

        yield Progress(tell)
