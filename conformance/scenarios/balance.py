"""Asking for the balance of the account."""

from conformance.evidence.api import Api
from conformance.scenarios import scenario


@scenario("balance.read", "balance")
def read_balance(api: Api) -> None:
    """Ask for the balance."""
    api.call("balance")


@scenario("balance.after", "balance", control="balance.read", follows=True)
def read_balance_again(api: Api) -> None:
    """Ask for the balance when everything else is done."""
    api.call("balance")
