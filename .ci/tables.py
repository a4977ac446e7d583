"""Write the kill table into the README and beside the reports, from what ``selftest --json`` printed.

kimi-conformance selftest --json | python .ci/tables.py
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from conformance.report import kills

README = Path(__file__).parents[1] / "README.md"
PLACE = re.compile(r"(?<=<!-- kill table -->\n).*?(?=\n<!-- end -->)", re.DOTALL)


def main() -> None:
    """Read a score from standard input and write it to where it is published."""
    score = kills.kept(json.load(sys.stdin))
    kills.KEPT.write_text(json.dumps(score, indent=1) + "\n", encoding="utf-8")
    README.write_text(PLACE.sub(lambda _: kills.readme(score), README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
