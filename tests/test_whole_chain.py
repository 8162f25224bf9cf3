"""The whole chain on real parts: Mosquitto, the relay, the controller and its coin line, a virtual board."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
import requests
from conftest import has_caught_up, wait_until
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from controller.formats.wire import sign
from simulator.chain.broker import RELAY_USERNAME
from simulator.chain.cabinet import COIN_PIN, MACHINE_ID
from simulator.chain.chain import Chain, running_chain

TOPIC = f"arcade/machine/{MACHINE_ID}/coinpulse"
COIN = [1, 0]


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with running_chain(tmp_path / "chain") as running:
        wait_until_it_sells(running)
        yield running


@pytest.fixture
def old_chain(tmp_path: Path) -> Iterator[Chain]:
    """A cabinet of the older relay: unsigned messages, a fixed address in its QR."""
    old = {
        "accept_unsigned_coinpulse": True,
        "payment_link": "https://buy.stripe.com/test_abc",
        "relay": None,
    }
    with running_chain(tmp_path / "chain", **old) as running:
        running.controller.wait_for_line("board ready")
        wait_until(lambda: feed(running)["qr"], "the QR on the screen")
        yield running


def feed(chain: Chain) -> dict[str, object]:
    return (
        json.loads(chain.feed_file.read_text()) if chain.feed_file.exists() else {"qr": None, "state": None}
    )


def door(chain: Chain) -> str:
    return requests.get(chain.door, timeout=60).text


def wait_until_it_sells(chain: Chain) -> None:
    wait_until(lambda: "3 credits" in door(chain), "the door to sell")
    wait_until(lambda: feed(chain)["qr"] == chain.door, "the QR on the screen")


def checkout(chain: Chain, credits: int = 1) -> str:
    """Press a button at the door; gives the payment page's address."""
    button = re.search(rf'value="({credits}-[^"]+)"', door(chain))
    assert button is not None, door(chain)
    answer = requests.post(chain.door, {"offer": button[1]}, allow_redirects=False, timeout=60)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def coin_levels(chain: Chain) -> list[int]:
    return [edge.level for edge in chain.board.edges_of(COIN_PIN)]


def money(chain: Chain) -> dict[str, int]:
    return {name: cents for name, cents in chain.stripe.money().items() if cents}


@contextmanager
def relay_identity(chain: Chain) -> Iterator[mqtt.Client]:
    """Somebody who may publish coin pulses, as the relay may."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.username_pw_set(RELAY_USERNAME, chain.secrets.passwords[RELAY_USERNAME])
    client.tls_set_context(ssl.create_default_context(cafile=str(chain.broker.ca_file)))
    client.connect("127.0.0.1", chain.broker.services_port)
    client.loop_start()
    wait_until(client.is_connected, "the broker to accept the relay's identity")
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def publish(
    chain: Chain,
    payload: bytes,
    *,
    qos: int = 1,
    retain: bool = False,
    sig: str | None = None,
    expiry_s: int = 60,
) -> None:
    properties = Properties(PacketTypes.PUBLISH)
    properties.MessageExpiryInterval = expiry_s
    if sig is not None:
        properties.UserProperty = [("sig", sig)]
    with relay_identity(chain) as client:
        client.publish(TOPIC, payload, qos, retain, properties).wait_for_publish(5)


def order(**changes: object) -> bytes:
    fields = {
        "machineId": MACHINE_ID,
        "credits": 1,
        "timestamp": "2026-01-01T00:00:00Z",
        "paymentId": "pi_1",
        "amount": 100,
        "currency": "usd",
    }
    return json.dumps({**fields, **changes}).encode()


def test_a_sale_of_three_credits_is_three_coins_and_charged(chain: Chain) -> None:
    """Three credits bought at the door are three coins on the board, and exactly their price is charged."""
    payment_id = chain.stripe.pay(checkout(chain, 3))
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    wait_until(lambda: chain.board.view().coins == 3, "three coins")
    assert coin_levels(chain) == COIN * 3
    assert money(chain) == {"charged": 250}
    assert feed(chain)["state"] == "playing"


def test_the_journal_tells_a_sale_in_three_lines(chain: Chain) -> None:
    """Each with the payment's id, which is what an operator who is asked about it has."""
    payment_id = chain.stripe.pay(checkout(chain, 3))
    chain.controller.wait_for_line(f"{payment_id}: receipt answered")
    told = [line.text for line in chain.controller.log_lines if payment_id in line.text]

    assert [re.sub(r"\d+ s left", "# s left", text) for text in told] == [
        f"INFO payment {payment_id}: received, 3 credits for $2.50, # s left",
        f"INFO payment {payment_id}: delivered, 3 of 3 credits (its last pulse was fired)",
        f"INFO payment {payment_id}: receipt answered: settled",
    ]


