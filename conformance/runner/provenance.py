"""Who answered: said in the first line of every report, so that a stand-in never passes for the service."""

from __future__ import annotations

from dataclasses import dataclass

from conformance import targets
from conformance.evidence.cassette import Cassette
from conformance.evidence.client import NoRecording
from conformance.runner.conduct import Conducted
from conformance.runner.settings import Settings
from conformance.vocabulary import Mode

REFERENCE, LIVE, ELSEWHERE, MIXED, UNKNOWN = "reference", "live", "elsewhere", "mixed", "unknown"
MARK = "x-kimi-reference"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who answered, as one word for programs and one sentence for people."""

    kind: str
    sentence: str


def of(settings: Settings, done: Conducted) -> Provenance:
    """Return who answered in a run."""
    target = settings.target
    if settings.mode is Mode.REPLAY:
        return _of_recordings(target.name, list(done.cassettes.values()))
    said = [exchange for conversation in done.conversations.values() for exchange in conversation]
    if any(exchange.header(MARK) for exchange in said):
        return Provenance(REFERENCE, _reference("Answered by", target.name))
    if not any(exchange.response for exchange in said):
        return Provenance(UNKNOWN, f"Nothing at {target.base_url} answered.")
    if target.base_url != target.canonical_url:
        return Provenance(
            ELSEWHERE, f"Answered by {target.base_url}, which was asked in place of {target.canonical_url}."
        )
    if not of_vendor(target.base_url):
        return Provenance(ELSEWHERE, f"Answered live by {target.base_url}, which is no address of the vendor.")
    return Provenance(LIVE, f"Answered live by {target.base_url}.")


def of_vendor(base_url: str) -> bool:
    """Tell whether an address is that of a target that travels with the package and is the vendor's own."""
    shipped = (targets.load(name) for name in targets.names())
    return any(target.official and target.base_url == base_url and target.name != REFERENCE for target in shipped)


def _of_recordings(target: str, cassettes: list[Cassette]) -> Provenance:
    kinds: set[str] = set()
    days: set[str] = set()
    dates: set[str] = set()
    hosts: set[str] = set()
    for cassette in cassettes:
        try:
            metadata = cassette.metadata
        except NoRecording:
            continue
        # What an answer itself says of its origin outweighs what is written beside it.
        kinds.add(REFERENCE if cassette.bears(MARK) else metadata.get("provenance", UNKNOWN))
        hosts.add(metadata.get("answered_by", "an address that the recording does not tell"))
        days.add(metadata.get("recorded_on", "an unknown day"))
        dates.update({metadata["as_of"]} if "as_of" in metadata else ())
    when = " to ".join(dict.fromkeys((min(days), max(days)))) if days else "an unknown day"
    if kinds == {REFERENCE}:
        dated = f" (its clock set to {', '.join(sorted(dates))})" if dates else ""
        return Provenance(REFERENCE, _reference(f"Recorded on {when}{dated} from", target))
    if kinds == {LIVE}:
        return Provenance(LIVE, f"Recorded on {when} from {', '.join(sorted(hosts))}, target {target}.")
    if not kinds:
        return Provenance(UNKNOWN, "There is no recording that could be played.")
    if len(kinds) == 1:
        sentence = f"Recorded on {when} from {', '.join(sorted(hosts))}: not known to be the target {target}."
        return Provenance(ELSEWHERE if kinds == {ELSEWHERE} else UNKNOWN, sentence)
    return Provenance(
        MIXED, f"Recorded on {when} from several sources ({', '.join(sorted(kinds))}); no evidence as a whole."
    )


def _reference(how: str, target: str) -> str:
    return f"{how} the reference server of this project: no evidence about the service behind the target {target}."
