"""A relay that could not settle what it sells, on the whole chain: no door, no QR, and healed alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from conftest import wait_until

from simulator.chain.cabinet import MACHINE_ID
from simulator.chain.chain import Chain, running_chain
from simulator.stripe.model.permissions import Permissions

NTP = "set it, best by NTP (sudo timedatectl set-ntp true)"
EDIT_KEY = "give it in Stripe's Dashboard, Developers, API keys, Edit key"


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    """A chain that sells."""
    with running_chain(tmp_path / "chain") as running:
        running.controller.wait_for_line("offer received")
        wait_until(lambda: button(running), "the door to sell")
        yield running


def button(chain: Chain) -> str | None:
    """What the door's button for one credit sends; None where the door is closed."""
    found = re.search(r'value="(1-[^"]+)"', requests.get(chain.door, timeout=60).text)
    return found[1] if found else None


def buy(chain: Chain) -> requests.Response:
    """Press the button of an open door."""
    return requests.post(chain.door, {"offer": button(chain)}, allow_redirects=False, timeout=60)


def faults(chain: Chain) -> list[str]:
    """What the screen's feed says is wrong, without the address that was asked."""
    feed = json.loads(chain.feed_file.read_text())
    return [re.sub(r"from \S+, ", "", fault["text"]) for fault in feed["faults"]]


def may(chain: Chain, permissions: Permissions | None = None) -> None:
    """Change what the relay's key may do."""
    chain.stripe.api_keys.allow(chain.secrets.stripe_key, permissions)


def test_a_key_that_loses_a_permission_closes_door_and_qr_until_it_has_it_again(chain: Chain) -> None:
    """The credit of the sale under way has been given: it is settled once the key may."""
    payment_id = chain.stripe.pay(buy(chain).headers["Location"])
    may(chain, {"payment_intent": "read"})
    reason = f"the Stripe key lacks PaymentIntents: Write: {EDIT_KEY}"
    chain.relay.wait_for_line(f"Sell nothing: {reason}")
    wait_until(lambda: faults(chain) == [f"relay: 409 the relay sells nothing: {reason}"], "the fault")
    wait_until(lambda: button(chain) is None, "the door to close")
    may(chain)

    chain.controller.wait_for_line(f"payment {payment_id}: receipt answered: settled", within_s=60)
    chain.controller.wait_for_line("the relay can be counted on again", within_s=60)
    wait_until(lambda: button(chain) is not None, "the door to open")
    assert {name: cents for name, cents in chain.stripe.money().items() if cents} == {"charged": 100}


def test_a_key_that_may_not_is_found_at_start(chain: Chain) -> None:
    """Before anybody has scanned anything."""
    chain.relay.stop()
    may(chain, {"charge": "none"})
    chain.relay.start()
    chain.relay.wait_for_line(f"Sell nothing: the Stripe key lacks Charges and Refunds: Write: {EDIT_KEY}")
    wait_until(lambda: answers(chain), "the relay's door to answer again")
    wait_until(lambda: button(chain) is None, "the door to close")


def answers(chain: Chain) -> bool:
    """Whether somebody answers at the door: a relay says what it found before it listens."""
    try:
        requests.get(chain.door, timeout=60)
    except requests.ConnectionError:
        return False
    return True


def test_a_clock_that_differs_from_stripes_takes_no_money(chain: Chain) -> None:
    """The answer that makes the session shows it: its page is not handed out. Set again, the door opens."""
    chain.stripe.clock.ahead_s = -25
    assert buy(chain).status_code == 409
    chain.relay.wait_for_line(f"s ahead of Stripe's: {NTP}")
    assert button(chain) is None
    chain.stripe.clock.ahead_s = 0
    chain.relay.wait_for_line("Sell again", within_s=60)
    assert buy(chain).status_code == 303
    assert MACHINE_ID in chain.door