def test_test_credits_are_no_sale(chain: Chain) -> None:
    """They reach the board between two sales, cost nobody anything, and have no receipt."""
    command = [sys.executable, "-m", "controller", "pulse", "2", "--config", str(chain.config_file)]
    first = chain.stripe.pay(checkout(chain))
    chain.controller.wait_for_line(f"{first}: receipt answered: settled")
    tested = subprocess.run(command, capture_output=True, text=True, check=True)
    second = chain.stripe.pay(checkout(chain))
    chain.controller.wait_for_line(f"{second}: receipt answered: settled")

    assert tested.stdout.endswith(": delivered, 2 of 2 credits\n")
    assert coin_levels(chain) == COIN * 4
    assert money(chain) == {"charged": 200}
    assert [line.text for line in chain.controller.log_lines if "receipt answered" in line.text] == [
        f"INFO payment {payment_id}: receipt answered: settled" for payment_id in (first, second)
    ]


def test_game_over_brings_the_attract_screen_back(chain: Chain) -> None:
    """Game over on the board ends the session, is published once, and the QR is shown again."""
    chain.controller.wait_for_line(f"{chain.stripe.pay(checkout(chain))}: delivered")
    wait_until(chain.board.press_start, "a credit to start with")
    assert chain.board.end_game()
    wait_until(lambda: feed(chain)["state"] == "attract", "the attract screen")
    assert feed(chain)["qr"] == chain.door
    wait_until(lambda: chain.observer.on("gameover"), "game over at the broker")
    assert [json.loads(m.payload)["status"] for m in chain.observer.on("gameover")] == ["game_over"]


def test_a_game_over_that_no_broker_took_is_published_by_the_next_start(chain: Chain) -> None:
    """Ended while the broker is away, and the process killed: it is in the ledger."""
    chain.controller.wait_for_line(f"{chain.stripe.pay(checkout(chain))}: receipt answered")
    chain.broker.stop()
    wait_until(chain.board.press_start, "a credit to start with")
    assert chain.board.end_game()
    chain.controller.wait_for_line("game over after")
    chain.controller.kill()
    chain.broker.start()
    wait_until(lambda: chain.observer.listens, "the observer")
    chain.controller.start()
    wait_until(lambda: chain.observer.on("gameover"), "game over at the broker")
    (told,) = [json.loads(message.payload) for message in chain.observer.on("gameover")]
    assert (told["status"], told["game"], told["credits"]) == ("game_over", 1, 1)


def test_a_webhook_that_comes_twice_is_one_credit(chain: Chain) -> None:
    """Stripe may repeat a webhook; the player still gets what was paid, once."""
    chain.stripe.webhooks.deliver_copies(2)
    payment_id = chain.stripe.pay(checkout(chain))
    chain.controller.wait_for_line(f"{payment_id}: came again")
    chain.controller.wait_for_line(f"{payment_id}: receipt answered")
    assert coin_levels(chain) == COIN
    assert money(chain) == {"charged": 100}


def test_a_broker_restart_before_delivery_loses_nothing(chain: Chain) -> None:
    """Paid while the broker is away: the credit comes once the broker is back."""
    page = checkout(chain)
    chain.broker.stop()
    payment_id = chain.stripe.pay(page)
    wait_until(lambda: 503 in [d.status_code for d in chain.stripe.webhooks.log], "a 503 for the webhook")
    chain.broker.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled", within_s=60)
    assert coin_levels(chain) == COIN
    assert money(chain) == {"charged": 100}


