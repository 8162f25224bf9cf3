"""EDGE. Payment links, for printed codes and old cabinets: the one that is there, or a new one."""

from __future__ import annotations

from collections.abc import Mapping

import stripe

from cloud_relay.rules.statement import SaleWords
from cloud_relay.stripe.sale_params import link_params, made_with_suffix

_PAGE = 100


def live_link(
    v1: stripe.V1Services,
    price_id: str,
    quantity: int,
    words: SaleWords,
    metadata: dict[str, str],
    thanks_url: str,
    now_s: float,
) -> tuple[str, str]:
    """The id and address of the payment link with just this metadata, made if there is none."""
    links = v1.payment_links.list(params={"limit": _PAGE})
    same = [link for link in links.auto_paging_iter() if link.to_dict()["metadata"] == metadata]
    for link in same:
        if link.active:
            return link.id, link.url
    key = _link_key(metadata, len(same), now_s)

    def make(words: SaleWords) -> stripe.PaymentLink:
        return v1.payment_links.create(
            params=link_params(price_id, quantity, words, metadata, thanks_url),
            options={"idempotency_key": f"{key}-{words.statement_suffix}"},
        )

    made = made_with_suffix(make, words)
    return made.id, made.url


def _link_key(metadata: Mapping[str, str], retired: int, now_s: float) -> str:
    # One link for two requests at once. A retired link, or a failure that Stripe would replay for
    # a day, must not come back under the same key: hence the count and the minute.
    order = "-".join(metadata[key] for key in sorted(metadata))
    return f"link-{order}-{retired}-{int(now_s) // 60}"
