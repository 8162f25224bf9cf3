"""Secrets that are changed on the whole chain, step by step: every sale is credited once, and settled."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import yaml
from conftest import has_caught_up, wait_until

from cloud_relay.formats.env_file import read_env
from cloud_relay.rules.tokens import relay_tag
from simulator.chain.cabinet import COIN_PIN, MACHINE_ID
from simulator.chain.chain import Chain, running_chain, wait_for_relay

pytestmark = [pytest.mark.cloud, pytest.mark.timeout(240)]


@dataclass
class Hall:
    """A chain, its operator's environment file, and what was paid so far."""

    chain: Chain
    env: Path
    paid: list[str] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """The relay's, as the file has it now."""
        folder = {"MOSQUITTO_FOLDER": str(self.chain.broker.folder)}
        return {**self.chain.relay_environment, **folder, **self.stored}

    @property
    def stored(self) -> dict[str, str]:
        """What the file says."""
        return read_env(self.env.read_text()) if self.env.exists() else {}

    def rotate(self, *arguments: str) -> tuple[int, str]:
        """Type the command as it is; gives its status and what it said."""
        command = [sys.executable, "-m", "cloud_relay", "rotate", *arguments]
        ended = subprocess.run(
            command,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    def change(self, *arguments: str) -> str:
        """Type the command with the environment file, and restart the relay with what it says then."""
        status, said = self.rotate(*arguments, "--env", str(self.env))
        assert status == 0, said
        self.restart_relay()
        return said

    def restart_relay(self) -> None:
        """With its environment as the file has it."""
        relay = self.chain.relay
        relay.stop()
        relay.change_environment(**self.environment)
        relay.start()
        wait_for_relay(relay, urlsplit(self.chain.relay_url).port or 0)

    def page(self) -> str:
        """A payment page that a player opens."""
        wait_until(lambda: self.button() is not None, "the door to sell")
        answer = requests.post(self.chain.door, {"offer": self.button()}, allow_redirects=False, timeout=60)
        return answer.headers["Location"]

    def button(self) -> str | None:
        """That of one credit; None while the door is closed."""
        found = re.search(r'value="(1-[^"]+)"', requests.get(self.chain.door, timeout=60).text)
        return found[1] if found else None

    def pay(self, page: str | None = None) -> None:
        """Pay for one credit."""
        self.paid.append(self.chain.stripe.pay(page or self.page()))

    def all_is_settled(self) -> None:
        """Each payment is credited once, and charged."""
        controller = self.chain.controller
        for payment in self.paid:
            controller.wait_for_line(f"payment {payment}: receipt answered: settled", within_s=60)
        assert [edge.level for edge in self.chain.board.edges_of(COIN_PIN)] == [1, 0] * len(self.paid)
        money = {name: cents for name, cents in self.chain.stripe.money().items() if cents}
        assert money == {"charged": 100 * len(self.paid)}
        assert [line.text for line in controller.log_lines if "signature is wrong" in line.text] == []

    def token_of(self) -> str:
        """Which token the list says that the machine has."""
        rows = json.loads(self.rotate("relay-secret", "--json")[1])
        return str(next(row["token"] for row in rows if row["machineId"] == MACHINE_ID))

    def give_new_token(self) -> None:
        """A technician's edit of config.yaml, and the restart that it needs."""
        out = subprocess.run(
            [sys.executable, "-m", "cloud_relay", "token", MACHINE_ID],
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        config = yaml.safe_load(self.chain.config_file.read_text())
        config["relay"]["token"] = out.stdout.strip()
        self.chain.config_file.write_text(yaml.safe_dump(config, sort_keys=False))
        self.restart_cabinet()

    def restart_cabinet(self) -> None:
        """As systemd does it."""
        self.chain.controller.stop()
        self.chain.controller.start()


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    """A chain that sells, whose relay looks again every second at what is open."""
    with running_chain(tmp_path / "chain") as chain:
        chain.controller.wait_for_line("offer received")
        wait_until(lambda: has_caught_up(chain.controller), "what the cabinet asks at its start")
        yield Hall(chain, tmp_path / "relay.env")


def test_the_relay_s_secret_is_changed_and_nothing_is_lost_or_given_twice(hall: Hall) -> None:
    """Old token, both, new token: at each step a sale, and one whose page was opened a step before."""
    old = hall.chain.secrets.relay_secret
    hall.pay()
    before = hall.page()
    hall.change("relay-secret")
    hall.pay(before)
    hall.pay()
    hall.all_is_settled()

    assert hall.token_of() == "old"
    status, said = hall.rotate("relay-secret", "--finish", "--env", str(hall.env))
    assert (status, "1 would be shut out" in said) == (1, True)
    assert old in hall.stored["RELAY_SECRET"]

    between = hall.page()
    hall.give_new_token()
    wait_until(lambda: hall.token_of() == "new", "the cabinet to say that it has the new token")
    hall.pay(between)
    hall.pay()
    hall.all_is_settled()

    last = hall.page()
    said = hall.change("relay-secret", "--finish")
    assert "," not in hall.stored["RELAY_SECRET"]
    assert hall.stored["FORMER_RELAY_TAGS"] == relay_tag(old)
    assert old not in hall.env.read_text() + said
    hall.pay(last)
    hall.pay()
    hall.all_is_settled()
    assert len(hall.paid) == 7


def test_what_was_sold_under_the_old_secret_is_credited_after_it_is_gone(hall: Hall) -> None:
    """Its tag still names this relay: on payments that are open, and on those from pages opened before."""
    page = hall.page()
    hall.change("relay-secret")
    hall.give_new_token()
    wait_until(lambda: hall.token_of() == "new", "the cabinet to say that it has the new token")
    hall.change("relay-secret", "--finish")
    hall.pay(page)
    hall.all_is_settled()


def test_the_webhook_s_secret_is_changed_and_no_sale_is_missed(hall: Hall) -> None:
    """A second endpoint has the new one; the first goes when the relay was seen to take it."""
    hall.pay()
    hall.change("webhook-secret")
    new, old = hall.stored["STRIPE_WEBHOOK_SECRET"].split(",")
    assert old == hall.chain.secrets.webhook_secret
    hall.pay()
    status, said = hall.rotate("webhook-secret", "--finish", "--env", str(hall.env))
    assert (status, "2 endpoints that are enabled" in said) == (1, True)
    assert hall.rotate("webhook-secret", "--env", str(hall.env))[0] == 0
    endpoints = hall.chain.stripe.webhooks.endpoints.all
    assert [(each.secret, each.status) for each in endpoints] == [(old, "disabled"), (new, "enabled")]
    hall.pay()
    hall.change("webhook-secret", "--finish")
    assert hall.stored["STRIPE_WEBHOOK_SECRET"] == new
    hall.pay()
    hall.all_is_settled()


def test_the_relay_s_password_is_changed_with_the_old_login_beside_the_new_one(hall: Hall) -> None:
    """The old relay goes on until it is restarted, and the old login goes only when nobody has it."""
    status, said = hall.rotate("broker-password", "--env", str(hall.env))
    assert (status, "cloud.relay2 is the relay's login from now on" in said) == (0, True)
    hall.pay()
    hall.all_is_settled()  # a webhook that meets a relay's restart would come again after minutes
    hall.restart_relay()
    hall.pay()
    assert hall.rotate("broker-password")[0] == 1  # it says who is there, and changes nothing
    assert hall.rotate("broker-password", "--remove", "cloud.relay2")[0] == 1
    status, said = hall.rotate("broker-password", "--remove", "cloud.relay")
    assert (status, "cloud.relay is taken away" in said) == (0, True)
    hall.pay()
    hall.all_is_settled()
    status, said = hall.rotate("broker-password", "--env", str(hall.env))
    assert (status, "cloud.relay is the relay's login from now on" in said) == (0, True)
