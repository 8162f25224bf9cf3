"""What phones may ask for, and no more. Webhooks and cabinets are not counted, and share none of it."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable

from flask import Blueprint, request
from werkzeug.exceptions import TooManyRequests

from cloud_relay.memory.buckets import Buckets
from cloud_relay.memory.recent import Recent
from cloud_relay.relay import Relay
from cloud_relay.rules.language import marked
from cloud_relay.rules.orders import is_machine_id
from cloud_relay.rules.phones.addresses import caller, is_loopback
from cloud_relay.rules.phones.limits import PhoneLimits
from cloud_relay.rules.phones.rates import Rate

_TOO_MANY = marked("Too many are asking right now. Nothing was charged. Please try again in a moment.")
_PROXY = ": that is a proxy, and all phones are counted as one: see TRUSTED_PROXIES in README.md"
_ONCE_A_MINUTE = Rate(1, 1)
# A session that was not there comes to be no more: its id is drawn by lot.
_STRANGER_FOR_S, _MADE_FOR_S = 600, 3600
_MOST_SESSIONS = 10_000

log = logging.getLogger(__name__)

# A bucket to be taken from, by whom, and what it is called in the log.
_Claim = tuple[Buckets, str, str]


class Limits:
    """Counts the requests of phones, and their calls of Stripe."""

    def __init__(self, relay: Relay, figures: PhoneLimits) -> None:
        self._clock = relay.clock
        self._trusted_proxies = relay.settings.trusted_proxies
        self._looks = Buckets(figures.looks_of_address), Buckets(figures.looks_at_machine)
        self._purchases = (
            Buckets(figures.purchases_of_address),
            Buckets(figures.purchases_at_machine_of_address),
            Buckets(figures.purchases_at_machine),
        )
        self._free = Buckets(figures.free_at_machine_of_address), Buckets(figures.free_at_machine)
        self._codes = Buckets(figures.codes_at_machine_of_address), Buckets(figures.codes_at_machine)
        self._thanks = Buckets(figures.thanks_of_address)
        self._sessions = Buckets(figures.sessions)
        self._reads = Buckets(figures.reads_of_address), Buckets(figures.reads)
        self._strangers = Buckets(figures.strangers_of_address), Buckets(figures.strangers)
        self._made = Recent[bool](_MOST_SESSIONS)
        self._known_strangers = Recent[bool](_MOST_SESSIONS)
        self._said = Buckets(_ONCE_A_MINUTE)

    def guard_door(self, routes: Blueprint) -> Blueprint:
        """Count looks at doors and purchases."""
        return self._guard(routes, self._at_the_door)

    def guard_thanks(self, routes: Blueprint) -> Blueprint:
        """Count looks at what became of payments."""
        return self._guard(routes, lambda: [(self._thanks, self._caller, "looks at payments")])

    def may_open_session(self) -> bool:
        """Whether phones may make one more Checkout Session now."""
        return self._take([(self._sessions, "", "new payment pages at Stripe")]) == 0

    def may_give_free(self, machine_id: str) -> bool:
        """Whether a machine may give free credits to a phone of this address now."""
        return self._take(self._at(machine_id, self._free, "free credits")) == 0

    def may_try_code(self, machine_id: str) -> bool:
        """Whether a phone may try a code at a machine now; then say if it was right."""
        return self._take(self._at(machine_id, self._codes, "wrong codes")) == 0

    def code_was_right(self, machine_id: str) -> None:
        """Note that the code that was tried is one: it was no guess."""
        for bucket, key, _ in self._at(machine_id, self._codes, ""):
            bucket.give_back(key)

    def made(self, session_id: str) -> None:
        """Note that this process made the session: to ask for it is no guess."""
        self._made.keep(session_id, True, self._clock(), _MADE_FOR_S)

    def may_read(self, session_id: str) -> bool:
        """Whether a phone may have its session read at Stripe now; then say what it was."""
        address, total = self._reads
        claims = [(address, self._caller, "reads of payments"), (total, "", "reads of Stripe")]
        if self._made.get(session_id, self._clock()) is None:
            claims += self._guess()
        return self._take(claims) == 0

    def is_stranger(self, session_id: str) -> bool:
        """Whether Stripe has said of late that the session is none of ours."""
        return self._known_strangers.get(session_id, self._clock()) is not None

    def stranger(self, session_id: str) -> None:
        """Note that the session that was read is none of ours."""
        self._known_strangers.keep(session_id, True, self._clock(), _STRANGER_FOR_S)

    def no_stranger(self, session_id: str) -> None:
        """Note that the session that was read is ours, or that Stripe did not say: it was no guess."""
        if self._made.get(session_id, self._clock()) is None:
            for bucket, key, _ in self._guess():
                bucket.give_back(key)

    def _at(self, machine_id: str, buckets: tuple[Buckets, Buckets], what: str) -> list[_Claim]:
        of_both, at_machine = buckets
        address = self._caller
        return [
            (of_both, f"{address} {machine_id}", f"{what} at {machine_id}"),
            (at_machine, machine_id, f"{what} at {machine_id} from everywhere"),
        ]

    def _guess(self) -> list[_Claim]:
        address, total = self._strangers
        return [(address, self._caller, "guessed payments"), (total, "", "guessed payments from everywhere")]

    def _at_the_door(self) -> list[_Claim]:
        address, machine = self._caller, str((request.view_args or {}).get("machine_id"))
        if not is_machine_id(machine):  # it gets its 404, and no place in the memory
            return [(self._looks[0], address, "looks at doors")]
        if request.method != "POST":
            of_address, at_machine = self._looks
            return [(of_address, address, "looks at doors"), (at_machine, machine, f"looks at {machine}")]
        of_address, of_both, at_machine = self._purchases
        return [
            (of_address, address, "purchases"),
            (of_both, f"{address} {machine}", f"purchases at {machine}"),
            (at_machine, machine, f"purchases at {machine} from everywhere"),
        ]

    def _guard(self, routes: Blueprint, claims: Callable[[], Iterable[_Claim]]) -> Blueprint:
        def count() -> None:
            if wait_s := self._take(claims()):
                raise TooManyRequests(_TOO_MANY, retry_after=math.ceil(wait_s))

        routes.before_request(count)
        return routes

    def _take(self, claims: Iterable[_Claim]) -> float:
        """Seconds until all of them may be had, 0 where they were taken; what is refused takes nothing."""
        taken: list[tuple[Buckets, str]] = []
        for bucket, key, what in claims:
            if wait_s := bucket.take(key, self._clock()):
                self._say(what, self._caller)
                for bucket_before, key_before in taken:
                    bucket_before.give_back(key_before)
                return wait_s
            taken.append((bucket, key))
        return 0

    def _say(self, what: str, address: str) -> None:
        if not self._said.take(what, self._clock()):
            proxy = _PROXY if is_loopback(address) else ""
            log.warning("Too many %s, of late from %s (said once a minute)%s", what, address, proxy)

    @property
    def _caller(self) -> str:
        forwarded_for = request.headers.get("X-Forwarded-For", "")
        return caller(request.remote_addr, forwarded_for, self._trusted_proxies)
