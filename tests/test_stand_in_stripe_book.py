from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.stripe.keeper import Keeper
from simulator.stripe.model import holds as holds
from simulator.stripe.model import refunds as refunds
from simulator.stripe.model import shop as shop
from simulator.stripe.model import till as till
from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.lists import page
from simulator.stripe.model.money import amount_text
from simulator.stripe.model.objects.table import PaymentIntent
from simulator.stripe.model.params import decode, merge_metadata

NOW_S = 1_800_000_000
VERBS: dict[str, Callable[[Book, str, int, int], object]] = {
    "capture": lambda book, intent, amount, now: holds.capture(
        book, intent, {"amount_to_capture": amount}, now
    ),
    "cancel": lambda book, intent, _amount, now: holds.cancel(book, intent, {}, now),
    "refund": lambda book, intent, amount, now: refunds.refund(
        book, {"payment_intent": intent, "amount": amount}, now
    ),
    "a week": lambda book, _intent, _amount, now: holds.lapse(book, now + till.RESERVATION_S),
}


def new_book() -> Book:
    """An empty book whose ids are numbered."""
    numbers = count(1)
    return Book(lambda length: f"{next(numbers):0{length}}", checkout_url="http://pay.test", api_version="v")


def reserved(book: Book, amount: int = 250, now_s: int = NOW_S) -> PaymentIntent:
    """A payment that waits for its capture."""
    price = {"currency": "usd", "unit_amount": amount, "product_data": {"name": "credit"}}
    params: Json = {
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": "http://relay.test/",
        "payment_intent_data": {"capture_method": "manual"},
    }
    return till.pay(book, shop.create_session(book, params, now_s).id, now_s)


def attempt(verb: str, book: Book, intent_id: str, amount: int) -> None:
    """Do it, or be refused."""
    try:
        VERBS[verb](book, intent_id, amount, NOW_S)
    except Refusal as refusal:
        assert refusal.status == 400  # noqa: PT017 - either outcome is right, an error of ours is not


@given(st.lists(st.tuples(st.sampled_from(sorted(VERBS)), st.integers(1, 400)), max_size=6))
def test_no_order_of_calls_makes_or_loses_money(orders: list[tuple[str, int]]) -> None:
    """Reserved, charged and released add up to what was approved; refunds never exceed the charge."""
    book = new_book()
    intent = reserved(book)
    for verb, amount in orders:
        attempt(verb, book, intent.id, amount)
    money = till.money(book, "usd")
    assert money["reserved"] + money["charged"] + money["released"] == 250
    assert 0 <= money["refunded"] <= money["charged"]
    assert min(money.values()) >= 0


@given(st.integers(0, 25), st.integers(1, 30))
def test_pages_walk_every_object_once(size: int, limit: int) -> None:
    """Whatever the limit, forwards from the newest and backwards from the oldest."""
    book = new_book()
    oldest_first = [reserved(book).id for _ in range(size)]
    assert walk(book, limit, "starting_after", -1) == list(reversed(oldest_first))
    if size:
        assert walk(book, limit, "ending_before", 0, oldest_first[0]) == oldest_first[1:]


def walk(book: Book, limit: int, cursor: str, end: int, start: str | None = None) -> list[str]:
    """Every id, page by page, in the direction of the cursor."""
    seen: list[str] = []
    params: Json = {"limit": limit, **({cursor: start} if start else {})}
    while True:
        answer = page(book, PaymentIntent, params, "/v1/payment_intents")
        ids = [each["id"] for each in answer["data"]]
        seen += ids if end == -1 else reversed(ids)
        if not answer["has_more"]:
            return seen
        params = {"limit": limit, cursor: ids[end]}


def test_a_page_that_ends_with_the_last_object_says_so() -> None:
    """A full page is not a reason to ask for another."""
    book = new_book()
    for _ in range(4):
        reserved(book)
    first = page(book, PaymentIntent, {"limit": 2}, "/v1/payment_intents")
    cursor = first["data"][-1]["id"]
    last = page(book, PaymentIntent, {"limit": 2, "starting_after": cursor}, "/v1/payment_intents")
    assert [(len(each["data"]), each["has_more"]) for each in (first, last)] == [(2, True), (2, False)]


def test_the_book_is_opened_by_one_at_a_time() -> None:
    """A second thread waits outside until the first has closed it."""
    keeper = Keeper(new_book(), lambda: NOW_S, lambda _event: None)
    visits: list[str] = []
    overtaken = threading.Event()

    def first(_book: Book, _now_s: int) -> None:
        second_thread.start()
        visits.append(f"overtaken: {overtaken.wait(0.1)}")

    def second(_book: Book, _now_s: int) -> None:
        overtaken.set()
        visits.append("second")

    second_thread = threading.Thread(target=lambda: keeper.turn(second))
    keeper.turn(first)
    second_thread.join()
    assert visits == ["overtaken: False", "second"]


def test_a_book_hands_each_event_on_once() -> None:
    """What happened when a payment was reserved, in order, and then nothing more."""
    book = new_book()
    reserved(book)
    assert [event.type for event in book.take_unsent_events()] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
        "checkout.session.completed",
    ]
    assert book.take_unsent_events() == []


def test_an_event_keeps_its_object_as_it_was() -> None:
    """A later capture does not change what the earlier event says."""
    book = new_book()
    intent = reserved(book)
    event = next(each for each in book.events.values() if each.type.endswith("amount_capturable_updated"))
    holds.capture(book, intent.id, {}, NOW_S)
    assert event.object["status"] == "requires_capture"


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [(250, "usd", "$2.50"), (5, "eur", "€0.05"), (300, "jpy", "¥300"), (250, "chf", "2.50 CHF")],
)
def test_an_amount_is_written_as_its_payer_reads_it(amount: int, currency: str, written: str) -> None:
    """In the currency's own units."""
    assert amount_text(amount, currency) == written


def test_form_names_become_a_tree() -> None:
    """Hashes, lists by number and lists by empty brackets."""
    pairs = [("a[b][0][c]", "1"), ("a[b][1][c]", "2"), ("expand[]", "x"), ("expand[]", "y"), ("d", "")]
    assert decode(pairs) == {
        "a": {"b": {"0": {"c": "1"}, "1": {"c": "2"}}},
        "expand": {"0": "x", "1": "y"},
        "d": "",
    }


@pytest.mark.parametrize("name", ["a[b", "a]b", "[a]", "a[b]c"])
def test_a_malformed_name_is_refused(name: str) -> None:
    """By that name."""
    with pytest.raises(Refusal, match="malformed parameter name") as refused:
        decode([(name, "1")])
    assert refused.value.param == name


def test_metadata_is_merged_key_by_key() -> None:
    """New keys are added, given ones replaced, emptied ones deleted; an emptied whole deletes all."""
    old = {"a": "1", "b": "2"}
    assert merge_metadata(old, {"b": "3", "a": "", "c": "4"}) == {"b": "3", "c": "4"}
    assert merge_metadata(old, {"": ""}) == {}
