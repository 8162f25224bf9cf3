"""CORE. Lists as the API gives them: newest first, filtered, in pages; and ids made into objects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from simulator.stripe.model.book import KINDS, Book
from simulator.stripe.model.errors import Json, Refusal, missing_object
from simulator.stripe.model.objects import CheckoutSession, PaymentLink, Price

DEFAULT_LIMIT = 10
DEEPEST_EXPANSION = 4
EXPANDABLE = frozenset({"charge", "latest_charge", "payment_intent", "payment_link", "product"})


class Listed(Protocol):
    """Anything that the API can list."""

    @property
    def id(self) -> str:
        """Its id, which is also its place in a list."""

    @property
    def created(self) -> int:
        """When it was made, in Unix seconds."""

    def as_json(self) -> Json:
        """The API's object."""


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
    newest_first = list(reversed(book.table(kind).values()))
    ids = [thing.id for thing in newest_first]
    after, before = (params.get(key) for key in ("starting_after", "ending_before"))
    if after and before:
        raise Refusal("You cannot pass both ending_before and starting_after.", None, "ending_before")
    if after:
        newest_first = newest_first[_place(ids, after, kind, "starting_after") + 1 :]
    if before:
        newest_first = newest_first[: _place(ids, before, kind, "ending_before")]
    found = [each for each in newest_first if _within(each, params.get("created", {})) and matches(each)]
    limit = params.get("limit", DEFAULT_LIMIT)
    shown = found[-limit:] if before else found[:limit]
    data = [each.as_json() for each in shown]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": data}


def _place(ids: list[str], cursor: str, kind: type, param: str) -> int:
    if cursor not in ids:
        raise missing_object(KINDS[kind], cursor, param=param, status=400)
    return ids.index(cursor)


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
    if field == "line_items" and field not in node:
        _include_lines(book, node)
    if field not in node or (not rest and field not in EXPANDABLE | {"line_items"}):
        raise Refusal(f"This property cannot be expanded ({path}).", None, "expand")
    if isinstance(node[field], str):
        node[field] = _object(book, node[field], path)
    below = node[field] if isinstance(node[field], list) else [node[field]]
    for each in below:
        if rest and isinstance(each, dict):
            _expand(book, each, rest, path)


def _object(book: Book, object_id: str, path: str) -> Json:
    found: Listed | None = (
        book.charges.get(object_id) or book.intents.get(object_id) or book.links.get(object_id)
    )
    if found is not None:
        return found.as_json()
    for price in book.table(Price).values():
        if price.product == object_id:
            return price.product_json()
    raise Refusal(f"This property cannot be expanded ({path}).", None, "expand")


def _include_lines(book: Book, node: Json) -> None:
    owner = book.sessions.get(node["id"]) or book.links.get(node["id"])
    if owner is not None:
        node["line_items"] = lines(owner, {})


def lines(owner: CheckoutSession | PaymentLink, params: Json) -> Json:
    """The lines of a session or link: always one page here, which holds up to `limit` of them."""
    limit = params.get("limit", DEFAULT_LIMIT)
    data = [line.as_json() for line in owner.lines]
    folder = "checkout/sessions" if isinstance(owner, CheckoutSession) else "payment_links"
    url = f"/v1/{folder}/{owner.id}/line_items"
    return {"object": "list", "url": url, "has_more": len(data) > limit, "data": data[:limit]}
