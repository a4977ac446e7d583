"""The key, before it is sent anywhere: whether it is one, and whether it is one for this host."""

from __future__ import annotations

from conformance.catalogue import gateways, keys
from conformance.doctor.steps import Seen, Step
from conformance.evidence.redact import SHORTEST_SECRET
from conformance.vocabulary import Status

_QUOTES = "\"'`“”‘’"


def key(seen: Seen) -> Step:
    """Judge what the variable of the key holds; nothing of it is repeated but how it begins."""
    variable, held = seen.target.key_variable, seen.held or ""
    if wrong := malformed(variable, held):
        return wrong
    kind = _kind(seen, held.strip())
    if kind.status is not Status.FAIL and held != held.strip():
        sentence = f"{variable} holds a key with blanks or a line break around it, which are not sent from here."
        return Step(Status.WARN, sentence, "Take them away: other clients send them, and are refused.")
    return kind


def malformed(variable: str, held: str) -> Step | None:
    """Return what is wrong with a text that is to be a key, or None where it may be one."""
    text = held.strip()
    if not text:
        advice = f"Get a key from the service, and set the environment variable {variable} to it."
        return _bad(f"{variable} is empty or not set.", advice)
    if text[0] in _QUOTES or text[-1] in _QUOTES:
        advice = "Take them away: not every reader of .env files does."
        return _bad(f"{variable} holds a key in quotation marks.", advice)
    if text.lower().startswith(("bearer ", "bearer:", "authorization")):
        return _bad(f"{variable} holds a header in place of a key.", "Keep the key alone: Bearer is put before it.")
    if len(text) < SHORTEST_SECRET or not text.isascii() or not text.isprintable() or " " in text:
        return _bad(f"{variable} does not hold a key: too short, or with odd characters.", "Copy the key again, whole.")
    return None


def _bad(sentence: str, advice: str) -> Step:
    return Step(Status.FAIL, sentence, advice)


def _kind(seen: Seen, text: str) -> Step:
    """Judge for which product a key is, as far as its beginning tells; a host that is not known may take any key."""
    variable, found = seen.target.key_variable, keys.kind_of(text)
    host = gateways.host_of(seen.target.base_url)
    if found is None:
        return _unknown_kind(variable, host)
    prefix, kind = found
    begins = f"{variable} holds a key that begins with {prefix}, as those of {kind.product} do"
    if host and host.id in kind.hosts:
        either = f"; whether it is of the region {host.region} only the host can tell" if host.region else ""
        return Step(Status.PASS, f"{begins}{either}.", source=kind.source)
    if kind.shared and not (host and keys.kinds_at(host)):
        return Step(Status.PASS, f"{begins}, and others do.", source=kind.source)
    advice = f"Use a key of {host.name if host else 'this host'}{_where_it_opens(kind)}."
    certain = host is not None and not kind.shared
    return Step(Status.FAIL if certain else Status.WARN, f"{begins}, not of {seen.host}.", advice, kind.source)


def _unknown_kind(variable: str, host: gateways.Host | None) -> Step:
    usual = keys.kinds_at(host) if host else ()
    if not usual:
        return Step(Status.PASS, f"{variable} holds a key of a form that nothing is known of.")
    begins = " or ".join(prefix for kind in usual for prefix in kind.prefixes)
    sentence = f"{variable} holds a key that does not begin with {begins}, as those of {usual[0].product} do."
    return Step(Status.WARN, sentence, "Copy the key again, from its beginning.", usual[0].source)


def _where_it_opens(kind: keys.KeyKind) -> str:
    places = [f"https://{gateways.hosts()[host].address}/v1" for host in kind.hosts] or [kind.base_url]
    return f", or ask {' or '.join(places)} with this one" if any(places) else ""
