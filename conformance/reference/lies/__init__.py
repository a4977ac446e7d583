"""The lies themselves, each a small function registered under its name, grouped by what they lie about."""

from conformance.reference.lies import (
    accepted,
    account,
    asked,
    batches,
    browser,
    chat,
    files,
    fragments,
    framing,
    gateway_answers,
    gateways,
    harmless,
    models,
    observed,
    published,
    refusals,
    signatures,
    statuses,
    streams,
    thinking,
    usage,
    wire,
)
from conformance.reference.lies.registry import LIES, Lie

__all__ = [
    "LIES", "Lie", "accepted", "account", "asked", "batches", "browser", "chat", "files", "fragments", "framing",
    "gateway_answers", "gateways", "harmless", "models", "observed", "published", "refusals", "signatures",
    "statuses", "streams", "thinking", "usage", "wire",
]  # fmt: skip
