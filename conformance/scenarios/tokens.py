"""Asking how many tokens a prompt has."""

from conformance.evidence.api import Api
from conformance.scenarios import scenario

SHORT = "Hello."
LONG = "Hello. " + "The quick brown fox jumps over the lazy dog. " * 8


@scenario("tokens.estimate", "tokens.estimate")
def estimate(api: Api) -> None:
    """Ask for the estimate of a short prompt, then of a longer one."""
    for text in (SHORT, LONG):
        api.call("tokens.estimate", json={"model": api.model, "messages": [{"role": "user", "content": text}]})
