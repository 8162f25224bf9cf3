"""`python -m bench.world.fleet_machines PORT CA_FILE COUNT`: machines that renew their statuses until killed.

Nothing of them is real but what a broker sees of it: a few connections say for all machines what each says of
itself, at once and then each at its own moment of the minute, and one hears the coin pulses of all.
"""

from __future__ import annotations

import os
import ssl
import sys
import time
from itertools import cycle

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from controller.announcements.announcer import STATUS_EXPIRES_S, STATUS_RENEWED_S
from controller.formats import wire
from controller.formats.wire import Status
from controller.system.clock import wall_time

USERNAME, PASSWORD_VARIABLE = "bench.machines", "BENCH_MACHINES_PASSWORD"
# Added to the shipped ones, for this user alone.
RULES = f"""
user {USERNAME}
topic write arcade/machine/+/status
topic read arcade/machine/+/coinpulse
"""
READY = "all machines have said their status"
_CONNECTIONS, _ANSWER_WITHIN_S = 4, 60.0


def machine_ids(count: int) -> list[str]:
    """The names of so many machines."""
    return [f"bench-{number:05}" for number in range(count)]


def main(port: int, ca_file: str, count: int) -> None:
    """Say all statuses, tell that it is done, and renew them evenly over each minute."""
    clients = [_client(port, ca_file) for _ in range(_CONNECTIONS)]
    clients[0].subscribe(wire.coinpulse_topic("+"), qos=1)
    turns = list(zip(machine_ids(count), cycle(clients)))
    for sent in [_say(client, machine_id) for machine_id, client in turns]:
        sent.wait_for_publish(_ANSWER_WITHIN_S)
    print(READY, flush=True)
    due_s = time.monotonic()
    for machine_id, client in cycle(turns):
        due_s += STATUS_RENEWED_S / count
        time.sleep(max(0.0, due_s - time.monotonic()))
        _say(client, machine_id)


def _say(client: mqtt.Client, machine_id: str) -> mqtt.MQTTMessageInfo:
    status = Status(machine_id, True, True, "attract", 0, "0.0.0", "bench", ())
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.MessageExpiryInterval = STATUS_EXPIRES_S
    payload = status.payload(wall_time())
    return client.publish(wire.status_topic(machine_id), payload, qos=1, retain=True, properties=properties)


def _client(port: int, ca_file: str) -> mqtt.Client:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(USERNAME, os.environ[PASSWORD_VARIABLE])
    client.tls_set_context(ssl.create_default_context(cafile=ca_file))
    client.connect("localhost", port)
    client.loop_start()
    return client


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
