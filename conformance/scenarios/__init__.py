"""How we ask: every scenario is a plain function from an ``Api`` to the exchanges that it makes.

A scenario declares which endpoints it calls, so that the checks that it serves are known before anything is sent.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache

from conformance.evidence.api import Api
from conformance.vocabulary import Scenario, Spending

# What is asked before everything that is paid, at whatever host has it.
BALANCES = ("balance.read", "openrouter.key", "aimlapi.billing")
Ask = Callable[[Api], None]
_REGISTERED: dict[str, Scenario] = {}


def scenario(
    name: str,
    *calls: str,
    spends: tuple[int, int, int] = (0, 0, 0),
    refusal: str | None = None,
    control: str | None = None,
    shows: str | None = None,
    needs: tuple[str, ...] = (),
    follows: bool = False,
) -> Callable[[Ask], Ask]:
    """Register a function as a scenario.

    ``spends`` is the most that it may cost: paid requests, and their prompt and completion tokens together.
    """

    def register(ask: Ask) -> Ask:
        if name in _REGISTERED:
            raise ValueError(f"the scenario {name!r} stands twice")
        _REGISTERED[name] = Scenario(name, ask, calls, Spending(*spends), refusal, control, shows, needs, follows)
        return ask

    return register


@cache
def scenarios() -> dict[str, Scenario]:
    """Return every scenario by name, cheapest first: the list of models, the balance, what else is free, what is paid.

    Those that follow others are the last. The order does not depend on which module was imported first.
    """
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    first = ("models.list", *BALANCES)
    place = lambda each: (each.follows, each.spends.requests > 0, each.name not in first, each.name)  # noqa: E731
    ordered = [scenario.name for scenario in sorted(_REGISTERED.values(), key=place)]
    return {name: _REGISTERED[name] for name in sorted(ordered, key=lambda name: name != first[0])}
