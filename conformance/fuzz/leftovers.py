"""What a run of the fuzzer leaves on an account, and the requests that take it away again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from conformance.vocabulary import CouldNotCheck, Exchange, find

_ID = re.compile(r"[0-9A-Za-z_-]{1,128}")
_ENDED = ("completed", "failed", "expired", "cancelling", "cancelled")
# Where a request may leave something behind.
CREATING = ("files.create", "batches.create")


@dataclass
class Leftovers:
    """The requests that are owed, as method and path: one for each file and for each batch that still goes on."""

    owed: dict[str, tuple[str, str]] = field(default_factory=dict)

    def learn(self, exchange: Exchange) -> None:
        """Take from an answer what there is now, and what there is no more."""
        if exchange.response is None or not 200 <= exchange.response.status < 300:
            return
        try:
            body = exchange.json
        except CouldNotCheck:
            return
        name = _id(find(body, "/id"))
        if exchange.endpoint == "files.create" and name:
            self.owed[name] = ("DELETE", f"/files/{name}")
        elif exchange.endpoint == "files.delete":
            self.owed.pop(name, None)
        elif exchange.endpoint in ("batches.create", "batches.retrieve", "batches.cancel") and name:
            self._batch(name, body)

    def _batch(self, name: str, body: object) -> None:
        if find(body, "/status") in _ENDED:
            self.owed.pop(name, None)
        else:
            self.owed[name] = ("POST", f"/batches/{name}/cancel")
        for member in ("/output_file_id", "/error_file_id"):
            if written := _id(find(body, member)):
                self.owed[written] = ("DELETE", f"/files/{written}")


def _id(value: object) -> str:
    """Return an id that can stand in a path, or nothing: it came over the wire."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""
