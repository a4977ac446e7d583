"""Requests that must be refused and cost no tokens. Each names the scenario whose success is its positive control."""

from conformance.evidence.api import Api, need
from conformance.scenarios import scenario
from conformance.scenarios.batches import ENDPOINT, input_lines

WRONG_KEY = "sk-invalid-kimi-conformance"
NO_MODEL = "kimi-conformance-no-such-model"
NO_FILE = "file_kimiconformancenosuchfile"
NO_BATCH = "batch_kimiconformancenosuchbatch"


@scenario("refusals.bad-key", refusal="bad-key", control="models.list")
def bad_key(api: Api) -> None:
    """Ask for the models with a key that nobody has."""
    api.call("models.list", key=WRONG_KEY, refused=True)


@scenario("refusals.no-key", refusal="no-key", control="models.list")
def no_key(api: Api) -> None:
    """Ask for the models without a key."""
    api.call("models.list", key=None, refused=True)


@scenario("refusals.unknown-route", refusal="unknown-route", control="models.list")
def unknown_route(api: Api) -> None:
    """Ask for a route that does not exist."""
    api.call("unknown", refused=True)


@scenario("refusals.unknown-model", refusal="unknown-model", control="chat.one-word")
def unknown_model(api: Api) -> None:
    """Ask a model that does not exist."""
    api.chat({"role": "user", "content": "Reply with exactly one word: hello"}, model=NO_MODEL, refused=True)


@scenario("refusals.malformed-body", refusal="malformed-body", control="chat.one-word")
def malformed_body(api: Api) -> None:
    """Send a chat request that stops in the middle."""
    api.call("chat.completions", body=b'{"model": "', refused=True)


@scenario("refusals.unknown-file", refusal="unknown-file", control="files.life")
def unknown_file(api: Api) -> None:
    """Ask for a file that does not exist."""
    api.call("files.retrieve", file_id=NO_FILE, refused=True)


@scenario("refusals.unknown-batch", refusal="unknown-batch", control="batches.cancel")
def unknown_batch(api: Api) -> None:
    """Ask for a batch that does not exist."""
    api.call("batches.retrieve", batch_id=NO_BATCH, refused=True)


@scenario("refusals.bad-window", "files.create", "files.delete", refusal="bad-window", control="batches.cancel")
def bad_window(api: Api) -> None:
    """Create a batch with a window of one hour, on an input file that is right."""
    file_id = need(api.upload("kimi-conformance.jsonl", input_lines(api), "batch"), "/id")
    api.afterwards(lambda: api.call("files.delete", file_id=file_id))
    window = {"input_file_id": file_id, "endpoint": ENDPOINT, "completion_window": "1h"}
    created = api.call("batches.create", json=window, refused=True)
    if created.response is not None and created.response.status == 200:
        batch_id = need(created, "/id")
        api.afterwards(lambda: api.call("batches.cancel", batch_id=batch_id))
