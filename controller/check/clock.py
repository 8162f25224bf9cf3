"""EDGE. Checks the clock. It decides nothing here, but certificates have dates, and people read times."""

from __future__ import annotations

import subprocess
import time
from email.utils import parsedate_to_datetime

from controller.cloud.relay_client import way_to
from controller.cloud.timed_http import Limits, NoAnswerError, send
from controller.config.keys import Config, RelayConfig
from controller.pages.findings import Finding, note, ok, warning

LIMITS = Limits(connect_s=4.0, read_s=5.0, total_s=6.0, most_bytes=64 * 1024)
TOLERATED_S = 60.0
# Certificates are often made a day ahead, and renewed weeks before they end.
BREAKS_TLS_S = 86400.0
_SET = "Give the Pi a network, and then: sudo timedatectl set-ntp true."


def check_clock(config: Config) -> list[Finding]:
    """Whether it is synchronised, and how far it is from the relay's."""
    found = [_synchronised()]
    if config.relay is not None:
        found.append(_against(config.relay))
    return found


def _synchronised() -> Finding:
    command = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    try:
        text = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", timeout=5, check=True
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return note("timedatectl does not say whether the clock is synchronised")
    if text == "yes":
        return ok("synchronised over the network")
    return warning("not synchronised: times in the ledger and the journal may be wrong", _SET)


def _against(relay: RelayConfig) -> Finding:
    try:
        date = send("GET", f"{relay.url}/status", LIMITS, headers={}, way=way_to(relay)).date
        theirs_s = parsedate_to_datetime(date).timestamp()
    except NoAnswerError as error:
        return note(f"not compared with the relay's, which does not answer: {error}")
    except ValueError:
        return note("not compared with the relay's, which does not say its time")
    off_s = time.time() - theirs_s
    if abs(off_s) <= TOLERATED_S:
        return ok(f"within {TOLERATED_S:.0f} s of the relay's")
    text = f"{_in_words(abs(off_s))} {'ahead of' if off_s > 0 else 'behind'} the relay's"
    if abs(off_s) > BREAKS_TLS_S:
        text += ": so far off, certificates may be refused"
    return warning(text, _SET)


def _in_words(off_s: float) -> str:
    units = ((86400 * 365.25, "years"), (86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))
    return next(f"{off_s / unit_s:.0f} {name}" for unit_s, name in units if off_s >= 2 * unit_s)
