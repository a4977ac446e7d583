"""Gateways in front of the honest server: each rewrites requests on their way in and answers on their way out.

That is all that a gateway is, and so each is one module: the operations that it has, and a function that answers a call
with the honest server behind it. It is able to be wrong, as the server is: it knows nothing of what is judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from conformance import rows
from conformance.reference.answers import Answer, Call, Handler
from conformance.reference.gateways import aimlapi, openrouter

_MODULES: Mapping[str, ModuleType] = {"aimlapi": aimlapi, "openrouter": openrouter}


def names() -> list[str]:
    """Return the names of the gateways, which are those of their hosts in the catalogue."""
    return sorted(_MODULES)


def routes(profile: str) -> dict[str, tuple[str, str]]:
    """Return the method and the path of each operation of a gateway; raises ConfigurationError on an unknown one."""
    return dict(_module(profile).ROUTES)


def in_front(profile: str, honest: Handler) -> Handler:
    """Return a handler that answers as a gateway does, with ``honest`` behind it; raises rows.ConfigurationError."""
    module = _module(profile)

    def handle(call: Call) -> Answer:
        answered: Answer = module.answer(call, honest)
        return answered

    return handle


def _module(profile: str) -> ModuleType:
    if profile not in _MODULES:
        raise rows.ConfigurationError(f"there is no gateway {profile!r} to be; known are {', '.join(names())}")
    return _MODULES[profile]
