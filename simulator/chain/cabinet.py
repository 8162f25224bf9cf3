"""The demo's cabinet: its name, its prices, its wiring, and the two settings files that follow from them."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from cloud_relay.rules.tokens import TokenBook
from simulator.chain.broker import FLEET_USERNAME, RELAY_USERNAME, Broker

MACHINE_ID = "star-raider-01"
NAME = "Star Raider"
COIN_PIN, GAME_OVER_PIN, READY_PIN, COIN_METER_PIN = 17, 27, 22, 23
# As config.yaml has it, for a cabinet whose board's coin meter is wired.
COIN_METER = {"pin": COIN_METER_PIN, "active": "low"}
OFFERS = {
    "currency": "usd",
    "offers": [{"credits": 1, "amount": 100}, {"credits": 3, "amount": 250}],
    "machines": {MACHINE_ID: {"name": NAME}},
}


@dataclass(frozen=True)
class Secrets:
    """Made anew for every run; none of them is worth anything beyond it."""

    stripe_key: str = field(default_factory=lambda: f"sk_test_{secrets.token_hex(16)}", repr=False)
    webhook_secret: str = field(default_factory=lambda: f"whsec_{secrets.token_hex(16)}", repr=False)
    relay_secret: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    operator_key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    passwords: dict[str, str] = field(
        default_factory=lambda: {
            name: secrets.token_hex(16)
            for name in (RELAY_USERNAME, FLEET_USERNAME, MACHINE_ID, "demo.observer")
        },
        repr=False,
    )

    @property
    def machine_token(self) -> str:
        """The cabinet's token, as the relay issues it."""
        return TokenBook(self.relay_secret, {}).issue(MACHINE_ID)


def write_config(
    path: Path, secrets: Secrets, broker: Broker, relay_url: str, board_socket: Path, **changes: object
) -> None:
    """Write the cabinet's config.yaml, readable by its owner alone. `changes` replace top-level keys."""
    config = {
        "machine_id": MACHINE_ID,
        "name": NAME,
        "relay": {"url": relay_url, "token": secrets.machine_token},
        "broker": {
            "host": "127.0.0.1",
            "port": broker.port,
            "password": secrets.passwords[MACHINE_ID],
            "ca_file": str(broker.ca_file),
        },
        "coin_line": {"pin": COIN_PIN},
        "game_over": {"pin": GAME_OVER_PIN, "active": "low"},
        "ready": {"pin": READY_PIN, "active": "low"},
        "board_boot_s": 0,
        "state_dir": str(path.parent / "state"),
        "screen_feed": str(path.parent / "screen.json"),
        "mock_pins_for_demo_only": str(board_socket),
        **changes,
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def reboot(path: Path) -> None:
    """Have the controller that next reads this config.yaml believe that the Pi was off in between."""
    config = yaml.safe_load(path.read_text())
    config["boot_id_for_demo_only"] = f"boot {secrets.token_hex(8)}"
    path.write_text(yaml.safe_dump(config, sort_keys=False))


def relay_environment(
    secrets: Secrets, broker: Broker, *, relay_url: str, stripe_url: str, price_id: str, page_url: str
) -> dict[str, str]:
    """What the relay is told through its environment."""
    return {
        "STRIPE_API_KEY": secrets.stripe_key,
        "STRIPE_WEBHOOK_SECRET": secrets.webhook_secret,
        "STAND_IN_STRIPE_URL": stripe_url,
        "PRICE_ID": price_id,
        "MQTT_BROKER": "127.0.0.1",
        "MQTT_PORT": str(broker.services_port),
        "MQTT_USERNAME": RELAY_USERNAME,
        "MQTT_PASSWORD": secrets.passwords[RELAY_USERNAME],
        "MQTT_CA_FILE": str(broker.ca_file),
        "RELAY_SECRET": secrets.relay_secret,
        "RELAY_URL": relay_url,
        "OPERATOR_KEY": secrets.operator_key,
        "OFFERS": json.dumps(OFFERS),
        "FRAME_ANCESTORS": page_url,
    }
