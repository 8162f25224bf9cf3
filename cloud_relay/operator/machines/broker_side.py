"""EDGE. What the broker has of one machine: its login, and what it said last."""

from __future__ import annotations

from dataclasses import dataclass

from cloud_relay.errors import BrokerUnavailable, PublishRefused
from cloud_relay.logins.interface import Logins
from cloud_relay.relay import Relay
from cloud_relay.rules.messages import MachineStatus


@dataclass(frozen=True)
class BrokerSide:
    """`has_login` None where only a console shows it; `unasked` says why nobody knows the `status`."""

    has_login: bool | None
    status: MachineStatus | None = None
    unasked: str = ""

    @property
    def said(self) -> str:
        """What it said last, in words; empty for nothing."""
        if self.status is None:
            return ""
        return self.status.state if self.status.online else "offline"


def look(relay: Relay, logins: Logins, machine_id: str) -> BrokerSide:
    """Look at both.

    Raises:
        LoginsFailed: the logins can be had, and were not.
    """
    names = logins.names()
    has_login = None if names is None else machine_id in names
    try:
        return BrokerSide(has_login, relay.publisher.retained_status(machine_id))
    except (BrokerUnavailable, PublishRefused) as why:
        return BrokerSide(has_login, unasked=str(why))
