"""CORE. What a fault of each kind means, and what a technician does about it."""

from __future__ import annotations

from typing import Final

from controller.model.fault import FaultKind

MEANINGS: Final[dict[FaultKind, str]] = {
    FaultKind.COIN_LINE: (
        "The process that owns the coin pin failed: no pulse can leave. It is started again by itself."
    ),
    FaultKind.LEDGER: (
        "Nothing can be written down: the disk is full, read-only or broken. It is tried again each second."
    ),
    FaultKind.COIN_METER: (
        "The board did not count our last coin pulses, or counts them late, or each of them twice."
    ),
    FaultKind.INPUT_LINE: (
        "A line from the board is no steady contact: it hums, flickers, or counts faster than coins can "
        "fall. It is not believed until it has been steady for some seconds."
    ),
    FaultKind.READY: "The board has not been ready for coins for ten minutes or longer.",
    FaultKind.FENCE: (
        "The ledger is new to this board: until the relay has named what was open, nothing is credited."
    ),
    FaultKind.TOKEN: (
        "The relay refuses our token (revoked, replaced, or another machine's), or signs coin pulses with "
        "another. It is asked again each half minute."
    ),
    FaultKind.RECEIPTS: (
        "The relay refuses to settle what was sold, or has not for more than an hour of trying; what an "
        "earlier boot tried in vain counts as an hour."
    ),
    FaultKind.TWIN: (
        "The broker ended our connection again and again: another cabinet seems to have our id, or the "
        "broker itself keeps restarting. We stay away for two minutes, look again, and sell once three "
        "minutes have passed undisturbed."
    ),
    FaultKind.BROKER: "The broker cannot be reached, or refuses us.",
    FaultKind.RELAY: (
        "The relay does not say what the machine sells; what it said before stays on the screen. What "
        "answers in its place may be no relay at all, or the relay sells nothing, for the reason that is "
        "told: its clock, or its Stripe key. It is asked again each half minute."
    ),
    FaultKind.CONFLICT: (
        "The board got credits for money that had been released meanwhile, or the other way round."
    ),
    FaultKind.DAMAGED_LEDGER: (
        "An earlier ledger was damaged. It is kept under another name, and a new one was begun."
    ),
}
REMEDIES: Final[dict[FaultKind, str]] = {
    FaultKind.COIN_LINE: "`sudo cabinet logs` says more.",
    FaultKind.LEDGER: "See under disk and ledger.",
    FaultKind.COIN_METER: (
        "Change the key if it names one; else see to the coin wire and the coin meter. Then "
        "`sudo cabinet pulse 1`, `sudo cabinet clear`."
    ),
    FaultKind.INPUT_LINE: (
        "See to that wire, its ground and its opto-coupler: `sudo cabinet watch` counts its edges."
    ),
    FaultKind.READY: "See to the board and its ready line: `sudo cabinet watch` shows it.",
    FaultKind.FENCE: "It ends by itself once the relay answers: see under relay.",
    FaultKind.TOKEN: (
        "Write into `relay.token` what `python -m cloud_relay token MACHINE_ID` prints at the relay, then "
        "`sudo systemctl restart arcade-controller`."
    ),
    FaultKind.RECEIPTS: "See under relay; the relay's own log says why it does not settle them.",
    FaultKind.TWIN: (
        "Give each cabinet a `machine_id` of its own; if no other has this one, the broker's log says why it "
        "ends its connections."
    ),
    FaultKind.BROKER: "See under broker.",
    FaultKind.RELAY: "See under relay.",
    FaultKind.CONFLICT: "Tell the operator: `sudo cabinet payments --state conflict` names them.",
    FaultKind.DAMAGED_LEDGER: "See to the card, then `sudo cabinet clear`.",
}
