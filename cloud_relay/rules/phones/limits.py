"""CORE. How much phones may ask for: of each door, from each internet address, and of Stripe in all.

A hall's phones share one address (its Wi-Fi, or a carrier's NAT), so the figures of an address are those of
a hall in which every machine sells once a minute. What one machine may do is far above what it can sell, and
far below what would hurt. Stripe allows 25 calls a second in test mode, and as many for each endpoint: of
these, phones get 16 at most, all of them together, and webhooks and receipts always have the rest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from cloud_relay.rules.phones.rates import Rate

HALL_MACHINES = 50
MOST_HALL_MACHINES = 1000


@dataclass(frozen=True)
class PhoneLimits:
    """Bursts and rates a minute; those `of_address` are for a hall of HALL_MACHINES."""

    # A scan is a look, and players of a closed door look again.
    looks_of_address: Rate = Rate(300, 1200)
    looks_at_machine: Rate = Rate(500, 3000)
    # Twice what 50 machines sell in a busy minute, and all of their players at once when the doors open.
    purchases_of_address: Rate = Rate(60, 120)
    # One address shuts no machine's door to all others: it has a part of what the machine has.
    purchases_at_machine_of_address: Rate = Rate(15, 30)
    purchases_at_machine: Rate = Rate(30, 60)
    # Free credits. One phone gets one in each slot; these are for phones that are new ones at each look.
    free_at_machine_of_address: Rate = Rate(4, 2)
    free_at_machine: Rate = Rate(8, 4)
    # Codes that were wrong: guesses. A machine's are those of all addresses.
    codes_at_machine_of_address: Rate = Rate(10, 6)
    codes_at_machine: Rate = Rate(60, 30)
    # A page that waits asks each 1.5 s at first, and ever more seldom: 50 pages at once.
    thanks_of_address: Rate = Rate(600, 1800)
    # Of Stripe. A sale is one session, and about five reads until its page has come to its end.
    sessions: Rate = Rate(60, 300)
    reads: Rate = Rate(100, 600)
    reads_of_address: Rate = Rate(60, 300)
    # Reads of sessions that turned out to be none of ours: guesses, or an old page that was opened again.
    strangers: Rate = Rate(20, 60)
    strangers_of_address: Rate = Rate(10, 20)

    def for_halls_of(self, machines: int) -> PhoneLimits:
        """The limits where so many machines' players may share one address."""
        factor = machines / HALL_MACHINES
        return replace(
            self,
            looks_of_address=self.looks_of_address.times(factor),
            purchases_of_address=self.purchases_of_address.times(factor),
            thanks_of_address=self.thanks_of_address.times(factor),
            reads_of_address=self.reads_of_address.times(factor),
        )
