"""The page on privacy is held to the code: what is read of Stripe's objects, what a sale leaves behind."""

from __future__ import annotations

import ast
import re
import socket
import time
import traceback
from collections import defaultdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from flask.typing import ResponseReturnValue
from relay_parts import environment
from test_surroundings import buy

from cloud_relay.errors import StripeUnavailable
from cloud_relay.settings import read_settings
from cloud_relay.stripe.fitness import Fitness
from cloud_relay.stripe.paid_sessions import PaidSessions
from cloud_relay.stripe.payments import StripePayments
from cloud_relay.stripe.probes import key_found
from simulator.chain.chain import running_chain
from simulator.stripe.model.book import Book
from simulator.stripe.serving import serving

ROOT = Path(__file__).parent.parent
RELAY = ROOT / "cloud_relay"
PAGE = (ROOT / "docs" / "privacy.md").read_text()
# What Stripe's objects are called where they are read.
OBJECTS = {
    "event": "event",
    "intent": "payment",
    "payment": "payment",
    "session": "session",
    "charge": "charge",
    "card": "charge",
    "price": "price",
    "refund": "refund",
    "said": "notice",
}
# Everything about a person or a card that these objects can have: https://docs.stripe.com/api
OF_A_PERSON = {
    *("address", "billing_details", "brand", "collected_information", "country", "custom_fields", "customer"),
    *(
        "customer_account",
        "customer_details",
        "customer_email",
        "email",
        "exp_month",
        "exp_year",
        "fingerprint",
    ),
    *("iin", "individual_name", "ip", "last4", "name", "phone", "postal_code", "presentment_details"),
    *("receipt_email", "receipt_url", "shipping", "shipping_details", "tax_ids", "wallet"),
}
PAYER = "payer@example.test"


def field_of(node: ast.AST) -> tuple[str, str] | None:
    """The object of Stripe's and its field where one is read: `intent["status"]`, `charge.get("card")`."""
    match node:
        case ast.Subscript(value=value, slice=ast.Constant(value=str(key))):
            return (root, key) if (root := object_in(value)) else None
        case ast.Call(func=ast.Attribute(value=value, attr="get"), args=[ast.Constant(value=str(key)), *_]):
            return (root, key) if (root := object_in(value)) else None
    return None


def object_in(node: ast.AST) -> str | None:
    """Which object of Stripe's something is, or is a part of."""
    match node:
        case ast.Name(id=name):
            return OBJECTS.get(name)
        case ast.BoolOp(values=[first, *_]):
            return object_in(first)
    field = field_of(node)
    return field and field[0]


def read_fields() -> dict[str, set[str]]:
    """By object, all fields that the relay reads."""
    found = defaultdict(set)
    # Lambda's own events are of another kind.
    for module in set(RELAY.rglob("*.py")) - {
        RELAY / "lambda_handler.py",
        RELAY / "settling/lambda_retries.py",
        *RELAY.glob("aws/*.py"),
    }:
        for node in ast.walk(ast.parse(module.read_text())):
            if field := field_of(node):
                found[field[0]].add(field[1])
    return found


def listed_fields() -> dict[str, set[str]]:
    """By object, the fields on the page."""
    rows = re.findall(r"^\| (\w+)(?: \(.*\))? \| (`.*`) \|$", PAGE, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", fields)) for name, fields in rows}


def test_the_page_lists_what_is_read_of_stripe_s_objects() -> None:
    """And nothing that is not."""
    assert listed_fields() == read_fields()


def test_nothing_is_read_that_says_who_paid() -> None:
    """Nor a part of the card's number."""
    assert {
        name: fields & OF_A_PERSON for name, fields in read_fields().items() if fields & OF_A_PERSON
    } == {}


def test_what_stripe_says_of_an_error_is_not_repeated() -> None:
    """Neither in ours nor in a traceback of it."""
    stripes = Flask("stripes")

    @stripes.errorhandler(404)
    def decline(_: Exception) -> ResponseReturnValue:
        return {"error": {"type": "card_error", "code": "odd", "message": f"{PAYER} was declined"}}, 402

    told = []
    with socket.create_server(("127.0.0.1", 0)) as bound, serving(stripes, bound):
        url = f"http://127.0.0.1:{bound.getsockname()[1]}"
        settings = read_settings(environment(STAND_IN_STRIPE_URL=url))
        fitness = Fitness(partial(key_found, settings.stripe), time.time)
        payments, sessions = StripePayments(settings.stripe, fitness), PaidSessions(settings, fitness)
        for read in (payments.payment, sessions.purchase):
            with pytest.raises(StripeUnavailable) as refused:
                read("pi_1")
            told.append("".join(traceback.format_exception(refused.value)))
    assert [text.count("StripeUnavailable: read a ") for text in told] == [1, 1]
    assert [text for text in told if PAYER in text] == []


def session_of(payment_id: str, book: Book) -> dict[str, Any]:
    """The Checkout Session of a payment, as Stripe gives it out."""
    return next(each.as_json() for each in book.sessions.values() if each.payment_intent == payment_id)


def test_a_sale_leaves_nothing_of_the_payer_behind(tmp_path: Path) -> None:
    """In no log, ledger, feed or file of the broker's, once it was bought, settled and looked at."""
    with running_chain(tmp_path) as chain:
        chain.controller.wait_for_line("offer received")
        chain.controller.wait_for_line("broker connected")
        payment_id = buy(chain)
        chain.controller.wait_for_line(f"payment {payment_id}: receipt answered: settled")
        session = chain.stripe.keeper.turn(lambda book, _now_s: session_of(payment_id, book))
        page = requests.get(f"{chain.relay_url}/thanks", {"s": session["id"]}, timeout=60)
        assert (page.status_code, session["customer_details"]["email"]) == (200, PAYER)
        kept = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path.name for path in kept if payment_id.encode() in path.read_bytes()] != []
        assert [path.name for path in kept if PAYER.encode() in path.read_bytes()] == []
        assert PAYER not in page.text
