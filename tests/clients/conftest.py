"""How a client that nobody here wrote is run: its script as a process of its own environment, and what it prints."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from conformance.reference import create_app
from conformance.reference.serving import running

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".clients"
VERSIONS = {
    "openai": HERE / "openai.txt",
    "litellm": HERE / "litellm.txt",
    "langchain": HERE / "langchain.txt",
    "node": HERE / "node" / "package-lock.json",
}
# A day on which no model is about to come or go.
DAY = date(2026, 9, 3)
SECONDS = 90

Saw = Callable[[str], Any]


@pytest.fixture(scope="session")
def asked() -> dict[str, Any]:
    """What the scripts ask."""
    return json.loads((HERE / "scripts" / "asked.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with running(create_app(as_of=DAY, seed=7)) as url:
        yield url


@pytest.fixture(scope="module")
def told_by() -> Callable[..., Saw]:
    """What runs a script of a client once, and returns what tells by its name what a step of it saw."""

    def told(client: str, script: str, *urls: str) -> Saw:
        seen = _run(client, script, *urls)

        def saw(step: str) -> Any:
            if isinstance(seen[step], dict) and "raised" in seen[step]:
                pytest.fail(f"{step} of {script} raised\n{seen[step]['raised']}")
            return seen[step]

        return saw

    return told


def _run(client: str, script: str, *urls: str) -> dict[str, Any]:
    _demand(client)
    place = ENVIRONMENTS / client
    program = "node" if client == "node" else str(place / "bin" / "python")
    # Nothing else of this environment: no keys, no proxies, no settings of the clients.
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_PATH": str(place / "node_modules"),
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    }
    ended = subprocess.run(
        [program, str(HERE / "scripts" / script), *urls],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env=environment,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def _demand(client: str) -> None:
    versions, installed = VERSIONS[client], ENVIRONMENTS / client / "installed"
    if installed.is_file() and installed.read_bytes() == versions.read_bytes():
        return
    reason = f"the client {client} is not installed with the versions of {versions.name}; .ci/clients does it"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