def test_a_broker_restart_with_a_queued_payment_loses_nothing(chain: Chain) -> None:
    """Queued for a cabinet that is off, the payment survives the broker's own restart."""
    page = checkout(chain)
    chain.controller.kill()
    payment_id = chain.stripe.pay(page)
    wait_until(lambda: chain.observer.on("coinpulse"), "the coin pulse at the broker")
    chain.broker.restart()
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN


def test_killed_between_puback_and_firing_is_credited_after_the_restart(chain: Chain) -> None:
    """A payment that was acknowledged and not yet fired is fired by the next run of the process."""
    page = checkout(chain, 3)
    chain.board.set_ready(False)
    chain.controller.wait_for_line("board not ready")
    payment_id = chain.stripe.pay(page)
    chain.controller.wait_for_line(f"{payment_id}: received")
    wait_until(lambda: not unacknowledged(chain), "the PUBACK")
    chain.controller.kill()
    assert coin_levels(chain) == []
    chain.board.set_ready(True)
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN * 3
    assert money(chain) == {"charged": 250}


def unacknowledged(chain: Chain) -> bool:
    """Whether Mosquitto still waits for a PUBACK of the cabinet: its log has a line for each packet."""
    log = chain.broker.log_file.read_text()
    sent = len(re.findall(rf"Sending PUBLISH to {MACHINE_ID} ", log))
    return sent == 0 or len(re.findall(rf"Received PUBACK from {MACHINE_ID} ", log)) < sent


def test_a_payment_for_a_cabinet_that_is_off_is_credited_when_it_starts(chain: Chain) -> None:
    """The broker keeps the payment for the rest of its credit window."""
    page = checkout(chain)
    chain.controller.stop()
    payment_id = chain.stripe.pay(page)
    wait_until(lambda: chain.observer.on("coinpulse"), "the coin pulse at the broker")
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN
    assert money(chain) == {"charged": 100}


def test_killed_inside_a_train_the_rest_follows_and_no_pulse_comes_twice(chain: Chain) -> None:
    """The coin line finishes the pulse that the kill hit, and the next controller learns of it."""
    payment_id = chain.stripe.pay(checkout(chain, 3))
    wait_until(lambda: coin_levels(chain) == [1], "the first pulse to rise")
    chain.controller.kill()
    wait_until(lambda: coin_levels(chain) == [1, 0], "the coin line to rest by itself")
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN * 3
    assert money(chain) == {"charged": 250}


def test_killed_with_its_coin_line_inside_a_train_only_that_pulse_is_in_doubt(chain: Chain) -> None:
    """Whatever pulse the kill hit is not fired again; the others are, and only whole credits are charged."""
    payment_id = chain.stripe.pay(checkout(chain, 3))
    wait_until(lambda: coin_levels(chain) == [1], "the first pulse to rise")
    os.kill(coin_line(chain), signal.SIGKILL)
    chain.controller.kill()
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: pulse 1 ambiguous")
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN * 3
    assert money(chain) == {"charged": 166, "released": 84}


def test_a_start_without_its_coin_line_costs_no_pulse(chain: Chain) -> None:
    """What the tally says of the ordered pulses is left for a start that can read it."""
    payment_id = chain.stripe.pay(checkout(chain, 3))
    wait_until(lambda: coin_levels(chain) == [1], "the first pulse to rise")
    chain.controller.kill()
    wait_until(lambda: coin_levels(chain) == [1, 0], "the coin line to rest by itself")
    tally = chain.folder / "tally"
    tally.rename(chain.folder / "kept")
    tally.mkdir()
    for _ in range(2):
        chain.controller.start()
        wait_until(lambda: chain.controller.exit_status == 1, "the controller to end")
    tally.rmdir()
    (chain.folder / "kept").rename(tally)
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert (coin_levels(chain), money(chain)) == (COIN * 3, {"charged": 250})


