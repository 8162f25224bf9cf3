"""EDGE. Takes a machine's last status away from the broker, as the machine itself may, and nobody else."""

from __future__ import annotations

import time
from dataclasses import replace

from cloud_relay.broker.connection import BrokerConnection
from cloud_relay.errors import BrokerUnavailable, NobodySubscribed
from cloud_relay.rules.messages import status_topic
from cloud_relay.settings import MqttSettings

# A broker reads its passwords anew, or asks its other nodes, in its own time.
_LET_IN_WITHIN_S = 10.0
_TRIED_EVERY_S = 0.3


def clear_status(mqtt: MqttSettings, machine_id: str, password: str) -> None:
    """Log in as the machine, and leave an empty status, which takes the kept one away.

    Raises:
        BrokerUnavailable: the broker did not let us in, or did not answer.
        PublishRefused: the access rules forbid it.
    """
    connection = _connected(replace(mqtt, username=machine_id, password=password))
    try:
        connection.publish(status_topic(machine_id), b"", None, {}, retain=True)
    except NobodySubscribed:  # which is no matter: what was kept is gone
        pass
    finally:
        connection.close()


def _connected(mqtt: MqttSettings) -> BrokerConnection:
    until_s = time.monotonic() + _LET_IN_WITHIN_S
    while True:
        try:
            return BrokerConnection(mqtt)
        except BrokerUnavailable:
            if time.monotonic() > until_s:
                raise
            time.sleep(_TRIED_EVERY_S)
