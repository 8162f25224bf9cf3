"""The name that each of the relay's processes gives itself at the broker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from relay_parts import environment

from simulator.chain.broker import RELAY_USERNAME, Broker

ROOT = Path(__file__).parent.parent
ASK = """
import os
from cloud_relay.broker.publisher import Publisher
from cloud_relay.settings import read_settings

Publisher(read_settings(os.environ).mqtt).retained_status("galaga-01", within_s=0.0)
"""


def ask_from_a_process_of_its_own(broker: Broker) -> None:
    """Ask the broker for something, as one of many Lambdas does."""
    variables = environment(MQTT_PORT=str(broker.services_port), MQTT_CA_FILE=str(broker.ca_file))
    path = {"PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, env=path | variables, timeout=60, check=True)


def client_ids(broker: Broker) -> list[str]:
    """How the relays called themselves, as the broker's log has it."""
    connected = re.compile(rf"New client connected from \S+ as (\S+) \(.*u'{re.escape(RELAY_USERNAME)}'\)")
    return connected.findall(broker.log_file.read_text())


def test_every_process_of_the_relay_has_a_client_id_of_its_own(broker: Broker) -> None:
    """Two clients with one id throw each other out for ever, and the relay runs many times at once."""
    for _ in range(2):
        ask_from_a_process_of_its_own(broker)

    first, second = client_ids(broker)
    assert first != second
