"""CORE. What is found of the webhook endpoint that brings the sales."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cloud_relay.pages.check.findings import Finding, note, ok, warning, wrong
from cloud_relay.rules.setting_up.neighbours import Endpoint

_SETUP = "Run `python -m cloud_relay setup stripe`"
_PLACE = "in Stripe's Dashboard, Developers, Webhooks"
# Without these the money is not heard of at all; without the others only what becomes of it later.
_SALES = ("payment_intent.", "checkout.session.")


def webhook_findings(
    address: str, endpoints: Sequence[Endpoint], wanted: Sequence[str], version: str
) -> list[Finding]:
    """The endpoint at `address`: that there is one, enabled, with the events and in the API's version."""
    ours = [each for each in endpoints if each.url == address and not each.is_thin]
    if not ours:
        return [_missing(address, endpoints, wanted)]
    working = [each for each in ours if each.is_enabled]
    if not working:
        return [wrong(f"the endpoint {address} is disabled", f"{_SETUP}, or enable it {_PLACE}.")]
    found = [ok(f"Stripe sends to {address}")]
    if len(working) > 1:
        text = f"{len(working)} endpoints send to it: each event comes so many times"
        found.append(warning(text, f"{_SETUP}, or delete all but one {_PLACE}."))
    endpoint = working[0]
    return [*found, *_events(endpoint, wanted), _version(endpoint, version)]


def _missing(address: str, endpoints: Sequence[Endpoint], wanted: Sequence[str]) -> Finding:
    text = f"no webhook endpoint sends to {address}"
    thin = [each for each in endpoints if each.url == address]
    if thin:
        remedy = f"{_SETUP}, or make another {_PLACE}; delete this one: the style cannot be changed."
        return wrong(f"the endpoint {address} has the payload style Thin: Snapshot is wanted", remedy)
    near = [each.url for each in endpoints if _host(each.url) == _host(address)]
    if near:
        return wrong(
            f"{text}, but one does to {near[0]}", f"{_SETUP}, or correct its address {_PLACE}, or RELAY_URL."
        )
    events = ", ".join(wanted)
    return wrong(text, f"{_SETUP}, or add it {_PLACE}: payload style Snapshot, with the events {events}.")


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].lower()


def _events(endpoint: Endpoint, wanted: Sequence[str]) -> Iterable[Finding]:
    missing = endpoint.misses(wanted)
    if not missing:
        yield ok(f"it has all {len(wanted)} events that are wanted")
        return
    sales = [event for event in missing if event.startswith(_SALES)]
    others = [event for event in missing if event not in sales]
    remedy = f"{_SETUP}, or add {'it' if len(missing) == 1 else 'them'} to the endpoint {_PLACE}."
    if sales:
        yield wrong(f"it lacks {', '.join(sales)}: sales are not heard of", remedy)
    if others:
        text = f"it lacks {', '.join(others)}: what becomes of money later is not heard of"
        yield warning(text, remedy)


def _version(endpoint: Endpoint, version: str) -> Finding:
    remedy = f"{_SETUP}, or make it anew {_PLACE}, with the API version {version}: it cannot be changed."
    if endpoint.version is None:
        return warning("its API version is the account's default, which somebody may change", remedy)
    if endpoint.version == version:
        return ok(f"its API version is {version}, as the relay's")
    if endpoint.is_of_release(version):
        return ok(f"its API version is {endpoint.version}, of one release with the relay's {version}")
    return wrong(f"its API version is {endpoint.version}, and the relay reads {version}", remedy)


def other_endpoints(address: str, endpoints: Sequence[Endpoint]) -> list[Finding]:
    """Who else hears of each payment."""
    return [
        note(f"{each.url} hears of every payment too{'' if each.is_enabled else ' (disabled now)'}")
        for each in endpoints
        if each.url != address
    ]
