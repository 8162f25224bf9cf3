"""The part that reads Stripe, and the desk that asks the relay: what goes wrong is told with its remedy."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from conftest import PASSWORDS, wait_until
from flask import Flask, redirect
from fleet_alerts_kit import Channels
from fleet_money_parts import READ_KEY, Account, account
from relay_parts import OPERATOR_KEY, RelayUnderTest, relay_under_test, served
from sqlalchemy import Engine, event

from cloud_relay.rules.orders import Order
from fleet.alerting.alerter import Alerter
from fleet.book.database.engine import reading, writing
from fleet.book.running.notes import read_note
from fleet.book.stripe.marks import read_marks
from fleet.book.tables import alerts, stripe_payments, troubles
from fleet.book.typed.posts import answer_of, answer_post, take_post
from fleet.reconciling.part import TROUBLE, Reconciler
from fleet.reconciling.relay_desk import RelayAnswer, RelayDesk
from fleet.settings import RelaySettings, Settings, read_settings
from simulator.chain.broker import Broker
from simulator.stripe.model.permissions import READ_ONLY

pytestmark = pytest.mark.fleet


@pytest.fixture
def hall() -> Iterator[Account]:
    """A Stripe account and an empty book."""
    with account() as running:
        yield running


def settings_of(hall: Account) -> Settings:
    """The fleet's settings for that account."""
    return read_settings(
        {
            "FLEET_DATABASE": "sqlite:////nowhere/book.sqlite",
            "FLEET_URL": "http://127.0.0.1:8090",
            "FLEET_SECRET": "fleet-secret-of-at-least-32-characters",
            "MQTT_BROKER": "localhost",
            "MQTT_PASSWORD": "secret",
            "STRIPE_READ_KEY": READ_KEY,
            "RELAY_TAGS": hall.ownership.tag,
            "STAND_IN_STRIPE_URL": hall.stripe.api_url,
        }
    )


def trouble(hall: Account) -> str | None:
    """What the money page says of the reading."""
    with reading(hall.engine) as connection:
        return read_note(connection, TROUBLE)


def test_it_reads_until_it_is_stopped(hall: Account) -> None:
    """At once when it starts; what is read is on the page's side of the book."""
    charged = hall.charge()
    part = Reconciler(settings_of(hall), hall.engine, hall.clock)
    thread = threading.Thread(target=part.run)
    thread.start()
    wait_until(lambda: trouble(hall) is not None, "the first run")
    part.stop()
    thread.join(60)
    assert not thread.is_alive()
    assert (trouble(hall), hall.rows(stripe_payments, "payment_id")) == ("", [(charged,)])


def test_a_key_that_can_write_is_not_used(hall: Account) -> None:
    """The page names what it can do and what to do; nothing was read with it."""
    hall.charge()
    hall.stripe.api_keys.allow(READ_KEY, {**READ_ONLY, "charge": "write"})
    said = Reconciler(settings_of(hall), hall.engine, hall.clock).read()
    assert said.startswith("STRIPE_READ_KEY can refund: whoever steals it could too. Make a restricted key")
    assert said.endswith("as STRIPE_READ_KEY. Until then Stripe is not read.")
    assert hall.rows(stripe_payments, "payment_id") == []


def test_a_stripe_that_is_away_is_told_and_tried_again(hall: Account) -> None:
    """The next run reads what this one could not."""
    part = Reconciler(settings_of(hall), hall.engine, hall.clock)
    hall.charge()
    assert part.read() == ""
    hall.stripe.fail_next(3, path_prefix="/v1/events")
    said = part.read()
    assert said.startswith("Stripe could not be read: list events")
    assert part.read() == ""


def go_round(hall: Account, alerter: Alerter, for_s: int) -> None:
    """Have alerts of this book be decided for so long."""
    for _ in range(for_s // 15):
        hall.clock.now_s += 15
        alerter.go_round()


def test_a_stripe_that_cannot_be_read_is_an_alert_until_it_can(hall: Account) -> None:
    """Told within 90 s of the try that failed, whatever failed, and over with the next that works."""
    part = Reconciler(settings_of(hall), hall.engine, hall.clock)
    hall.stripe.api_keys.allow(READ_KEY, {**READ_ONLY, "charge": "write"})
    alerter = Alerter(settings_of(hall), hall.engine, send=Channels(), clock=hall.clock)
    said = part.turn()
    go_round(hall, alerter, 90)
    hall.stripe.api_keys.allow(READ_KEY, READ_ONLY)
    assert hall.rows(alerts, "subject", "kind", "text", "ended_at") == [
        (":stripe", "stripe_unreadable", said, None)
    ]
    assert part.turn() == ""
    go_round(hall, alerter, 30)
    ((ended_at,),) = hall.rows(alerts, "ended_at")
    assert ended_at is not None


def test_a_book_that_does_not_take_what_stripe_says_is_a_trouble_too(hall: Account) -> None:
    """The part goes on, and the next turn writes it."""
    charged = hall.charge()
    part = Reconciler(settings_of(hall), hall.engine, hall.clock)
    rename(hall, "stripe_payments", "away")
    said = part.turn()
    assert said.startswith("What Stripe says cannot be written down: no such table: ")
    assert hall.rows(troubles, "subject", "kind", "text") == [(":stripe", "stripe_unreadable", said)]
    rename(hall, "away", "stripe_payments")
    assert part.turn() == ""
    assert hall.rows(troubles, "kind") == []
    assert hall.rows(stripe_payments, "payment_id") == [(charged,)]


def test_a_book_that_takes_nothing_at_all_does_not_end_the_part(hall: Account) -> None:
    """Alerts tell by themselves that the database is away."""
    part = Reconciler(settings_of(hall), hall.engine, hall.clock)
    rename(hall, "troubles", "away")
    assert part.turn() == ""
    rename(hall, "away", "troubles")
    assert part.turn() == ""


def rename(hall: Account, table: str, name: str) -> None:
    with writing(hall.engine) as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO {name}")


def test_the_key_is_looked_at_once(hall: Account) -> None:
    """Each look costs five reads; while all is well there is no reason for another."""
    part = Reconciler(settings_of(hall), hall.engine, hall.clock)
    part.read()
    before = hall.stripe.reads.total
    part.read()
    assert hall.stripe.reads.total - before == 2


def test_without_a_key_stripe_is_left_alone(hall: Account) -> None:
    """The fleet's other parts need none."""
    part = Reconciler(replace(settings_of(hall), stripe=None), hall.engine, hall.clock)
    assert part.read() == ""
    with reading(hall.engine) as connection:
        assert read_marks(connection) is None


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayUnderTest]:
    """A real relay with a Stripe of its own."""
    with Broker(tmp_path_factory.mktemp("desk"), PASSWORDS) as broker, relay_under_test(broker) as running:
        running.stripe.webhooks.url = None
        yield running


