"""Look for keys, cookies and account ids in everything that is kept: no such thing may lie in cassettes or reports."""

from __future__ import annotations

import re
import sys
from pathlib import Path

PATTERNS = {
    "an API key": re.compile(rb"\bsk-(?!kimi-conformance|invalid|a-wrong|reference)[0-9A-Za-z_-]{12,}"),
    "an account, key or project id": re.compile(rb"\b(?:ak|org|proj)-[0-9A-Za-z]{6,}"),
    "an Authorization value": re.compile(rb"(?i)bearer (?!\$|another key|sk-a-wrong-key)[0-9A-Za-z._~+/-]{8,}"),
    "a cookie": re.compile(rb"(?i)set-cookie|\bcookie['\"]?:"),
    "an account header": re.compile(rb"(?i)msh-(?:org|uid|project|gid)"),
}


def main(folders: list[str]) -> int:
    """Print every leak with its file and line, and return the exit status."""
    files = [path for folder in folders for path in sorted(Path(folder).rglob("*")) if path.is_file()]
    found = 0
    for path in files:
        for number, line in enumerate(path.read_bytes().splitlines(), 1):
            for what, pattern in PATTERNS.items():
                if pattern.search(line):
                    found += 1
                    print(f"{path}:{number}: {what}")
    print(f"{len(files)} files looked at, {found} leaks")
    return 1 if found or not files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
