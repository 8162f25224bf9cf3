"""A cabinet whose token the relay takes no more, on the whole chain."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from conftest import wait_until

from simulator.chain.cabinet import COIN_PIN, MACHINE_ID
from simulator.chain.chain import Chain, running_chain
from simulator.chain.part import Part

CLOSED = "stopped selling: token: a coin pulse was signed with another token than relay.token"
REFUSED = [{"kind": "token", "text": "token: the relay refuses relay.token"}]


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """A chain that sells."""
    with running_chain(tmp_path / "chain") as running:
        running.controller.wait_for_line("offer received")
        wait_until(lambda: sells(running), "the door to sell")
        yield running


@contextmanager
def revoking_relay(chain: Chain) -> Iterator[None]:
    """In the place of the chain's relay one that takes only the machine's second token."""
    chain.relay.stop()
    server = [sys.executable, "-m", "waitress", f"--listen=127.0.0.1:{urlsplit(chain.relay_url).port}"]
    environment = {**chain.relay_environment, "MIN_TOKEN_NUMBERS": json.dumps({MACHINE_ID: 2})}
    relay = Part(
        "relay",
        [*server, "--call", "cloud_relay.app:create_app_from_environment"],
        chain.folder / "revoking.log",
        environment,
    )
    relay.start()
    try:
        wait_until(lambda: is_up(chain), "the relay")
        yield
    finally:
        relay.stop()


def is_up(chain: Chain) -> bool:
    try:
        return requests.get(f"{chain.relay_url}/status", timeout=60).ok
    except requests.ConnectionError:
        return False


def faults(chain: Chain) -> object:
    return json.loads(chain.feed_file.read_text())["faults"]


def sells(chain: Chain) -> bool:
    try:
        return "3 credits" in requests.get(chain.door, timeout=60).text
    except requests.ConnectionError:
        return False


def pay(chain: Chain) -> str:
    """Buy one credit at the door; gives the payment's id."""
    button = re.search(r'value="(1-[^"]+)"', requests.get(chain.door, timeout=60).text)
    assert button is not None
    answer = requests.post(chain.door, {"offer": button[1]}, allow_redirects=False, timeout=60)
    return chain.stripe.pay(answer.headers["Location"])


def test_one_player_meets_a_revoked_token_and_is_credited_once_it_is_taken_again(chain: Chain) -> None:
    """The first payment closes the door and names the token; nothing is started again to mend it."""
    with revoking_relay(chain):
        wait_until(lambda: sells(chain), "the door to sell once more")
        payment_id = pay(chain)
        chain.controller.wait_for_line(CLOSED)
        wait_until(lambda: not sells(chain), "the door to close")
        wait_until(lambda: faults(chain) == REFUSED, "the fault that names the token")
        assert chain.board.edges_of(COIN_PIN) == []
    chain.relay.start()

    chain.controller.wait_for_line("the relay can be counted on again", within_s=60)
    chain.controller.wait_for_line(f"payment {payment_id}: receipt answered: settled", within_s=60)
    wait_until(lambda: sells(chain), "the door to open")

    assert [edge.level for edge in chain.board.edges_of(COIN_PIN)] == [1, 0]
    assert {name: cents for name, cents in chain.stripe.money().items() if cents} == {"charged": 100}
    token = chain.secrets.machine_token
    assert not [line.text for line in chain.controller.log_lines if token in line.text]
