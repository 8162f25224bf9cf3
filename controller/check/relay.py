"""EDGE. Checks the relay: the way to it, our token, and the address that the QR shows."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from controller.check.reach import Server, check_reach
from controller.cloud.relay_client import read_offer, way_to
from controller.cloud.timed_http import DIRECT, Answer, Limits, NoAnswerError, Way, send
from controller.cloud.tls import client_context
from controller.config.keys import Config, RelayConfig
from controller.model.offer import Offer
from controller.pages.findings import Finding, all_well, note, ok, wrong

LIMITS = Limits(connect_s=4.0, read_s=5.0, total_s=6.0, most_bytes=256 * 1024)
_SEE_LOG = "See the relay's own log: it says why."
_CHECK_RELAY = "`python -m cloud_relay check` at the relay says what is wrong there, and what to do."
_ADDRESS = "Correct the relay's RELAY_URL, or payment_link in config.yaml."


def check_relay(config: Config) -> list[Finding]:
    """The relay, if there is one, and the address that players open."""
    if config.relay is None:
        found = [note("no relay in config.yaml: a cabinet of the older relay")]
        address, way = config.payment_link, DIRECT
    else:
        found, offer = _answers_of(config.relay, config.machine_id)
        # A fixed link is not at the relay, and its authority is a public one.
        way = Way(config.relay.proxy) if config.payment_link else way_to(config.relay)
        address = config.payment_link or (offer.address if offer else None)
    return [*found, _opens(address, way)] if address else found


def _answers_of(relay: RelayConfig, machine_id: str) -> tuple[list[Finding], Offer | None]:
    found = _reach(relay)
    if not all_well(found):
        return found, None
    try:
        url = f"{relay.url}/machines/{machine_id}/offer"
        headers = {"Authorization": f"Bearer {relay.token}"}
        answer = send("GET", url, LIMITS, headers=headers, way=way_to(relay))
    except NoAnswerError as error:
        return [*found, wrong(f"it does not answer: {error}", _SEE_LOG)], None
    finding, offer = _read(answer, machine_id)
    return [*found, finding], offer


def _reach(relay: RelayConfig) -> list[Finding]:
    """The relay itself, or the proxy before it: what is behind a proxy, only the proxy can reach."""
    key, url = ("relay.proxy", relay.proxy) if relay.proxy else ("relay.url", relay.url)
    parts = urlsplit(url)
    is_plain = parts.scheme == "http"  # a relay on this very machine, or a proxy
    authority = f"Give {key} a certificate of a public authority, or set relay.ca_file to its own."
    server = Server(parts.hostname or "", parts.port or (80 if is_plain else 443), key, authority)
    return check_reach(server, None if is_plain else client_context(relay.ca_file))


def _read(answer: Answer, machine_id: str) -> tuple[Finding, Offer | None]:
    if answer.status == 401:
        remedy = f"Write into relay.token what `python -m cloud_relay token {machine_id}` prints there."
        return wrong(f"it refuses the token of {machine_id}: wrong, or revoked", remedy), None
    if answer.status >= 500:
        return wrong(f"it answers {answer.status} {answer.reason}", _SEE_LOG), None
    try:
        fields: Any = json.loads(answer.body)
        if answer.status == 409:
            return wrong(f"{fields['error']:.200}", _CHECK_RELAY), None
        offer = read_offer(fields)
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        text = f"{answer.url} answers {answer.status}, and not with an offer: is it the relay?"
        return wrong(text, "Compare relay.url with the relay's own RELAY_URL."), None
    if not offer.prices:
        return wrong("it has nothing to sell for this machine", "Add offers to the relay's OFFERS."), offer
    return ok(f"it takes the token, and sells {len(offer.prices)} offers for {machine_id}"), offer


def _opens(address: str, way: Way) -> Finding:
    try:
        answer = send("GET", address, LIMITS, headers={}, way=way)
    except NoAnswerError as error:
        text = f"the address of the QR, {address}, does not open: {error}"
        return wrong(text, _ADDRESS)
    if answer.status < 400:
        return ok(f"the address of the QR opens: {address}")
    text = f"the address of the QR, {address}, answers {answer.status} {answer.reason}"
    return wrong(text, _SEE_LOG if answer.status >= 500 else _ADDRESS)
