"""Batches: one that is cancelled, one that completes; both leave nothing behind."""

from conformance.evidence.api import Api, need
from conformance.evidence.client import json_bytes
from conformance.scenarios import scenario
from conformance.scenarios.chat import HELLO, user
from conformance.vocabulary import Exchange, find

WINDOW = "24h"
ENDPOINT = "/v1/chat/completions"
METADATA = {"made_by": "kimi-conformance"}
CUSTOM_IDS = ("first", "second")
GOODBYE = user("Reply with exactly one word: goodbye")
# Reading a batch until it is done takes minutes on the service; what is not done by then is left to its window.
LOOKS = 40
ENDED = ("completed", "failed", "expired", "cancelled")


def input_lines(api: Api, custom_ids: tuple[str, ...] = CUSTOM_IDS) -> bytes:
    """Return the input file: one small request for each id; the first is that of chat.one-word."""
    lines = [
        {
            "custom_id": custom_id,
            "method": "POST",
            "url": ENDPOINT,
            "body": {
                "model": api.model,
                "messages": [message],
                **api.smallest,
            },
        }
        for custom_id, message in zip(custom_ids, (HELLO, GOODBYE), strict=False)
    ]
    return b"".join(json_bytes(line) + b"\n" for line in lines)


def create(api: Api, custom_ids: tuple[str, ...] = CUSTOM_IDS) -> str:
    """Upload the input, create the batch and return its id; the input is deleted afterwards."""
    uploaded = api.upload("kimi-conformance.jsonl", input_lines(api, custom_ids), "batch")
    file_id = need(uploaded, "/id")
    api.afterwards(lambda: api.call("files.delete", file_id=file_id))
    wanted = {"input_file_id": file_id, "endpoint": ENDPOINT, "completion_window": WINDOW, "metadata": METADATA}
    return need(api.call("batches.create", json=wanted), "/id")


def state(exchange: Exchange) -> str:
    """Return the status of a batch as an answer tells it."""
    return exchange.at("/status", str)


def watch(api: Api, batch_id: str) -> Exchange:
    """Retrieve a batch until it has ended, or until the run has waited long enough; return the last answer."""
    seen = api.call("batches.retrieve", batch_id=batch_id)
    for _ in range(LOOKS):
        if state(seen) in ENDED:
            break
        api.sleep(api.seconds_between_looks)
        seen = api.call("batches.retrieve", batch_id=batch_id)
    return seen


@scenario(
    "batches.cancel",
    "files.create", "batches.create", "batches.retrieve", "batches.list", "batches.cancel", "files.delete",
    spends=(1, 100, 128),
    needs=("batch",),
)  # fmt: skip
def cancel_a_batch(api: Api) -> None:
    """Create a batch, find it alone and in the list, cancel it, and watch it end."""
    batch_id = create(api, CUSTOM_IDS[:1])
    api.afterwards(lambda: _cancel_unless_cancelled(api, batch_id))
    api.call("batches.retrieve", batch_id=batch_id)
    api.call("batches.list")
    api.call("batches.cancel", batch_id=batch_id)
    watch(api, batch_id)


def _cancel_unless_cancelled(api: Api, batch_id: str) -> None:
    if not any(exchange.endpoint == "batches.cancel" for exchange in api.exchanges):
        api.call("batches.cancel", batch_id=batch_id)


@scenario(
    "batches.complete", "files.create", "batches.create", "batches.retrieve", "batches.output", "files.delete",
    spends=(2, 200, 256),
    needs=("batch",),
    control="chat.one-word",
)  # fmt: skip
def complete_a_batch(api: Api) -> None:
    """Create a batch, watch it complete, and read its output."""
    batch_id = create(api)
    last = watch(api, batch_id)
    if state(last) not in ENDED:
        api.call("batches.cancel", batch_id=batch_id)
        return
    for member, endpoint in (("output_file_id", "batches.output"), ("error_file_id", "batches.errors")):
        if find(last.json, f"/{member}"):
            read_results(api, endpoint, need(last, f"/{member}"))


def read_results(api: Api, endpoint: str, file_id: str) -> None:
    """Read a file that a batch has written, and delete it afterwards."""
    api.afterwards(lambda: api.call("files.delete", file_id=file_id))
    api.call(endpoint, file_id=file_id)
