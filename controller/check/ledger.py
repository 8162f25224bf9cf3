"""EDGE. Checks the ledger: that it opens and is whole, and what in it waits for somebody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from controller.ledger.file import LedgerError
from controller.ledger.reader import LedgerPicture, find_damage_beside, read_ledger
from controller.pages.findings import Finding, note, ok, warning, wrong
from controller.pages.payments_report import totals

# The relay answers within seconds; what is owed for longer has a reason.
OWED_SINCE = timedelta(minutes=10)


def check_ledger(path: Path) -> list[Finding]:
    """Read it beside the running daemon, and change nothing."""
    try:
        path.stat()
        if damage := find_damage_beside(path):
            remedy = "Restart the controller: it sets the file aside, and begins a new one behind a fence."
            return [wrong(f"{path} is damaged: {damage}", remedy)]
        picture = read_ledger(path)
    except FileNotFoundError:
        return [note(f"{path}: none yet; the controller makes it when it first starts")]
    except (LedgerError, OSError) as error:
        return [wrong(str(error), "Run this as root or as the controller's user; else see under disk.")]
    return [
        ok(f"{path} is whole: {len(picture.rows)} payments"),
        *(wrong(fault, "See to the card, then `sudo cabinet clear`.") for fault in picture.faults),
        *_waiting(picture, datetime.now(UTC)),
    ]


def _waiting(picture: LedgerPicture, now: datetime) -> list[Finding]:
    came_to, found = totals(picture.rows), []
    owed = [row.received_at for row in picture.rows if row.receipt == "owed"]
    if owed and min(owed) < now - OWED_SINCE:
        text = f"receipts owed to the relay: {len(owed)}, one for over {_minutes(OWED_SINCE)} min"
        found.append(warning(text, "They are sent by themselves once the relay answers: see under relay."))
    else:
        found.append(ok(f"receipts owed to the relay: {len(owed)}"))
    if came_to.conflicts:
        text = f"receipts that came too late, and whose money was given back: {came_to.conflicts}"
        found.append(warning(text, "Tell the operator: `sudo cabinet payments --state conflict` names them."))
    return found


def _minutes(time: timedelta) -> int:
    return int(time.total_seconds() // 60)
