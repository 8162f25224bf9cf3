"""EDGE. The technician, who clears the cabinet's faults as `python -m controller clear` does."""

from __future__ import annotations

import logging
from pathlib import Path

from controller.control.client import ControlClient, connect

ANSWER_WITHIN_S = 2.0

log = logging.getLogger(__name__)


def faults_cleared(control_socket: Path) -> bool:
    """Have the running controller clear its faults; False if it cannot be reached now: try again then."""
    try:
        client = connect(control_socket)
        if client is None:
            return False
        with client:
            return _clears(client)
    except OSError as error:
        log.warning("faults were not cleared: %s", error)
        return False


def _clears(client: ControlClient) -> bool:
    client.request({"do": "clear"})
    while line := client.next(ANSWER_WITHIN_S):
        match line:
            case {"answer": "cleared"}:
                return True
            case {"answer": "refused"}:
                return False
    return False
