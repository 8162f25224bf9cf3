"""CORE. What a technician does about a fault of each kind."""

from __future__ import annotations

from typing import Final

from controller.model.fault import FaultKind

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
