"""CORE. The search call, which lags: what changed a moment ago is not found yet."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from simulator.stripe.model.book import Book
from simulator.stripe.model.errors import Json, Refusal
from simulator.stripe.model.objects.table import PaymentIntent

NUMBERS = frozenset({"amount", "created"})
WORDS = frozenset({"currency", "status"})
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ":": operator.eq,
    "=": operator.eq,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}

_CLAUSE = re.compile(
    r"""\s*(?P<minus>-?)(?P<field>[a-z_]+)(?:\[(?P<q>["'])(?P<key>.+?)(?P=q)\])?"""
    r"""\s*(?P<sign>>=|<=|[:=<>])\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[\w-]+))\s*"""
)


@dataclass(frozen=True)
class Clause:
    """One condition of a query: a field (or a metadata key) compared with a value."""

    field: str
    key: str | None
    compare: Callable[[Any, Any], bool]
    value: str
    negated: bool

    def holds(self, intent: PaymentIntent) -> bool:
        """Whether a PaymentIntent meets the condition; an absent metadata key equals nothing."""
        return self._compared(intent) != self.negated

    def _compared(self, intent: PaymentIntent) -> bool:
        if self.field == "metadata":
            found = intent.metadata.get(self.key or "")
            return found is not None and (self.value == "null" or found == self.value)
        found = getattr(intent, self.field)
        return self.compare(found, int(self.value) if self.field in NUMBERS else self.value)


def parse(query: str) -> tuple[bool, list[Clause]]:
    """Whether all clauses must hold (AND, not OR), and the clauses; raises Refusal if malformed."""
    joints = re.findall(r"""\s(AND|OR)\s(?=(?:[^"]*"[^"]*")*[^"]*$)""", query)
    if len(set(joints)) > 1:
        raise _malformed(query, "AND and OR cannot be mixed")
    parts = re.split(r"""\s(?:AND|OR)\s(?=(?:[^"]*"[^"]*")*[^"]*$)""", query)
    return "OR" not in joints, [_clause(part, query) for part in parts]


def _clause(part: str, query: str) -> Clause:
    match = _CLAUSE.fullmatch(part)
    if match is None:
        raise _malformed(query, f"cannot be read at {part!r}")
    field, key, sign = match["field"], match["key"], match["sign"]
    value = next(text for text in (match["double"], match["single"], match["bare"]) if text is not None)
    if field not in NUMBERS | WORDS | {"metadata"} or (field == "metadata") != (key is not None):
        raise _malformed(query, f"field `{field}` is not supported")
    if field in NUMBERS and not re.fullmatch(r"-?[0-9]+", value):
        raise _malformed(query, f"field `{field}` takes a number, not {value!r}")
    if field not in NUMBERS and sign not in ":=":
        raise _malformed(query, f"field `{field}` can only be compared with `:`")
    return Clause(field, key, COMPARISONS[sign], value, negated=match["minus"] == "-")


def _malformed(query: str, why: str) -> Refusal:
    return Refusal(f"We were unable to parse your search query: {why}. Query: {query}", None, "query")


def search(book: Book, params: Json, now_s: int, lag_s: int) -> Json:
    """One page of the PaymentIntents that match and have not changed in the last `lag_s`."""
    every, clauses = parse(params["query"])
    decide = all if every else any
    found = [
        intent
        for intent in reversed(book.intents.values())
        if book.changed_at[intent.id] <= now_s - lag_s and decide(each.holds(intent) for each in clauses)
    ]
    start, limit = _start(params.get("page", "0")), params.get("limit", 10)
    more = len(found) > start + limit
    return {
        "object": "search_result",
        "url": "/v1/payment_intents/search",
        "has_more": more,
        "next_page": str(start + limit) if more else None,
        "data": [intent.as_json() for intent in found[start : start + limit]],
    }


def _start(cursor: str) -> int:
    if not cursor.isdecimal():
        raise Refusal(f"Invalid page: {cursor}; use the `next_page` of the page before.", None, "page")
    return int(cursor)
