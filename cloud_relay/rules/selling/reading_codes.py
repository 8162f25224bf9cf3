"""CORE. Reads the codes of OFFERS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

from cloud_relay.rules.selling.codes import Code, digest_of, plain_code
from cloud_relay.rules.selling.offers import Offer
from cloud_relay.rules.selling.reading import Problems, object_at, refuse_unknown
from cloud_relay.rules.selling.reading_periods import clock_problems, name_at, priced_for
from cloud_relay.rules.selling.reading_when import WHEN_KEYS, when_at
from cloud_relay.rules.selling.scopes import MACHINE_KEYS, Shop, machines_at
from cloud_relay.rules.selling.when import ALWAYS

LEAST_LETTERS, MOST_LETTERS = 6, 32
_KEYS = ("code", "name", *WHEN_KEYS, *MACHINE_KEYS, "currency", "offers")
_CODE = re.compile(rf"[A-Z0-9]{{{LEAST_LETTERS},{MOST_LETTERS}}}")


def code_at(value: object, place: str, shop: Shop) -> Code:
    """One code.

    Raises:
        ValueError: a line for each thing that is wrong in it; none of them shows the code.
    """
    own, problems = object_at(value, place), Problems()
    problems.tried(lambda: refuse_unknown(own, place, _KEYS), None)
    digest = problems.tried(lambda: _digest(own, place), b"")
    name = problems.tried(lambda: name_at(own, place), "")
    when = problems.tried(lambda: when_at(own, place), ALWAYS)
    machines = problems.tried(lambda: machines_at(own, place, shop), None)
    no_offers: tuple[Offer, ...] = ()
    offers = problems.tried(lambda: priced_for(own, place, shop, machines), no_offers)
    problems.add(clock_problems(when, machines, place, shop))
    problems.finish()
    return Code(digest, name, when, machines, offers)


def twice(codes: Mapping[int, Code]) -> Iterator[tuple[int, int]]:
    """The places of codes that a machine has twice: the first, and the one that would never count."""
    for (earlier, other), (later, code) in combinations(codes.items(), 2):
        both = code.machines is None or other.machines is None or code.machines & other.machines
        if both and code.when == other.when and code.is_same(other.digest):
            yield earlier, later


def _digest(own: Mapping[str, Any], place: str) -> bytes:
    said = own.get("code")
    if not isinstance(said, str) or _CODE.fullmatch(plain_code(said)) is None:
        raise ValueError(
            f"{place}.code: write {LEAST_LETTERS} to {MOST_LETTERS} letters and figures; "
            "shorter ones are guessed"
        )
    return digest_of(said)
