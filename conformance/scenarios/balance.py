"""Asking for the balance of the account."""

from conformance.evidence.api import Api
from conformance.scenarios import scenario


@scenario("balance.read", "balance")
def read_balance(api: Api) -> None:
    """Ask for the balance."""
    api.call("balance")
