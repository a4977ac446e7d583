"""Runs every surface under the coverage-guided fuzzer: ``python -m fuzzers.run [--seconds N] [SURFACE…]``.

What breaks a promise is kept as a file in ``.fuzz/``; moved to ``tests/seeds/SURFACE/`` it is a test for ever.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from fuzzers.corpus import ROOT, plant
from fuzzers.surfaces import PROPERTIES

PLACE = ROOT / ".fuzz"
AT_ONCE = 2
MEGABYTES = 2048
SECONDS_FOR_ONE = 20
LONGEST = 16 * 1024


@dataclass(frozen=True)
class Fuzzed:
    """What became of one surface: how many inputs were tried, how many branches they took, and what broke."""

    surface: str
    inputs: int
    seconds: int
    features: int
    broken: list[Path]
    said: str
    code: int

    def line(self) -> str:
        """Return it as a line of the table."""
        rate = self.inputs // max(1, self.seconds)
        end = "ok" if not self.code else f"BROKEN, exit {self.code}: {', '.join(map(str, self.broken)) or 'no file'}"
        return f"{self.surface:<15} {self.inputs:>9} inputs {rate:>7}/s {self.features:>6} features  {end}"


def fuzz(surface: str, seconds: int) -> Fuzzed:
    """Fuzz one surface for some seconds, in a process of its own with bounded memory."""
    corpus, found = PLACE / surface / "corpus", PLACE / surface / "broken"
    found.mkdir(parents=True, exist_ok=True)
    plant(surface, corpus)
    options = {
        "max_total_time": seconds, "rss_limit_mb": MEGABYTES, "timeout": SECONDS_FOR_ONE, "max_len": LONGEST,
        "dict": corpus.with_suffix(".words"), "artifact_prefix": f"{found}/", "print_final_stats": 1,
    }  # fmt: skip
    command = [sys.executable, "-m", "fuzzers.target", surface, str(corpus)]
    command += [f"-{name}={value}" for name, value in options.items()]
    before = set(found.iterdir())
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 - our own interpreter
    said = (ended.stdout + ended.stderr).decode("utf-8", "replace")
    broken = sorted(set(found.iterdir()) - before)
    return Fuzzed(surface, _last(r"#(\d+)\s", said), seconds, _last(r"ft: (\d+)", said), broken, said, ended.returncode)


def _last(pattern: str, text: str) -> int:
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def main() -> int:
    """Print a line for each surface, and what the broken ones said; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("surfaces", nargs="*", choices=[[], *PROPERTIES], metavar="SURFACE")
    parser.add_argument("--seconds", type=int, default=20, help="for each surface")
    asked = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed: pip install '.[fuzzers]'", file=sys.stderr)
        return 2
    broken = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for each in pool.map(lambda surface: fuzz(surface, asked.seconds), asked.surfaces or PROPERTIES):
            print(each.line(), flush=True)
            broken += [each] if each.code else []
    for each in broken:
        print(f"\n== {each.surface}\n{each.said[-3000:]}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
