"""EDGE. What a technician does at the cabinet once a wire is mended."""

from __future__ import annotations

import logging

from controller.control_client import connect
from simulator.chain import Chain

CLEARED_WITHIN_S = 5.0

log = logging.getLogger(__name__)


def clear_faults(chain: Chain) -> bool:
    """Clear the cabinet's faults, as `python -m controller clear` does; False if it cannot be asked now."""
    try:
        client = connect(chain.feed_file.parent / "control")
        if client is None:
            return False
        with client:
            client.ask({"do": "clear"})
            while line := client.next(CLEARED_WITHIN_S):
                if line.get("answer") == "cleared":
                    return True
    except OSError as error:
        log.info("faults not cleared: %s", error)
    return False