def coin_line(chain: Chain) -> int:
    """The process that owns the coin pin."""
    pid = chain.controller.pid
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text())


def test_stopped_inside_a_train_everything_is_delivered(chain: Chain) -> None:
    """A clean stop lets the pulse in flight end and writes it down: no pulse is in doubt."""
    payment_id = chain.stripe.pay(checkout(chain, 3))
    wait_until(lambda: coin_levels(chain) == [1], "the first pulse to rise")
    chain.controller.stop()
    assert chain.controller.exit_status == 0
    assert coin_levels(chain) == COIN
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN * 3
    assert money(chain) == {"charged": 250}


def test_a_coin_line_that_hangs_ends_the_controller(chain: Chain) -> None:
    """What does not answer is not sold with; the pulse had not begun, and the next start fires it."""
    page = checkout(chain)
    os.kill(coin_line(chain), signal.SIGSTOP)
    payment_id = chain.stripe.pay(page)
    chain.controller.wait_for_line("coin line failed: its process does not answer")
    wait_until(lambda: chain.controller.exit_status == 1, "the controller to end")
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: goes on with pulse 1, which had not begun")
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert (coin_levels(chain), money(chain)) == (COIN, {"charged": 100})


def test_a_receipt_outlives_a_relay_that_is_away(chain: Chain) -> None:
    """The receipt waits in the outbox, over a restart of the cabinet too, until the relay answers."""
    page = checkout(chain)
    chain.board.set_ready(False)
    payment_id = chain.stripe.pay(page)
    chain.controller.wait_for_line(f"{payment_id}: received")
    chain.relay.kill()
    chain.board.set_ready(True)
    chain.controller.wait_for_line(f"{payment_id}: receipt not answered")
    chain.controller.kill()
    chain.relay.start()
    chain.controller.start()
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN
    assert money(chain) == {"charged": 100}


def test_a_machine_that_is_not_ready_sells_nothing(chain: Chain) -> None:
    """Not ready: no QR, no button at the door, and a button pressed all the same makes no session."""
    chain.board.set_ready(False)
    wait_until(lambda: "<button" not in door(chain), "the door to close")
    sessions = len(chain.stripe.keeper.turn(lambda book, _: list(book.sessions)))
    refused = requests.post(chain.door, {"offer": "1-100-usd"}, allow_redirects=False, timeout=60)
    assert refused.status_code == 409
    assert len(chain.stripe.keeper.turn(lambda book, _: list(book.sessions))) == sessions
    assert (feed(chain)["state"], feed(chain)["qr"]) == ("not_ready", None)


def test_a_cabinet_that_died_sells_nothing(chain: Chain) -> None:
    """The last will closes the door of a cabinet whose plug was pulled."""
    chain.controller.kill()
    wait_until(lambda: "<button" not in door(chain), "the door to close")


def test_without_broker_the_screen_shows_no_qr(chain: Chain) -> None:
    """A payment could not reach the cabinet, so that nobody is invited to pay."""
    chain.broker.stop()
    wait_until(lambda: feed(chain)["state"] == "offline", "the offline screen")
    assert feed(chain)["qr"] is None
    chain.broker.start()
    wait_until(lambda: feed(chain)["qr"] == chain.door, "the QR to come back", within_s=60)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"{", "payload is not JSON"),
        (order(machineId="pacman-02"), "machineId is 'pacman-02'"),
        (order(credits=0), "credits is 0"),
        (order(credits=-1), "credits is -1"),
        (order(credits=10**9), "credits is 1000000000"),
        (order(credits="3"), "credits is '3'"),
        (b'{"a":"' + b"x" * 4096 + b'"}', "payload has 4104 bytes"),
    ],
)
def test_what_is_no_payment_is_refused_once(chain: Chain, payload: bytes, reason: str) -> None:
    """A hostile message, even well signed, is refused with its reason, acknowledged, and moves nothing."""
    publish(chain, payload, sig=sign(chain.secrets.machine_token, payload))
    chain.controller.wait_for_line(f"message refused: {reason}")
    assert_still_selling_and_unmoved(chain)


