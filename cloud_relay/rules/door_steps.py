"""CORE. The door's own test: each step from a technician's phone to the machine, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from cloud_relay.rules.messages import MachineStatus

_SAYS: Final = {
    "starting": "It is starting.",
    "paying": "It is putting a payment on the board.",
    "playing": "A game is being played, and the board has no room for more.",
    "not_ready": "Its board takes no coins: see to the ready line.",
    "offline": "It is about to leave the broker.",
    "out_of_order": "It is out of order: its own screen says why.",
}


@dataclass(frozen=True)
class Step:
    """One step; `holds` is None where the step before has to hold first."""

    name: str
    holds: bool | None
    text: str

    @property
    def sign(self) -> str:
        """Whether it holds, in one word."""
        return "not looked at" if self.holds is None else "well" if self.holds else "wrong"


def door_steps(status: MachineStatus | None, *, is_fit: bool) -> tuple[Step, ...]:
    """The steps; `status` is None where the broker could not be asked, `is_fit` if the relay may sell."""
    return (
        Step("Your phone to the relay", True, "The relay has answered you."),
        Step("The relay to Stripe", is_fit, _STRIPE[is_fit]),
        Step("The relay to the broker", status is not None, _BROKER[status is not None]),
        *_machine(status),
    )


_STRIPE: Final = {
    True: "It can take payments.",
    False: "It takes no payments: its operator's check says why.",
}
_BROKER: Final = {True: "The broker has answered.", False: "The broker cannot be asked just now."}


def _machine(status: MachineStatus | None) -> tuple[Step, Step]:
    link, sells = "The machine to the broker", "A payment made now"
    if status is None:
        return Step(link, None, "The broker comes first."), Step(sells, None, "The broker comes first.")
    if not status.online:
        gone = "It is not connected, or has another machine_id."
        return Step(link, False, gone), Step(sells, None, "The connection comes first.")
    says = "It would be credited." if status.accepting else _SAYS.get(status.state, "It is not selling.")
    return Step(link, True, "It is connected."), Step(sells, status.accepting, says)
