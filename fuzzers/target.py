"""One surface under the coverage-guided fuzzer: ``python -m fuzzers.target SURFACE [FOLDER…] [-option=value…]``."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["conformance"]):
    from fuzzers.surfaces import PROPERTIES


def main() -> None:
    """Run one surface until its time is over, or until it breaks a promise; the options are libFuzzer's."""
    surface = sys.argv.pop(1)
    atheris.Setup(sys.argv, PROPERTIES[surface])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
