"""A boot whose plug is pulled from outside: tells what the ledger holds after the last cut, and sells on."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import cabinet
import cloud
from cabinet import LEDGER, ledger, run
from checks import wait_for

PAYMENTS = "SELECT id, credits, pulses, outcome, credits_delivered FROM payments ORDER BY received_at"
PULSES = "SELECT payment_id, state FROM pulses ORDER BY rowid"


def run_stage() -> None:
    """Never ends by itself."""
    card = next(path.name for path in Path("/sys/class/net").iterdir() if path.name != "lo")
    run("ip", "address", "add", "10.0.2.15/24", "dev", card)
    run("ip", "link", "set", card, "up")
    run("systemctl", "start", *(f"cloud@{port}.socket" for port in (cloud.BROKER_PORT, cloud.RELAY_PORT)))
    wait_for("the controller to come up by itself", cabinet.is_up, 300)
    if "pulses_per_credit: 4" not in cabinet.CONFIG.read_text():
        cabinet.configure(coin_line={"pin": 17, "pulses_per_credit": 4})
        cabinet.restart()
    told = {
        "integrity": ledger("PRAGMA integrity_check"),
        "files": sorted(path.name for path in LEDGER.parent.glob("ledger*")),
        "payments": ledger(PAYMENTS),
        "pulses": ledger(PULSES),
        "restarts": cabinet.show("NRestarts"),
    }
    print(f"@ledger {json.dumps(told)}", flush=True)
    while True:
        signal.pause()
