"""What a run of the fuzzer may still send and spend: hard limits, asked for before each request."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.fuzz.leftovers import CREATING, Leftovers
from conformance.judge.costs import count, spent, usages
from conformance.runner.spending import PAID, Budget
from conformance.vocabulary import Exchange, Scenario, Spending

# A thinking model hides a prompt of its own, and a batch has one line of a hundred tokens.
_HIDDEN_TOKENS = 512


class Stop(KeyboardInterrupt):
    """Raised where no request may follow; schemathesis ends a phase on an interrupt, and swallows anything else."""


@dataclass
class Allowance:
    """Counts the requests of a run and what they cost.

    ``share`` are those that the phase under way may still make; ``leftovers`` has those that are owed in the end, and
    ``kept_back`` are those that are kept for the end besides. ``currency`` is that of a target where no price is known
    in it.
    """

    model: str
    max_requests: int
    max_cost: float
    currency: str | None = None
    requests: int = 0
    share: int = 0
    kept_back: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    paid_requests: int = 0
    reached: str = ""
    leftovers: Leftovers = field(default_factory=Leftovers)
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self.model, self.max_cost, self.currency)

    @property
    def left(self) -> int:
        """How many requests may still be made, but for those that are owed."""
        return self.max_requests - self.requests - self.kept_back - len(self.leftovers.owed)

    def take(self, endpoint: str, prompt: int, tokens: int) -> Scenario:
        """Set a request aside that has a prompt of so many bytes and may produce so many tokens.

        Raises Stop where it may not be made.
        """
        needed = 2 if endpoint in CREATING else 1
        if self.left < needed:
            self.reached = f"--max-requests is {self.max_requests}, and all of them were made"
        if min(self.left, self.share) < needed:
            raise Stop
        paid = endpoint in PAID
        spends = Spending(1, prompt + _HIDDEN_TOKENS, tokens) if paid else Spending()
        wanted = Scenario("fuzz", lambda _: None, (endpoint,), spends)
        if reason := self._budget.reserve(wanted):
            self.reached = reason
            raise Stop
        return wanted

    def settle(self, wanted: Scenario, exchange: Exchange) -> None:
        """Count a request that was made, every attempt of it, and what its answer tells of the cost."""
        self.leftovers.learn(exchange)
        made = 1 + len(exchange.attempts)
        self.requests += made
        self.share -= made
        self._budget.settle(wanted, [exchange])
        told = list(usages([exchange]))
        self.paid_requests += len(told)
        self.prompt_tokens += sum(count(usage, "prompt_tokens") for usage, _ in told)
        self.completion_tokens += sum(count(usage, "completion_tokens") for usage, _ in told)
        self.usd += spent(told, self.model)
