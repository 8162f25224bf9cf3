from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import stripe
from stand_in_stripe_help import Desk, client_of, desk, session_params

from simulator.stripe.model.permissions import Permission


@pytest.fixture
def at_work() -> Iterator[Desk]:
    """A stand-in whose clock stands still."""
    with desk() as running:
        yield running


RESTRICTED = "rk_test_restricted_0123456789qs8Kgd"
STARS = "*" * 85


def holder(at_work: Desk, **permissions: Permission) -> stripe.StripeClient:
    """A client with a restricted key that lacks some permissions."""
    at_work.stand_in.api_keys.allow(RESTRICTED, permissions)
    return client_of(at_work.stand_in, RESTRICTED)


def refused_by(ask: Callable[[], object]) -> stripe.PermissionError:
    """The 403 that the call gets."""
    with pytest.raises(stripe.PermissionError) as refused:
        ask()
    return refused.value


def test_a_key_without_a_permission_is_refused_in_stripes_words(at_work: Desk) -> None:
    """403, with the permission that would help and no more of the key than its kind and its end."""
    client = holder(at_work, payment_intent="read")
    error = refused_by(lambda: client.v1.payment_intents.capture("pi_no"))
    assert (error.http_status, error.code, error.json_body["error"]["type"]) == (
        403,
        None,
        "invalid_request_error",
    )
    assert error.user_message == (
        f"The provided key 'rk_test_{STARS}qs8Kgd' does not have the required permissions for this endpoint "
        "on account 'acct_1StandIn'. Having the 'rak_payment_intent_write' permission would allow this "
        "request to continue."
    )


@pytest.mark.parametrize(
    ("permissions", "ask", "needed"),
    [
        ({"payment_intent": "none"}, lambda v1: v1.payment_intents.list(), "payment_intent_read"),
        ({"charge": "none"}, lambda v1: v1.charges.list(), "charge_read"),
        ({"charge": "read"}, lambda v1: v1.refunds.create({"payment_intent": "pi_no"}), "charge_write"),
        ({"checkout_session": "none"}, lambda v1: v1.checkout.sessions.list(), "checkout_session_read"),
        ({"plan": "none"}, lambda v1: v1.prices.retrieve("price_no"), "plan_read"),
        ({"payment_links": "none"}, lambda v1: v1.payment_links.list(), "payment_links_read"),
        ({"event": "none"}, lambda v1: v1.events.list(), "event_read"),
        ({"webhook": "none"}, lambda v1: v1.webhook_endpoints.list(), "webhook_read"),
        ({"dispute": "none"}, lambda v1: v1.disputes.list(), "dispute_read"),
        ({"balance": "none"}, lambda v1: v1.balance.retrieve(), "balance_read"),
        (
            {"early_fraud_warning": "none"},
            lambda v1: v1.radar.early_fraud_warnings.list(),
            "early_fraud_warning_read",
        ),
    ],
)
def test_each_resource_has_its_permission(
    at_work: Desk,
    permissions: dict[str, Permission],
    ask: Callable[[stripe.V1Services], object],
    needed: str,
) -> None:
    """Read where it reads, write where it writes."""
    client = holder(at_work, **permissions)
    assert f"'rak_{needed}'" in str(refused_by(lambda: ask(client.v1)))


@pytest.mark.parametrize(
    ("permissions", "path", "needed"),
    [
        ({"charge": "none"}, "payment_intent.latest_charge", "charge_read"),
        ({"payment_intent": "none"}, "payment_intent", "payment_intent_read"),
    ],
)
def test_an_expanded_object_needs_its_own_permission(
    at_work: Desk, permissions: dict[str, Permission], path: str, needed: str
) -> None:
    """The session alone may be read; with what is expanded it may not."""
    session = at_work.client.v1.checkout.sessions.create(session_params())
    at_work.stand_in.pay(session.id)
    sessions = holder(at_work, **permissions).v1.checkout.sessions
    assert sessions.retrieve(session.id).id == session.id
    error = refused_by(lambda: sessions.retrieve(session.id, {"expand": [path]}))
    assert f"'rak_{needed}'" in str(error)


def test_a_key_can_lose_and_regain_a_permission(at_work: Desk) -> None:
    """While everything runs."""
    intent_id = at_work.reserved()
    client = holder(at_work, payment_intent="read")
    refused_by(lambda: client.v1.payment_intents.capture(intent_id))
    holder(at_work, payment_intent="write", charge="none")
    assert client.v1.payment_intents.capture(intent_id).status == "succeeded"


def test_a_key_that_was_rolled_is_wrong(at_work: Desk) -> None:
    """As one that never was."""
    client = holder(at_work)
    at_work.stand_in.api_keys.forget(RESTRICTED)
    with pytest.raises(stripe.AuthenticationError, match="Invalid API Key provided"):
        client.v1.payment_intents.list()


def test_a_refused_call_does_not_use_up_its_idempotency_key(at_work: Desk) -> None:
    """Once the permission is there, the same key works."""
    intent_id = at_work.reserved()
    client = holder(at_work, payment_intent="read")
    options: stripe.RequestOptions = {"idempotency_key": "k"}
    refused_by(lambda: client.v1.payment_intents.capture(intent_id, {}, options))
    holder(at_work)
    assert client.v1.payment_intents.capture(intent_id, {}, options).status == "succeeded"
