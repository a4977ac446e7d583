"""The life of a file: uploaded, listed, retrieved, read, deleted, and gone."""

from conformance.evidence.api import Api, need
from conformance.scenarios import scenario

NAME = "kimi-conformance.txt"
CONTENT = "The first line.\nThe second line, with ümlauts and 汉字.\n".encode()
PURPOSE = "file-extract"


@scenario("files.life", "files.create", "files.list", "files.retrieve", "files.content", "files.delete")
def life_of_a_file(api: Api) -> None:
    """Upload a small text, look at it in every way, delete it, and look for it again."""
    created = api.upload(NAME, CONTENT, PURPOSE)
    file_id = need(created, "/id")
    api.afterwards(lambda: _delete_unless_deleted(api, file_id))
    api.call("files.list")
    api.call("files.retrieve", file_id=file_id)
    api.call("files.content", file_id=file_id)
    api.call("files.delete", file_id=file_id)
    api.call("files.retrieve", file_id=file_id, refused=True)


def _delete_unless_deleted(api: Api, file_id: str) -> None:
    if not any(exchange.endpoint == "files.delete" for exchange in api.exchanges):
        api.call("files.delete", file_id=file_id)
