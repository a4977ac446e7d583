"""The lies themselves, each a small function registered under its name, grouped by what they lie about."""

from conformance.reference.lies import (
    account,
    asked,
    batches,
    chat,
    files,
    harmless,
    models,
    observed,
    refusals,
    statuses,
    streams,
    wire,
)
from conformance.reference.lies.registry import LIES, Lie

__all__ = [
    "LIES", "Lie", "account", "asked", "batches", "chat", "files", "harmless", "models", "observed", "refusals",
    "statuses", "streams", "wire",
]  # fmt: skip
