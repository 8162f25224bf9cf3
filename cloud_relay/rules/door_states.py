"""CORE. Why a machine's door is open or not, in words of our own: a cabinet's word may be anything."""

from __future__ import annotations

from cloud_relay.rules.messages import MachineStatus

OPEN, NOT_HEARD_OF, OTHER = "open", "not_heard_of", "other"
CLOSED = ("starting", "paying", "playing", "not_ready", "offline", "out_of_order")
DOOR_STATES = (OPEN, *CLOSED, NOT_HEARD_OF, OTHER)


def door_state(status: MachineStatus | None) -> str:
    """One of DOOR_STATES; None is a machine that the broker keeps no status of."""
    if status is None:
        return NOT_HEARD_OF
    if status.accepting:
        return OPEN
    said = status.state if status.online else "offline"
    return said if said in CLOSED else OTHER
