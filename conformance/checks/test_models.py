"""GET /models: its shape, and whether the list is what was announced."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

from conformance import catalogue
from conformance.catalogue import access
from conformance.checks import rule_of_exchange, rule_of_shape, rule_of_status
from conformance.checks.clocks import in_seconds
from conformance.judge import answers
from conformance.judge.account import kind_of
from conformance.vocabulary import Announcement, CouldNotCheck, Exchange, Finding, NotApplicable, Run, member

test_status = rule_of_status("models.status", "models.list")
test_shape = rule_of_shape("models.list")


Entry = tuple[str, dict[str, Any]]


def listed(exchange: Exchange) -> list[Entry]:
    """Return the listed models with their places; raises CouldNotCheck where the list cannot be read."""
    entries = [(f"/data/{index}", entry) for index, entry in enumerate(exchange.at("/data", list))]
    if not entries:
        raise CouldNotCheck(Finding("/data", "at least one model", "none"))
    for where, entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
            raise CouldNotCheck(Finding(where, "a model with an id", entry))
    return entries


def announced(exchange: Exchange, run: Run) -> dict[str, Announcement]:
    """Return the models that are available on the day of an exchange."""
    return catalogue.available(run.day(exchange))


def official(run: Run) -> None:
    """Raise NotApplicable unless the target is the vendor's own host, of which the catalogue speaks."""
    if not run.target.official:
        raise NotApplicable("the catalogue speaks of the vendor's own hosts")


def late(model: Announcement, day: date) -> Finding:
    """Return the finding that an announced model is not listed, with the days that it is late and the source."""
    days = (day - model.announced).days
    since = f"announced {model.announced}, {days} day{'' if days == 1 else 's'} late ({model.sources[0]})"
    return Finding("/data", f"{model.id}, {since}", "not listed")


def telling(entries: list[Entry], *names: str) -> list[Entry]:
    """Return the entries that have one of these members; raises NotApplicable where none has."""
    found = [entry for entry in entries if any(name in entry[1] for name in names)]
    if not found:
        raise NotApplicable(f"no model tells {' or '.join(names)}")
    return found


@rule_of_exchange("models.ids-unique", "models.list")
def test_ids_unique(exchange: Exchange, _run: Run) -> Iterator[Finding]:
    for name, times in Counter(entry["id"] for _, entry in listed(exchange)).items():
        if times > 1:
            yield Finding("/data", f"{name} once", f"{times} times")


@rule_of_exchange("models.created-seconds", "models.list")
def test_created_seconds(exchange: Exchange, run: Run) -> Iterator[Finding]:
    for where, entry in telling(listed(exchange), "created"):
        yield from in_seconds(member(entry, "/created", int), f"{where}/created", exchange, run)


@rule_of_exchange("models.promised-listed", "models.list")
def test_promised_listed(exchange: Exchange, run: Run) -> Iterator[Finding]:
    official(run)
    there = {entry["id"] for _, entry in listed(exchange)}
    promised = [model for name, model in announced(exchange, run).items() if name in run.target.must_list]
    if not promised:
        raise NotApplicable(f"nothing that this account is known to see was announced by {run.day(exchange)}")
    for model in promised:
        if model.id not in there:
            yield late(model, run.day(exchange))


@rule_of_exchange("models.announced-listed", "models.list")
def test_announced_listed(exchange: Exchange, run: Run) -> Iterator[Finding]:
    official(run)
    there = {entry["id"] for _, entry in listed(exchange)}
    account, region = kind_of(answers.everything(run), run.target), access.region_of(run.target)
    missing = [model for model in announced(exchange, run).values() if model.id not in there]
    excuses = {model.id: access.need_not(model.id, region, account) for model in missing}
    for model in missing:
        if model.id not in run.target.must_list and excuses[model.id] is None:
            yield late(model, run.day(exchange))
    if account is None and (excuse := next(filter(None, excuses.values()), None)):
        raise CouldNotCheck(Finding("/data", f"to know the account: {excuse}", "not listed"))


@rule_of_exchange("models.retired-unlisted", "models.list")
def test_retired_unlisted(exchange: Exchange, run: Run) -> Iterator[Finding]:
    official(run)
    day = run.day(exchange)
    for where, entry in listed(exchange):
        model = catalogue.models().get(entry["id"])
        if model and model.retired and model.retired < day:
            gone = f"retired {model.retired}, {(day - model.retired).days} days ago ({model.sources[0]})"
            yield Finding(f"{where}/id", f"no {model.id}: {gone}", "listed")


@rule_of_exchange("models.known", "models.list")
def test_known(exchange: Exchange, run: Run) -> Iterator[Finding]:
    official(run)
    for where, entry in listed(exchange):
        model = catalogue.models().get(entry["id"])
        if model is None:
            yield Finding(f"{where}/id", "a model that the catalogue knows", entry["id"])
        elif model.announced > run.day(exchange):
            yield Finding(f"{where}/id", f"no {model.id} before its announcement on {model.announced}", "listed")


def described(exchange: Exchange, run: Run, *names: str) -> list[tuple[str, dict[str, Any], Announcement]]:
    """Return the announced models that tell one of these members; raises NotApplicable where there is none."""
    official(run)
    entries = telling(listed(exchange), *names)
    models = catalogue.models()
    known = [(where, entry, models[entry["id"]]) for where, entry in entries if entry["id"] in models]
    if not known:
        raise NotApplicable("no listed model was announced")
    return known


@rule_of_exchange("models.context-announced", "models.list")
def test_context_announced(exchange: Exchange, run: Run) -> Iterator[Finding]:
    compared = [row for row in described(exchange, run, "context_length") if row[2].context is not None]
    if not compared:
        raise NotApplicable("no context was announced for a listed model")
    for where, entry, model in compared:
        if (told := member(entry, "/context_length", int)) != model.context:
            yield Finding(f"{where}/context_length", f"{model.context} for {model.id} ({model.sources[0]})", told)


@rule_of_exchange("models.modalities-announced", "models.list")
def test_modalities_announced(exchange: Exchange, run: Run) -> Iterator[Finding]:
    for where, entry, model in described(exchange, run, "supports_image_in", "supports_video_in"):
        for modality, name in (("image", "supports_image_in"), ("video", "supports_video_in")):
            said = modality in model.modalities
            if name in entry and entry[name] is not said:
                yield Finding(f"{where}/{name}", f"{said} for {model.id} ({model.sources[0]})", entry[name])


@rule_of_exchange("models.reasoning-announced", "models.list")
def test_reasoning_announced(exchange: Exchange, run: Run) -> Iterator[Finding]:
    for where, entry, model in described(exchange, run, "supports_reasoning"):
        thinks = catalogue.families()[model.family].thinks != "never"
        if thinks and entry.get("supports_reasoning") is False:
            yield Finding(f"{where}/supports_reasoning", f"true for {model.id}, a thinking model", False)


@rule_of_exchange("models.asked-listed", "models.list")
def test_asked_listed(exchange: Exchange, run: Run) -> Iterator[Finding]:
    if exchange.file and not run.target.official:
        raise NotApplicable(
            "a recording of a gateway does not tell which model is asked for, nor by which of its names"
        )
    asked = catalogue.models().get(run.model)
    if asked and not asked.available(run.day(exchange)):
        raise NotApplicable(f"{run.model} was not to be had on {run.day(exchange)}")
    if run.model not in {entry["id"] for _, entry in listed(exchange)}:
        yield Finding("/data", f"{run.model}, which this run asks for", "not listed")
