"""EDGE. What `setup stripe` makes and changes on the account."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

import stripe

from cloud_relay.errors import NotAtStripe, SetupRefused
from cloud_relay.rules.setting_up.endpoint_setup import Disable, Make, Mend
from cloud_relay.rules.setting_up.neighbours import secret_print
from cloud_relay.rules.setting_up.price_setup import PRODUCT_ID, PRODUCT_NAME, WantedPrice
from cloud_relay.stripe.account import FINGERPRINT, StripeAccount, sold_price
from cloud_relay.stripe.client import at_stripe, stripe_client
from cloud_relay.stripe.probes import Probe

if TYPE_CHECKING:
    from stripe.params import WebhookEndpointCreateParams, WebhookEndpointUpdateParams

    from cloud_relay.settings import StripeSettings
    from cloud_relay.stripe.fitness import Fitness

_TIMEOUT_S, _RETRIES = (3, 20), 2
_NOTHING = "0000000000cloudrelaysetup"
# Changing what does not exist: a key that may is told so, and nothing is changed.
NEEDED = (
    Probe(
        "Webhook Endpoints: Write",
        "make a webhook endpoint",
        lambda v1: v1.webhook_endpoints.update(f"we_{_NOTHING}", {"metadata": {"check": "1"}}),
    ),
    Probe(
        "Products: Write",
        "make a product",
        lambda v1: v1.products.update(f"prod_{_NOTHING}", {"metadata": {"check": "1"}}),
    ),
    Probe(
        "Prices: Write",
        "make a price",
        lambda v1: v1.prices.update(f"price_{_NOTHING}", {"metadata": {"check": "1"}}),
    ),
)


class StripeSetup:
    """The account, to be changed. Methods raise SetupRefused and StripeUnavailable."""

    def __init__(self, settings: StripeSettings, fitness: Fitness) -> None:
        self.account = StripeAccount(settings, fitness)
        # The library repeats a call under one idempotency key: a lost answer makes no second endpoint.
        self._v1 = stripe_client(settings, fitness, timeout_s=_TIMEOUT_S, retries=_RETRIES).v1

    def missing_rows(self) -> list[str]:
        """The rows that the key lacks for this."""
        answers = [self.account.answer_to(probe) for probe in NEEDED]
        return list(dict.fromkeys(answer.missing for answer in answers if answer.missing))

    def make_endpoint(self, make: Make) -> tuple[str, str]:
        """The new endpoint's id and its secret, which Stripe tells only now."""
        wanted = make.wanted
        params = {
            "url": wanted.url,
            "enabled_events": list(wanted.events),
            "api_version": wanted.version,
            "description": "Arcade cabinets: credits (cloud_relay)",
        }
        with _making("make a webhook endpoint"):
            made = self._v1.webhook_endpoints.create(cast("WebhookEndpointCreateParams", params))
        if not made.secret:
            raise SetupRefused(f"Stripe made the endpoint {made.id} and did not tell its secret: delete it")
        return made.id, made.secret

    def note_secret(self, endpoint_id: str, secret: str) -> None:
        """Note at an endpoint which secret is its own, so that it can be told from others later."""
        with _making("note at a webhook endpoint which secret it has"):
            self._v1.webhook_endpoints.update(endpoint_id, {"metadata": {FINGERPRINT: secret_print(secret)}})

    def change_endpoint(self, step: Mend | Disable) -> None:
        """Mend an endpoint, or disable it."""
        params: dict[str, Any] = {"disabled": True}
        if isinstance(step, Mend):
            events = list(step.events) if step.events is not None else None
            wanted = {"url": step.url, "enabled_events": events, "disabled": False if step.enable else None}
            params = {name: value for name, value in wanted.items() if value is not None}
        with _making("change a webhook endpoint"):
            self._v1.webhook_endpoints.update(step.endpoint.id, cast("WebhookEndpointUpdateParams", params))

    def find_price(self, wanted: WantedPrice) -> str | None:
        """The id of the price that was made for this before."""
        with at_stripe("list prices"):
            found = self._v1.prices.list({"lookup_keys": [wanted.lookup_key], "active": True}).data
        return next((each.id for each in found if wanted.is_sold_by(sold_price(each))), None)

    def make_price(self, wanted: WantedPrice) -> str:
        """A new price, of the one product that all of them are of."""
        self._have_product()
        with _making("make a price"):
            made = self._v1.prices.create(
                {
                    "product": PRODUCT_ID,
                    "currency": wanted.currency,
                    "unit_amount": wanted.amount,
                    "lookup_key": wanted.lookup_key,
                    # Somebody may have put it on a price that this one cannot be.
                    "transfer_lookup_key": True,
                    "metadata": {"credits_per_unit": "1"},
                }
            )
        return made.id

    def _have_product(self) -> None:
        try:
            with at_stripe("read a product"):
                found = self._v1.products.retrieve(PRODUCT_ID)
        except NotAtStripe:
            with _making("make a product"):
                self._v1.products.create({"id": PRODUCT_ID, "name": PRODUCT_NAME})
            return
        if not found.active:
            with _making("bring a product back"):
                self._v1.products.update(PRODUCT_ID, {"active": True})


@contextmanager
def _making(what: str) -> Iterator[None]:
    """Say Stripe's own reason: nothing of a payer is in what is asked here."""
    with at_stripe(what):
        try:
            yield
        except stripe.InvalidRequestError as why:
            raise SetupRefused(f"Stripe refuses to {what}: {why.user_message}") from None