def test_a_message_that_is_nearly_too_late_makes_the_cabinet_ask(chain: Chain) -> None:
    """With a second left the message itself proves nothing: the relay knows how long the window really is."""
    wait_until(lambda: has_caught_up(chain.controller), "the answers to its first questions")
    page = checkout(chain)
    chain.stripe.webhooks.hold_back()
    payment_id = chain.stripe.pay(page)
    payload = order(paymentId=payment_id)
    publish(chain, payload, sig=sign(chain.secrets.machine_token, payload), expiry_s=1)
    chain.controller.wait_for_line(f"asked the relay for open payments: payment {payment_id}")
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN


def test_an_unsigned_coin_pulse_is_refused(chain: Chain) -> None:
    """Who can publish at the broker cannot thereby make credits."""
    publish(chain, order())
    chain.controller.wait_for_line("message refused: unsigned")
    assert_still_selling_and_unmoved(chain)


def test_another_machines_signature_is_refused(chain: Chain) -> None:
    """A token that was stolen from another cabinet signs nothing here."""
    payload = order()
    publish(chain, payload, sig=sign("1." + "0" * 64, payload))
    chain.controller.wait_for_line("message refused: signature is wrong")
    assert_still_selling_and_unmoved(chain)


def test_a_retained_coin_pulse_is_refused(chain: Chain) -> None:
    """A retained message would be a credit at every reconnect."""
    chain.controller.stop()
    payload = order()
    publish(chain, payload, retain=True, sig=sign(chain.secrets.machine_token, payload))
    # A subscription that is already there gets it as an ordinary message: a new session gets it retained.
    chain.broker.kill()
    (chain.broker.folder / "store" / "mosquitto.db").unlink(missing_ok=True)
    chain.broker.start()
    publish(chain, payload, retain=True, sig=sign(chain.secrets.machine_token, payload))
    chain.controller.start()
    chain.controller.wait_for_line("message refused: retained")
    assert_still_selling_and_unmoved(chain)


def assert_still_selling_and_unmoved(chain: Chain) -> None:
    """The next sale goes through, and its pulses are the only ones."""
    wait_until_it_sells(chain)
    payment_id = chain.stripe.pay(checkout(chain))
    chain.controller.wait_for_line(f"{payment_id}: receipt answered: settled")
    assert coin_levels(chain) == COIN


@pytest.mark.parametrize("qos", [0, 1])
def test_the_ancestors_message_is_credited_once(old_chain: Chain, qos: int) -> None:
    """An unsigned message of the old form is a credit; the same message to the letter is the same credit."""
    first = json.dumps({"machineId": MACHINE_ID, "credits": 1, "timestamp": "2026-01-01T10:00:00Z"}).encode()
    second = first.replace(b"10:00:00", b"10:00:01")
    for payload in (first, first, second):
        publish(old_chain, payload, qos=qos)
    old_chain.controller.wait_for_line("came again")
    wait_until(lambda: old_chain.board.view().coins == 2, "two coins")
    assert coin_levels(old_chain) == COIN * 2


def test_a_fixed_payment_link_is_the_qr(old_chain: Chain) -> None:
    """A cabinet of the older relay shows the address that its config.yaml names."""
    assert feed(old_chain)["qr"] == "https://buy.stripe.com/test_abc"


def test_no_secret_reaches_a_log_or_an_argument_list(chain: Chain) -> None:
    """Tokens, keys and passwords stay out of what others can read."""
    chain.controller.wait_for_line(f"{chain.stripe.pay(checkout(chain))}: receipt answered")
    logs = "".join(path.read_text() for path in chain.folder.glob("*.log"))
    for part in (chain.controller, chain.relay):
        logs += Path(f"/proc/{part.pid}/cmdline").read_text()
    secrets = chain.secrets
    told = [secrets.stripe_key, secrets.webhook_secret, secrets.relay_secret, secrets.machine_token]
    assert [s for s in (*told, *secrets.passwords.values()) if s in logs] == []
