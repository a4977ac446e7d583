"""Several targets, one after the other, each as ``run`` asks one: what is sent differs in the model's id alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from conformance import catalogue, targets
from conformance.catalogue import gateways
from conformance.evidence.runfile import Record
from conformance.rows import ConfigurationError
from conformance.runner import pytest_run
from conformance.runner.settings import Settings, settings
from conformance.vocabulary import Target


@dataclass(frozen=True, slots=True)
class Asked:
    """One of several targets: ``text`` as it was given, and the ``label`` that is its folder's name, too."""

    label: str
    text: str
    settings: Settings


def each(
    texts: Sequence[str],
    *,
    mode: str,
    model: str | None,
    select: str | None,
    as_of: date | None,
    cassettes: Path | None,
    max_cost: float,
) -> list[Asked]:
    """Return what each target is asked; raises rows.ConfigurationError before anything is, also for the last of them.

    ``model`` is an announced model, or an id that some host knows one by; without it, it is that of the first target.
    Each target is asked for its own id of it. Recordings lie in a folder of ``cassettes`` for each target.
    """
    loaded = [targets.load(text) for text in texts]
    announced = announced_model(model or loaded[0].model)
    labels = _labels([target.name for target in loaded])
    return [
        Asked(
            label,
            text,
            settings(
                target=text,
                mode=mode,
                model=_own_id(target, announced, given=model is not None),
                select=select,
                as_of=as_of,
                cassettes=cassettes / label if cassettes else None,
                max_cost=max_cost,
                alike=announced,
            ),
        )
        for label, text, target in zip(labels, texts, loaded, strict=True)
    ]


def announced_model(model_id: str) -> str:
    """Return the announced model that an id means at some host; raises rows.ConfigurationError where it means none."""
    known = gateways.find(model_id)
    if known is None:
        available = ", ".join(catalogue.available(date.today()))
        raise ConfigurationError(
            f"no model was announced that {model_id!r} is an id of; give --model, one of {available}"
        )
    return known.model


def _own_id(target: Target, announced: str, *, given: bool) -> str:
    """Return the target's own id of an announced model; a host that the catalogue does not know may have any."""
    host = gateways.host_of(target.canonical_url)
    if host is None:
        return announced if given or target.official else target.model
    own = host.id_of(announced)
    if own is None:
        raise ConfigurationError(f"--target {target.name}: no id of {announced} is known at {host.name}")
    return own


def _labels(names: Sequence[str]) -> list[str]:
    """Return a name for each target that is a folder's, too, and no other's."""
    labels: list[str] = []
    for name in names:
        safe = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name).strip(".") or "target"
        numbered = (f"{safe}-{number}" if number > 1 else safe for number in range(1, len(names) + 1))
        labels.append(next(label for label in numbered if label not in labels))
    return labels


def run(asked: Asked, out: Path) -> list[Record]:
    """Run the checks of one target, with its files in its folder of ``out``; return the records of its run file."""
    place = out / asked.label
    place.mkdir(parents=True, exist_ok=True)
    return pytest_run.run(asked.settings, asked.text, place)
