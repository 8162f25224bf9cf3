"""`remove-machine` with a real Mosquitto and a stand-in Stripe: cut off first, and its login last."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from conftest import PASSWORDS, wait_until
from machine_commands import Office, an_office
from relay_parts import OPERATOR_KEY, Cabinet

from cloud_relay.rules.messages import MachineStatus
from cloud_relay.rules.orders import Order
from cloud_relay.rules.statement import sale_words
from cloud_relay.settings import read_settings

pytestmark = pytest.mark.cloud

ID = "galaga-01"
CUT_OFF = f"{ID} is cut off from the broker, and its door is closed: nobody can sell for it.\n"
NO_SALES = "Nothing of it is for sale at Stripe.\n"
NO_OPEN = "No payment for it is open.\n"
REVOKE = f'Revoke its tokens in the relay\'s environment, and restart it: MIN_TOKEN_NUMBERS={{"{ID}":2}}\n'
OFFERS = f"Take {ID} out of OFFERS, too.\n"
REMOVED = f"{ID} is removed.\n"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An operator's desk; no webhook comes through, so that nothing is published."""
    with an_office(tmp_path) as running:
        running.hall.stripe.webhooks.url = None
        yield running


def remove(office: Office, *more: str, **changes: str) -> tuple[int, str]:
    """Type the command."""
    return office.run("remove-machine", ID, *office.broker_option, *more, **changes)


def leave_a_status(office: Office) -> None:
    """As a cabinet does that sells."""
    with Cabinet(ID, office.hall.broker) as cabinet:
        cabinet.say()


def payment_page(office: Office, machine_id: str = ID) -> str:
    """A page that a player has open."""
    order = Order(machine_id, 1, 100, "usd")
    words = sale_words("Credits", "Game", machine_id)
    stripe, now_s = office.hall.relay.stripe(), office.hall.clock()
    return stripe.checkout(order, words, "https://x.example", "https://x.example", now_s)[0]


def test_a_machine_is_removed_everywhere(office: Office) -> None:
    """Its login, its kept status and its token; another machine keeps all."""
    leave_a_status(office)
    assert office.status_of(ID) == MachineStatus(online=True, accepting=True, state="attract")
    assert remove(office) == (0, CUT_OFF + NO_SALES + NO_OPEN + REVOKE + OFFERS + REMOVED)
    wait_until(lambda: not office.lets_in(ID, PASSWORDS[ID]), "the end of its login")
    assert ID not in (office.hall.broker.folder / "cabinets.passwords").read_text()
    assert office.status_of(ID) is None
    assert office.lets_in("pacman-02", PASSWORDS["pacman-02"])


def test_a_connected_cabinet_is_cut_off_and_leaves_nothing(office: Office) -> None:
    """Its last will, which the broker then publishes for it, is cleared as well."""
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5, reconnect_on_failure=False)
    client.username_pw_set(ID, PASSWORDS[ID])
    client.tls_set_context(ssl.create_default_context(cafile=str(office.hall.broker.ca_file)))
    client.will_set(f"arcade/machine/{ID}/status", b'{"machineId":"galaga-01"}', qos=1, retain=True)
    client.connect("localhost", office.hall.broker.port)
    client.loop_start()
    wait_until(client.is_connected, "its connection")
    assert remove(office)[0] == 0
    wait_until(lambda: not client.is_connected(), "its end")
    assert office.status_of(ID) is None
    client.loop_stop()


def test_done_again_it_says_what_is_done(office: Office) -> None:
    """And proposes a number once more, as long as the relay's settings have none."""
    leave_a_status(office)
    remove(office)
    gone = f"The broker has no login of {ID}, and nothing that it said.\n"
    assert remove(office) == (0, gone + NO_SALES + NO_OPEN + REVOKE + OFFERS + REMOVED)
    revoked = "Its tokens below number 2 are revoked (MIN_TOKEN_NUMBERS).\n"
    numbers = {"MIN_TOKEN_NUMBERS": f'{{"{ID}":2}}'}
    assert remove(office, **numbers) == (0, gone + NO_SALES + NO_OPEN + revoked + OFFERS + REMOVED)


