"""Asking which models there are."""

from conformance.evidence.api import Api
from conformance.scenarios import scenario


@scenario("models.list", "models.list")
def list_models(api: Api) -> None:
    """Ask for the list of models."""
    api.call("models.list")
