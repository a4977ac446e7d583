"""Which texts of a file are model ids, and which hosts the base URLs around them lead to."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from conformance.catalogue import gateways
from conformance.scan.tree import Group, Member, Scalar, groups

# Texts under these keys are written for people.
PROSE = frozenset(
    {
        "description",
        "title",
        "label",
        "comment",
        "note",
        "notes",
        "summary",
        "text",
        "content",
        "message",
        "display_name",
    }
)
OTHER = "another host"
# LiteLLM's prefix for whatever host the base URL beside it leads to: https://docs.litellm.ai/docs/providers/openai_compatible
_ANY_HOST = "openai/"
_MODEL_KEYS = frozenset({"model", "model_name", "model_id"})
_LONGEST = 1000
# An entry of LiteLLM has fewer members; one that has many is not looked through again for each of them.
_FEW = 50
_URL = re.compile(r"https?://[^\s\"'<>{}|\\^`]+", re.IGNORECASE)
_BASE_KEY = re.compile(r"base|host|endpoint|api_url|server")
_API_PATH = re.compile(r"/v\d+(/|$)|/chat/completions")


@dataclass(frozen=True, slots=True)
class ModelName:
    """A text that is a model id: where it stands, the announced model, and the hosts that know it by that id.

    ``route`` is a prefix for LiteLLM, which belongs to no id; ``routed`` are the hosts that it names already.
    """

    id: str
    at: int
    model: str
    hosts: frozenset[str]
    route: str = ""
    routed: frozenset[str] = frozenset()


def names_in(member: Member) -> list[ModelName]:
    """Return the model ids that a member holds as whole texts, or in a list with commas."""
    texts = [value for value in member.values if value.text and _hint(value.value)]
    if member.groups and _hint(member.key) and (around := member.group.parent) and around.name == "models":
        texts.append(Scalar(member.key, member.at, member))
    if not texts or _is_prose(member) or _is_alias(member):
        return []
    around = member.group.parent
    litellm = around is not None and around.name == "litellm_params"
    return [name for text in texts for name in _listed(text, litellm=litellm)]


def _is_prose(member: Member) -> bool:
    around = member.group.parent
    return (member.name or (around.name if around else "")) in PROSE


def _hint(text: str) -> bool:
    """Tell whether a text can be an id at all, which most are not."""
    return "kimi-" in text or "moonshot" in text


def _is_alias(member: Member) -> bool:
    """Tell whether a name is what LiteLLM's own clients call a model: the id stands in litellm_params."""
    beside = member.group.members[:_FEW]
    return member.name == "model_name" and any(one.name == "litellm_params" for one in beside)


def _listed(value: Scalar, *, litellm: bool) -> list[ModelName]:
    if len(value.value) > _LONGEST:
        return []
    found, at = [], value.at
    for part in value.value.split(","):
        name = _name(part.strip(), litellm=litellm)
        if name is None:
            return []
        found.append(replace(name, at=at + len(part) - len(part.lstrip())))
        at += len(part) + 1
    return found


def _name(text: str, *, litellm: bool) -> ModelName | None:
    """Return the id that a text is; where LiteLLM alone reads it, also behind a route to a host without that id."""
    known = gateways.find(text)
    if known:
        return ModelName(text, 0, known.model, known.hosts)
    prefix, slash, rest = text.partition("/")
    known = gateways.find(rest)
    if known and prefix + slash == _ANY_HOST:
        return ModelName(rest, 0, known.model, known.hosts, _ANY_HOST)
    routes = frozenset(host.id for host in gateways.hosts().values() if slash and host.route == prefix + slash)
    if known and routes and (litellm or routes & known.hosts):
        return ModelName(rest, 0, known.model, known.hosts, prefix + slash, routes)
    return None


def asking(member: Member) -> Group | None:
    """Return the call, or the object, that asks the model which a member names: ``model: moonshot("kimi-k2.6")``."""
    if not member.key and member.group.parent:
        member = member.group.parent
    return member.group if member.passed and member.name in _MODEL_KEYS else None


class Said:
    """The hosts that a file names, and which of them a group can belong to."""

    def __init__(self, root: Group) -> None:
        self._direct: dict[Group, frozenset[str]] = {}
        self._near: dict[Group, tuple[frozenset[str], Group]] = {}
        self.groups = order = list(groups(root))
        whole: dict[Group, frozenset[str]] = {}
        for group in reversed(order):
            self._direct[group] = frozenset(host for member in group.members for host in _hosts_of(member))
            inner = (whole[one] for member in group.members for one in member.groups)
            whole[group] = self._direct[group].union(*inner)
        for group in order:
            own = self._direct[group] if len(self._direct[group]) == 1 else whole[group]
            around = group.parent.group if group.parent else None
            self._near[group] = self._near[around] if around and not own else (own, group)

    def direct(self, group: Group) -> frozenset[str]:
        """Return the hosts that a group names itself."""
        return self._direct[group]

    def hosts(self, group: Group) -> frozenset[str]:
        """Return the hosts that a group can belong to: its own, those inside it, or those of the nearest around it."""
        return self._near[group][0]

    def beside(self, group: Group) -> bool:
        """Tell whether these hosts are named in the same call or object, and not just somewhere in the file."""
        return self._near[group][1].parent is not None


def _hosts_of(member: Member) -> list[str]:
    """Return the hosts that a member names by a base URL."""
    found = []
    for value in member.values:
        if not value.text or "://" not in value.value or len(value.value) > _LONGEST:
            continue
        if _URL.fullmatch(value.value.strip()):
            host = gateways.host_of(value.value)
            if host or _BASE_KEY.search(member.name) or _API_PATH.search(value.value):
                found.append(host.id if host else OTHER)
    return found