def test_its_sales_at_stripe_end_and_no_others(office: Office) -> None:
    """A printed code would go on to take money, and a page that is open, too."""
    price = office.hall.stripe.create_price(100, "usd")
    key = {"Authorization": f"Bearer {OPERATOR_KEY}"}
    links = [
        office.hall.client.post(
            "/create-payment-link", json={"machine_id": machine_id, "price_id": price}, headers=key
        ).json["id"]
        for machine_id in (ID, "pacman-02")
    ]
    pages = [payment_page(office), payment_page(office, "pacman-02")]
    assert f"Ended at Stripe: {pages[0]}, {links[0]}.\n" in remove(office)[1]
    assert NO_SALES in remove(office)[1]
    stripe = office.hall.relay.stripe()
    assert (stripe.end_pages("pacman-02"), stripe.retire_links("pacman-02")) == ([pages[1]], [links[1]])


def test_a_key_that_may_not_see_links_keeps_no_machine(office: Office) -> None:
    """The rest is done, and what is left to be done by hand is said."""
    office.hall.stripe.api_keys.allow("rk_test_small", {"payment_links": "none"})
    status, said = remove(office, STRIPE_API_KEY="rk_test_small")
    assert status == 1
    assert "Its printed payment links could not be switched off (" in said
    assert said.endswith(REMOVED)


def test_an_open_payment_keeps_the_token_until_it_is_settled(office: Office) -> None:
    """The cabinet may still report what it delivered; it is cut off, and has no door, all the same."""
    leave_a_status(office)
    paid = office.hall.stripe.pay(payment_page(office))
    status, said = remove(office)
    assert status == 1
    assert [line for line in said.splitlines() if paid in line] != []
    assert "Its token still works" in said
    assert "MIN_TOKEN_NUMBERS" not in said
    assert (office.status_of(ID), office.lets_in(ID, PASSWORDS[ID])) == (None, False)
    receipt = {"paymentId": paid, "outcome": "delivered", "creditsDelivered": 1, "creditsPaid": 1}
    answer = office.hall.client.post(f"/machines/{ID}/receipts", json=receipt, headers=office.hall.token(ID))
    assert answer.json == {"result": "settled", "charged": 100}
    assert remove(office) == (0, CUT_OFF + NO_SALES + NO_OPEN + REVOKE + OFFERS + REMOVED)


def test_a_stolen_machine_s_token_is_revoked_at_once(office: Office) -> None:
    """Its open payments go back to the players, each at a time that is said."""
    paid = office.hall.stripe.pay(payment_page(office))
    status, said = remove(office, "--now")
    assert status == 0
    assert paid in said
    assert said.endswith(REVOKE + OFFERS + REMOVED)


def test_the_relay_s_environment_file_is_changed_whole(office: Office) -> None:
    """For the same eyes as before, and without a word lost; the relay can read it."""
    file = office.folder / "relay.env"
    file.write_text('# ours\nMIN_TOKEN_NUMBERS=\'{"pacman-02":3}\'\nexport A="b c"\n')
    file.chmod(0o640)
    numbers = '{"pacman-02":3}'
    status, said = remove(office, "--env", str(file), MIN_TOKEN_NUMBERS=numbers)
    now = f'{{"pacman-02":3,"{ID}":2}}'
    assert status == 0
    assert f"Its tokens are revoked in {file}: MIN_TOKEN_NUMBERS={now}. Restart the relay.\n" in said
    assert file.read_text() == f"# ours\nMIN_TOKEN_NUMBERS='{now}'\nexport A=\"b c\"\n"
    assert file.stat().st_mode & 0o777 == 0o600
    changed = read_settings(office.environment(MIN_TOKEN_NUMBERS=now))
    assert not changed.tokens.accepts(office.hall.settings.tokens.issue(ID), ID)


def test_where_cabinets_do_not_reach_the_broker_its_status_is_cleared_later(office: Office) -> None:
    """It is cut off all the same, and a run from elsewhere does the rest."""
    leave_a_status(office)
    broken = ["--broker", "localhost:1"]
    status, said = office.run("remove-machine", ID, *broken)
    assert status == 0
    assert said.startswith(
        f"{ID} is cut off from the broker. What it said last is still there (cannot reach "
    )
    assert office.status_of(ID) is not None
    assert remove(office)[1].startswith(CUT_OFF)
    assert office.status_of(ID) is None
    assert ID not in (office.hall.broker.folder / "cabinets.passwords").read_text()


def test_by_hand_the_steps_are_named_until_the_machine_is_gone(office: Office) -> None:
    """Where only a console has the logins."""
    leave_a_status(office)
    office.logins = False
    status, said = remove(office)
    assert status == 1
    assert said.startswith(f"To cut {ID} off, at the broker:\n  1. Open the list of users")
    assert f"  2. Delete the user {ID}.\n" in said
    with Cabinet(ID, office.hall.broker) as cabinet:
        cabinet.say_raw(b"")
    assert remove(office)[0] == 0
