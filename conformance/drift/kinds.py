"""Every kind of change in the life cycle of a model; each has a fault of the reference server that makes it."""

from __future__ import annotations

from enum import StrEnum


class LifeCycle(StrEnum):
    """Where the sources of what is known of a model disagree, or will."""

    # What was announced against GET /models.
    ANNOUNCED_NOT_LISTED = "announced-not-listed"
    LISTED_NOT_ANNOUNCED = "listed-not-announced"
    LISTED_UNKNOWN = "listed-unknown"
    RETIRED_STILL_LISTED = "retired-still-listed"
    RETIREMENT_AHEAD = "retirement-ahead"
    CONTEXT_DIFFERS = "context-differs"
    MODALITY_DIFFERS = "modality-differs"
    CAPABILITY_DIFFERS = "capability-differs"
    # What can be called against both.
    LISTED_NOT_CALLABLE = "listed-not-callable"
    CALLABLE_NOT_LISTED = "callable-not-listed"
    ANNOUNCED_NOT_CALLABLE = "announced-not-callable"
    RETIRED_STILL_CALLABLE = "retired-still-callable"
    # What an earlier run saw against what is seen now.
    NO_LONGER_LISTED = "no-longer-listed"
    NO_LONGER_CALLABLE = "no-longer-callable"
    # What a document or a page says against what was announced.
    SAMPLE_NAMES_DEAD_MODEL = "sample-names-dead-model"
    SAMPLE_LAGS_ANNOUNCEMENT = "sample-lags-announcement"
    DOCUMENTED_RETIRED = "documented-retired"
    DOCUMENTED_IN_PART = "documented-in-part"
    DOCUMENTED_UNKNOWN = "documented-unknown"
    ANNOUNCED_NOT_DOCUMENTED = "announced-not-documented"
    PRICE_DIFFERS = "price-differs"
