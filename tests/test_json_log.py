"""The relay's log as JSON: whatever is logged is one line of it, and a sale leaves no secret in it."""

from __future__ import annotations

import io
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from relay_parts import environment
from test_surroundings import buy

from cloud_relay.json_log import JsonFormatter, make_log_json
from cloud_relay.rules.log_events import FIELDS, EventName
from simulator.chain.chain import running_chain
from simulator.stripe.model.book import Book

ROOT = Path(__file__).parent.parent
HOSTILE = 'a"}\n{"event":"conflict"}\r\x1b[2J\u202e\u2028\ud800\x00'
PHONE = {"User-Agent": "A-Phone-Of-Somebody/7", "Referer": "https://somebody.example/"}
PAYER = "payer@example.test"
# What tells a phone from another: an address of the network, however it came.
PHONES_ADDRESS = "203.0.113.77"


def test_a_traceback_and_the_name_of_aws_for_a_call_are_fields_too() -> None:
    """And what only looks like an event, in a record of somebody else's, is none."""
    record = logging.LogRecord("lib", logging.ERROR, "f.py", 1, "heard %s", (HOSTILE,), None)
    record.aws_request_id, record.event = "8a1b", {"event": "conflict"}
    try:
        raise ValueError(HOSTILE)
    except ValueError:
        record.exc_info = sys.exc_info()
    line = JsonFormatter("\n").format(record)
    assert (line.count("\n"), line[-1]) == (1, "\n")
    found = json.loads(line)
    assert set(found) == {"time", "level", "logger", "message", "trace", "request_id"}
    assert (found["message"], found["request_id"]) == (f"heard {HOSTILE}", "8a1b")
    assert found["trace"].endswith(f"ValueError: {HOSTILE}")


class Sink(logging.Handler):
    """Writes what it is given, as AWS Lambda's own handler does."""

    def __init__(self) -> None:
        super().__init__()
        self.out = io.StringIO()

    def emit(self, record: logging.LogRecord) -> None:
        self.out.write(self.format(record))


def test_each_line_ends_once_whatever_writes_it() -> None:
    """A stream's handler ends lines by itself, that of AWS Lambda does not."""
    out, sink, root = io.StringIO(), Sink(), logging.getLogger()
    stream = logging.StreamHandler(out)
    root.addHandler(stream)
    root.addHandler(sink)
    before = [(handler, handler.formatter) for handler in root.handlers]
    try:
        make_log_json()
        for _ in range(2):
            logging.getLogger("lib").error("heard")
    finally:
        root.removeHandler(stream)
        root.removeHandler(sink)
        for handler, formatter in before:
            handler.setFormatter(formatter)
    for text in (out.getvalue(), sink.out.getvalue()):
        assert [json.loads(line)["message"] for line in text.splitlines()] == ["heard", "heard"]


@pytest.mark.parametrize(("log_format", "is_json"), [(None, True), ("json", True), ("text", False)])
def test_a_server_writes_json_unless_told_otherwise(
    tmp_path: Path, log_format: str | None, is_json: bool
) -> None:
    """Its log goes to a file or a journal here, which is no terminal."""
    code = "from cloud_relay import app; app.create_app_from_environment().test_client().get('/status')"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | environment(LOG_FORMAT=log_format, TIDY_EVERY_S="0"),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (line,) = [line for line in done.stderr.splitlines() if "/status" in line]
    if is_json:
        assert json.loads(line)["event"] == "request"
    else:
        assert re.fullmatch(r"INFO cloud_relay\.watching\.teller: GET /status: 200 in \d+ ms", line)


def test_a_whole_sale_leaves_lines_without_a_secret_or_a_person(tmp_path: Path) -> None:
    """From the door to the receipt, through the real relay, broker and a stand-in Stripe."""
    with running_chain(tmp_path) as chain:
        chain.controller.wait_for_line("offer received")
        chain.controller.wait_for_line("broker connected")
        headers = PHONE | {"X-Forwarded-For": PHONES_ADDRESS}
        requests.get(chain.door, params={"from": PAYER}, headers=headers, timeout=60)
        payment_id = buy(chain)
        chain.controller.wait_for_line(f"payment {payment_id}: receipt answered: settled")
        session_id, details = chain.stripe.keeper.turn(lambda book, _: session_of(payment_id, book))
        requests.get(f"{chain.relay_url}/thanks", {"s": session_id}, headers=headers, timeout=60)
        chain.relay.wait_for_line('"/thanks"')
        for path in ("/%0a%1b%5b2J", "/p/%0aforged", "/p/x?card=4242424242424242"):
            requests.request("BREW", f"{chain.relay_url}{path}", timeout=60)
        variables = chain.relay_environment
    lines = (tmp_path / "relay.log").read_text().splitlines()
    told = [json.loads(line) for line in lines if '"event": ' in line]
    of_sale = [(each["event"], each["outcome"]) for each in told if each.get("payment") == payment_id]
    assert of_sale == [("published", "first"), ("settled", "delivered")]
    for each in told:
        known = {"event", "time", "level", "logger", "message", *FIELDS[EventName(each["event"])]}
        assert set(each) == known
    routes = {(each["method"], each["route"]) for each in told if each["event"] == "request"}
    assert {("GET", "/p/<machine_id>"), ("POST", "/p/<machine_id>"), ("POST", "/addCredit")} <= routes
    assert ("other", "none") in routes
    secret = ("STRIPE_API_KEY", "STRIPE_WEBHOOK_SECRET", "RELAY_SECRET", "MQTT_PASSWORD", "OPERATOR_KEY")
    never = [variables[name] for name in secret if name in variables]
    never += [PAYER, details["name"] or PAYER, PHONES_ADDRESS, "A-Phone-Of", "somebody.example", "4242"]
    never += [session_id, "forged", "BREW", "?"]
    text = "\n".join(lines)
    assert [word for word in never if word in text] == []


def session_of(payment_id: str, book: Book) -> tuple[str, dict[str, str]]:
    """The Checkout Session of a payment, and what Stripe knows of its payer."""
    session = next(each.as_json() for each in book.sessions.values() if each.payment_intent == payment_id)
    return session["id"], session["customer_details"]
