"""The door's own test, /p/<machine_id>?test: what a technician's phone finds of the way to the machine."""

from __future__ import annotations

import logging

from flask import render_template

from cloud_relay.broker.statuses import Statuses
from cloud_relay.errors import BrokerUnavailable, Busy, PublishRefused
from cloud_relay.relay import Relay
from cloud_relay.rules.door_steps import door_steps
from cloud_relay.rules.messages import MachineStatus

log = logging.getLogger(__name__)


def test_page(relay: Relay, statuses: Statuses, machine_id: str) -> str:
    """Each step from the phone to the machine. Nothing is sold, asked of Stripe or sent to the machine."""
    steps = door_steps(_status(statuses, machine_id), is_fit=not relay.fitness.troubles)
    return render_template("door_test.html", machine_id=machine_id, steps=steps)


def _status(statuses: Statuses, machine_id: str) -> MachineStatus | None:
    try:
        return statuses.of(machine_id)
    except (Busy, BrokerUnavailable, PublishRefused) as why:
        log.debug("Did not look for %s: %s", machine_id, why)
        return None
