"""EDGE. Payment links, for printed codes and old cabinets, and the end of a machine's sales."""

from __future__ import annotations

from collections.abc import Callable, Mapping

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


def retire_links(v1: stripe.V1Services, whose: Callable[[Mapping[str, str]], bool]) -> list[str]:
    """Switch off the live payment links whose metadata is theirs; gives their ids."""
    listed = v1.payment_links.list(params={"limit": _PAGE, "active": True})
    found = [link.id for link in listed.auto_paging_iter() if whose(link.to_dict()["metadata"])]
    for link_id in found:
        v1.payment_links.update(link_id, params={"active": False})
    return found


def end_sessions(v1: stripe.V1Services, whose: Callable[[Mapping[str, str]], bool]) -> list[str]:
    """End the open payment pages whose metadata is theirs; gives the ids of those that nobody paid."""
    listed = v1.checkout.sessions.list(params={"limit": _PAGE, "status": "open"})
    found = [page.id for page in listed.auto_paging_iter() if whose(page.to_dict()["metadata"] or {})]
    return [page_id for page_id in found if _ended(v1, page_id)]


def _ended(v1: stripe.V1Services, page_id: str) -> bool:
    try:
        v1.checkout.sessions.expire(page_id)
    except stripe.InvalidRequestError:  # it was paid, or ended by itself, since it was listed
        return False
    return True


def _link_key(metadata: Mapping[str, str], retired: int, now_s: float) -> str:
    # One link for two requests at once. A retired link, or a failure that Stripe would replay for
    # a day, must not come back under the same key: hence the count and the minute.
    order = "-".join(metadata[key] for key in sorted(metadata))
    return f"link-{order}-{retired}-{int(now_s) // 60}"
