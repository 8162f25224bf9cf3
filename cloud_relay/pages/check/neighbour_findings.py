"""CORE. What is found of others who sell on the same Stripe account."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cloud_relay.pages.check.findings import Finding, note, ok, warning
from cloud_relay.rules.orders import Ownership
from cloud_relay.rules.setting_up.neighbours import Seller

_SAME_IDS = "Give each machine of the account an id of its own: people and reports mix them up."
_LEAVE = "Leave old links to one relay: set UNTAGGED_PAYMENTS=leave at all others."


def neighbour_findings(
    found: Sequence[Seller], ownership: Ownership, machines: Collection[str]
) -> list[Finding]:
    """What each relay sold; `machines` are surely this one's."""
    has_neighbours = any(seller.tag not in (None, *ownership.tags) for seller in found)
    findings = [_finding(seller, ownership, machines, has_neighbours) for seller in found]
    return findings or [note("no relay has sold anything lately")]


def _finding(
    seller: Seller, ownership: Ownership, machines: Collection[str], has_neighbours: bool
) -> Finding:
    sold = f"{_counted(seller.payments)} for {', '.join(sorted(seller.machines))}"
    if seller.tag in ownership.tags:
        return ok(f"this relay sold {sold}")
    if seller.tag is None:
        return _untagged(sold, ownership, has_neighbours)
    text, same = f"another relay ({seller.tag:.16}) sold {sold}", seller.machines.intersection(machines)
    if same:
        return warning(f"{text}: {', '.join(sorted(same))} is a machine of this relay too", _SAME_IDS)
    return note(text)


def _untagged(sold: str, ownership: Ownership, has_neighbours: bool) -> Finding:
    text = f"links of an older relay, which leave no tag, sold {sold}"
    if not ownership.takes_untagged:
        return note(f"{text}: left alone (UNTAGGED_PAYMENTS=leave)")
    text = f"{text}: counted as this relay's (UNTAGGED_PAYMENTS=ours)"
    return warning(text, _LEAVE) if has_neighbours else note(text)


def _counted(payments: int) -> str:
    return "1 payment" if payments == 1 else f"{payments} payments"
