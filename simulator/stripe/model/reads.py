"""CORE. Reads are rationed: 500 per transaction over 30 days on average, and 10,000 a month at least.

Source: https://docs.stripe.com/rate-limits (allocated read requests); writes are not rationed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Literal, TypeAlias

READS_PER_TRANSACTION = 500
LEAST_READS_A_MONTH = 10_000
READS_OVER_S = 30 * 24 * 3600

ReadKind: TypeAlias = Literal["list", "search", "retrieve"]
Counts: TypeAlias = Mapping[tuple[ReadKind, str], int]
"""How often each kind of read was asked of each resource, such as ("list", "payment_intents")."""


def ration(transactions: int) -> int:
    """How many reads the account has in 30 days with so many transactions."""
    return max(LEAST_READS_A_MONTH, READS_PER_TRANSACTION * transactions)


def reads_in_words(counts: Counts) -> str:
    """The counts as one line: `12 reads of Stripe: 3 listed (payment_intents 3), 9 retrieved (...)`."""
    words = {"list": "listed", "search": "searched", "retrieve": "retrieved"}
    told = []
    for kind, word in words.items():
        of_kind = Counter({resource: number for (which, resource), number in counts.items() if which == kind})
        if of_kind:
            each = ", ".join(f"{resource} {number}" for resource, number in sorted(of_kind.items()))
            told.append(f"{of_kind.total()} {word} ({each})")
    return f"{sum(counts.values())} reads of Stripe" + (f": {', '.join(told)}" if told else "")