def desk_of(url: str, key: str = OPERATOR_KEY) -> RelayDesk:
    return RelayDesk(RelaySettings(url, key))


def charged_at(relay: RelayUnderTest) -> str:
    """A charge of 2.50 USD at one of the relay's machines."""
    order = Order("galaga-01", 3, 250, "usd").metadata()
    payment_id = relay.pay_in_secret(relay.settings.stripe.ownership.mark(order))
    relay.stripe.capture(payment_id)
    return payment_id


def test_the_relay_gives_back_once(relay: RelayUnderTest) -> None:
    """Its words are handed on, also when it is asked again, or by several at once."""
    charged, desk = charged_at(relay), desk_of(relay.url)
    before = relay.stripe.money()["refunded"]
    answers: list[RelayAnswer] = []
    asking = [threading.Thread(target=lambda: answers.append(desk.give_back(charged))) for _ in range(3)]
    for each in asking:
        each.start()
    for each in asking:
        each.join()
    nothing = f"Nothing is left of {charged}: all of the $2.50 charged was given back before."
    done = f"Refunded $2.50 of {charged}; $2.50 had been charged."
    assert sorted(answer.message for answer in answers) == [nothing, nothing, done]
    assert all(answer.is_done for answer in answers)
    assert relay.stripe.money()["refunded"] - before == 250


def test_what_the_relay_refuses_is_told_in_its_words(relay: RelayUnderTest) -> None:
    """A wrong key, and a payment that is not there."""
    refused = RelayAnswer(False, "Authorization: Bearer <the OPERATOR_KEY> is missing or wrong")
    assert desk_of(relay.url, "another-key-of-at-least-32-characters").give_back("pi_1") == refused
    missing = desk_of(relay.url).give_back("pi_no")
    assert (missing.is_done, missing.message.startswith("read a payment pi_no")) == (False, True)


def test_a_relay_that_is_away_leaves_it_open(relay: RelayUnderTest) -> None:
    """Nobody says that nothing was done where that is not known."""
    assert desk_of("http://127.0.0.1:9").give_back("pi_1") == RelayAnswer(
        False,
        "The relay at http://127.0.0.1:9 did not answer (ConnectionError). Whether the money went back is "
        "not known: ask again, it is never given back twice.",
    )


def test_the_key_is_not_carried_elsewhere() -> None:
    """A redirect is no answer of a relay's."""
    elsewhere, keys = Flask("elsewhere"), []

    @elsewhere.post("/refunds")
    def moved() -> object:
        return redirect("/other", 307)

    @elsewhere.post("/other")
    def other() -> str:
        keys.append("came")
        return "{}"

    with served(elsewhere) as url:
        answer = desk_of(url).give_back("pi_1")
    assert (answer.is_done, keys) == (False, [])
    assert answer.message.startswith("The relay answered 307 and no word of its own")


def test_a_form_counts_once(hall: Account) -> None:
    """Its second click finds what came of the first."""
    with writing(hall.engine) as connection:
        assert take_post(connection, "t1", 1.0)
    with writing(hall.engine) as connection:
        assert not take_post(connection, "t1", 2.0)
        assert answer_of(connection, "t1") == ""
        answer_post(connection, "t1", "Refunded.")
        assert take_post(connection, "t2", 2.0)
    with reading(hall.engine) as connection:
        assert (answer_of(connection, "t1"), answer_of(connection, "t2")) == ("Refunded.", "")


def limit(engine: Engine, pages: int) -> None:
    """Have SQLite say of a file with so many pages that its disk is full."""
    engine.dispose()
    event.listen(engine, "connect", lambda db, _: db.execute(f"PRAGMA max_page_count = {pages}"))


def test_a_book_that_takes_nothing_does_not_end_the_reading(hall: Account) -> None:
    """It is said, the other parts go on beside it, and once there is room all of it is read."""
    with reading(hall.engine) as connection:
        full: int = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    limit(hall.engine, full)
    charged = sorted(hall.charge() for _ in range(60))
    part = Reconciler(settings_of(hall), hall.engine, hall.clock)
    said = part.read()
    assert said == (
        "What Stripe says cannot be written down: database or disk is full. It is tried again soon."
    )
    thread = threading.Thread(target=part.run)
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    part.stop()
    thread.join(60)
    limit(hall.engine, 10 * full)
    assert (part.read(), hall.rows(stripe_payments, "payment_id")) == ("", [(each,) for each in charged])
