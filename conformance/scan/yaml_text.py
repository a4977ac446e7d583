"""YAML as groups of members, from its events: no object is built, nothing is expanded, and depth costs no stack."""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from conformance.scan.tree import Group, Member, Scalar, Unreadable, check_size, open_under

# libyaml, where PyYAML was built with it, is many times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WORDS = frozenset({"true", "false", "null", "~", ""})


@dataclass(slots=True)
class _Open:
    """A collection that has begun; ``waiting`` is the member of a mapping whose value comes next."""

    group: Group
    mapping: bool = False
    waiting: Member | None = None

    def take(self) -> Member:
        """Return the member that the next value belongs to."""
        member, self.waiting = self.waiting or self.group.add(), None
        return member


def read(text: str) -> Group:
    """Return what a YAML text says; raises Unreadable where it is none."""
    try:
        return _read(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise Unreadable(f"no YAML (line {mark.line + 1})" if mark else "no YAML") from None


def _read(text: str) -> Group:
    root = Group()
    open_ = [_Open(root)]
    for count, event in enumerate(yaml.parse(text, Loader=_LOADER)):
        check_size(count, len(open_))
        here = open_[-1]
        if isinstance(event, yaml.CollectionEndEvent):
            open_.pop()
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            mapping = isinstance(event, yaml.MappingStartEvent)
            open_.append(_Open(open_under(here.take()), mapping))
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            if here.mapping and here.waiting is None:
                here.waiting = here.group.add(getattr(event, "value", ""), _at(event))
            else:
                _put(here.take(), event, listed=not here.mapping)
    return root


def _put(member: Member, event: yaml.ScalarEvent | yaml.AliasEvent, *, listed: bool) -> None:
    member.tokens += 1
    if isinstance(event, yaml.AliasEvent):
        return
    value, plain = event.value, not event.style
    at = _at(event) + (event.style in ("'", '"'))
    name, equals, rest = value.partition("=")
    if listed and equals and name.isidentifier():
        # An environment as a list, as docker compose has it: `- KEY=value`.
        member.key, value, at = name, rest, at + len(name) + 1
    word = plain and (value.lower() in _WORDS or value[0] in "-.0123456789")
    member.values.append(Scalar(value, at, member, text=not word))


def _at(event: yaml.Event) -> int:
    assert event.start_mark, "what is read from a text has a place in it"
    return event.start_mark.index
