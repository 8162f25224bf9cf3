"""CORE. What is said while a machine is removed, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloud_relay.rules.open_list import OpenRow

CUT_OFF = "{machine_id} is cut off from the broker, and its door is closed: nobody can sell for it.\n"
GONE_ALREADY = "The broker has no login of {machine_id}, and nothing that it said.\n"
STILL_SAID = (
    "{machine_id} is cut off from the broker. What it said last is still there ({why}), so that its door "
    "closes within three minutes, and `machines` goes on to list it: run this again where cabinets reach the "
    "broker, with --broker.\n"
)
NO_SALES, ENDED = "Nothing of it is for sale at Stripe.\n", "Ended at Stripe: {ids}.\n"
LINKS_STAY = (
    "Its printed payment links could not be switched off ({why}): do it in Stripe's Dashboard, under Payment "
    "Links.\n"
)
NO_OPEN = "No payment for it is open.\n"
REMOVED = "{machine_id} is removed.\n"
NOT_YET = (
    "Its token still works, so that the cabinet can report these as long as it has power and a network. Run "
    "this again when `open` lists them no more. If the cabinet is stolen or gone: --now, and each goes back "
    "to its player at the time that stands there.\n"
)


def by_hand(machine_id: str, steps: Sequence[str]) -> str:
    """What to do where only a console has the logins."""
    listed = "".join(f"{number:3}. {step}\n" for number, step in enumerate(steps, 1))
    return f"To cut {machine_id} off, at the broker:\n{listed}"


def open_text(machine_id: str, rows: Sequence[OpenRow]) -> str:
    """Which payments are open, and why."""
    listed = "".join(f"  {'  '.join(row.cells)}\n" for row in rows)
    return f"Open at Stripe for {machine_id}:\n{listed}"


def token_text(machine_id: str, numbers: str | None, smallest: int, stored: str | None) -> str:
    """How its tokens are revoked; `numbers` None where they are, `stored` the file that says so now."""
    if numbers is None:
        return f"Its tokens below number {smallest} are revoked (MIN_TOKEN_NUMBERS).\n"
    if stored is not None:
        return f"Its tokens are revoked in {stored}: MIN_TOKEN_NUMBERS={numbers}. Restart the relay.\n"
    return f"Revoke its tokens in the relay's environment, and restart it: MIN_TOKEN_NUMBERS={numbers}\n"


def offers_text(machine_id: str, machines: Mapping[str, object]) -> str:
    """What is left of it in OFFERS."""
    return f"Take {machine_id} out of OFFERS, too.\n" if machine_id in machines else ""
