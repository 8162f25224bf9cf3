"""CORE. Lists as the API gives them: newest first, filtered, in pages; and ids made into objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from simulator.stripe.model.book import KINDS, Book, Listed
from simulator.stripe.model.errors import Json, Refusal, missing_object
from simulator.stripe.model.objects.table import CheckoutSession, PaymentLink, Refund

DEFAULT_LIMIT = 10
DEEPEST_EXPANSION = 4
EXPANDED_KINDS = {
    "balance_transaction": "balance_transaction_source",
    "charge": "charge",
    "latest_charge": "charge",
    "payment_intent": "payment_intent",
    "payment_link": "payment_link",
    "product": "product",
    "source": "balance_transaction_source",
}
"""What kind of object stands behind each id that can be expanded."""
INCLUDED = frozenset({"line_items", "refunds", "currency_options"})
"""What is shown only when it is asked for."""


_L = TypeVar("_L", bound=Listed)


def page(
    book: Book,
    kind: type[_L],
    params: Json,
    url: str,
    matches: Callable[[_L], bool] = lambda _: True,
) -> Json:
    """One page of a list: the objects behind (or before) a cursor that match every filter.

    Raises Refusal for a cursor that names nothing, or for two cursors at once.
    """
    after, before = (params.get(key) for key in ("starting_after", "ending_before"))
    if after and before:
        raise Refusal("You cannot pass both ending_before and starting_after.", None, "ending_before")
    table, limit = book.table(kind), params.get("limit", DEFAULT_LIMIT)
    for cursor, param in ((after, "starting_after"), (before, "ending_before")):
        if cursor and cursor not in table:
            raise missing_object(KINDS[kind], cursor, param=param, status=400)
    bounds = params.get("created", {})
    # Going forwards the oldest object comes last, going backwards from a cursor it comes first.
    ordered: Iterable[_L] = table.values() if before else reversed(table.values())
    behind = _behind(ordered, after or before)
    found = list(islice((x for x in behind if _within(x, bounds) and matches(x)), limit + 1))
    shown = found[:limit][::-1] if before else found[:limit]
    data = [each.as_json() for each in shown]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}


def _behind(ordered: Iterable[_L], cursor: str | None) -> Iterator[_L]:
    """What comes after the cursor in that order; everything, where there is none."""
    passed = not cursor
    for each in ordered:
        if passed:
            yield each
        passed = passed or each.id == cursor


def _within(thing: Listed, bounds: dict[str, int]) -> bool:
    at = thing.created
    return bounds.get("gte", at) <= at <= bounds.get("lte", at) and bounds.get(
        "gt", at - 1
    ) < at < bounds.get("lt", at + 1)


def expand(book: Book, answer: Json, paths: list[str]) -> Json:
    """The answer with the ids at these paths (such as `data.latest_charge`) made into objects.

    Raises Refusal for a path that is too deep or that leads to nothing expandable.
    """
    for path in paths:
        steps = path.split(".")
        if len(steps) > DEEPEST_EXPANSION:
            raise Refusal(
                f"You cannot expand more than {DEEPEST_EXPANSION} levels of a property.",
                None,
                "expand",
            )
        _expand(book, answer, steps, path)
    return answer


def _expand(book: Book, node: Json, steps: list[str], path: str) -> None:
    field, rest = steps[0], steps[1:]
    if field in INCLUDED and field not in node:
        _include(book, node, field)
    if field not in node or (not rest and field not in INCLUDED | EXPANDED_KINDS.keys()):
        raise Refusal(f"This property cannot be expanded ({path}).", None, "expand")
    if isinstance(node[field], str):
        node[field] = _object(book, node[field], path)
    below = node[field] if isinstance(node[field], list) else [node[field]]
    for each in below:
        if rest and isinstance(each, dict):
            _expand(book, each, rest, path)


def _object(book: Book, object_id: str, path: str) -> Json:
    tables = (
        book.charges, book.intents, book.links, book.products, book.movements, book.refunds, book.disputes
    )  # fmt: skip
    found: Listed | None = next((table[object_id] for table in tables if object_id in table), None)
    if found is not None:
        return found.as_json()
    raise Refusal(f"This property cannot be expanded ({path}).", None, "expand")


def _include(book: Book, node: Json, field: str) -> None:
    """Add what an object of this kind shows only when asked; nothing, where it has no such thing."""
    owner = book.sessions.get(node.get("id", "")) or book.links.get(node.get("id", ""))
    if field == "line_items" and owner is not None:
        node["line_items"] = lines(owner, {})
    if field == "refunds" and node.get("object") == "charge":
        charge_id, url = node["id"], f"/v1/charges/{node['id']}/refunds"
        node["refunds"] = page(book, Refund, {}, url, lambda refund: refund.charge == charge_id)
    if field == "currency_options" and node.get("object") == "price":
        node["currency_options"] = book.prices[node["id"]].options_json()


def lines(owner: CheckoutSession | PaymentLink, params: Json) -> Json:
    """The lines of a session or link: always one page here, which holds up to `limit` of them."""
    limit = params.get("limit", DEFAULT_LIMIT)
    data = [line.as_json() for line in owner.lines]
    folder = "checkout/sessions" if isinstance(owner, CheckoutSession) else "payment_links"
    url = f"/v1/{folder}/{owner.id}/line_items"
    return {"object": "list", "url": url, "has_more": len(data) > limit, "data": data[:limit]}
