"""What a page in a browser needs that asks the API by itself: leave to send its headers, and to read the answers."""

from conformance.catalogue.frontends import frontends
from conformance.evidence.api import Api
from conformance.scenarios import scenario
from conformance.scenarios.refusals import WRONG_KEY

CHAT = "chat.completions"


@scenario("browser.page")
def page(api: Api) -> None:
    """Ask as a page of TypingMind's does, and then whether OpenAI's SDK may chat from one, with headers of its own."""
    plain, sdk = frontends()["typingmind"], frontends()["openai-javascript"]
    from_page(api, plain.origin, plain.headers)
    api.preflight(CHAT, sdk.origin, sdk.headers)


def from_page(api: Api, origin: str, headers: tuple[str, ...]) -> None:
    """Ask for the models, then whether a chat may be sent, and last for the models with a wrong key."""
    asking = (("Origin", origin),)
    api.call("models.list", headers=asking)
    api.preflight(CHAT, origin, headers)
    api.call("models.list", headers=asking, key=WRONG_KEY, refused=True)
