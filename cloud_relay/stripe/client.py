"""EDGE. The way to Stripe, the only one: each answer's date is noted, and each refusal is in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import stripe
from requests.adapters import HTTPAdapter

from cloud_relay.errors import NotAtStripe, StripeUnavailable
from cloud_relay.rules.fitness import permissions_in
from cloud_relay.rules.stripe_calls import NO_ANSWER, answer_class, call_of

if TYPE_CHECKING:
    from cloud_relay.settings import StripeSettings
    from cloud_relay.stripe.fitness import Fitness

_MOST_CONNECTIONS = 32  # that are kept: as many as a server has threads, and some
_NAMES_NOTHING = "resource_missing"
_ABOUT_THE_KEY = (401, 403)

log = logging.getLogger(__name__)


def stripe_client(
    settings: StripeSettings,
    fitness: Fitness,
    *,
    timeout_s: tuple[int, int],
    retries: int,
    for_probes: bool = False,
) -> stripe.StripeClient:
    """A client that nothing in the surroundings leads elsewhere; `timeout_s` to connect, and to read.

    One that is `for_probes` asks for what does not exist, and does not log that it was not found.
    """
    url = settings.stand_in_url
    return stripe.StripeClient(
        settings.api_key,
        base_addresses={"api": url} if url else {},
        max_network_retries=retries,
        http_client=_WatchedClient(fitness, timeout_s, settings.proxy, for_probes=for_probes),
    )


class _WatchedClient(stripe.RequestsClient):
    """Tells `fitness` what each answer says of the relay's clock and of its key."""

    def __init__(
        self, fitness: Fitness, timeout_s: tuple[int, int], proxy: str | None, *, for_probes: bool
    ) -> None:
        # By itself `requests` takes proxies from the environment, and a .netrc overwrites the key.
        session = requests.Session()
        session.trust_env = False
        for scheme in ("https://", "http://"):  # the latter for the stand-in; all threads share it
            session.mount(scheme, HTTPAdapter(pool_maxsize=_MOST_CONNECTIONS))
        super().__init__(timeout=timeout_s, session=session, proxy=proxy)
        self._fitness = fitness
        self._for_probes = for_probes

    def request(  # type: ignore[override] # the library's RequestsClient differs from its own parent
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One attempt; the library asks again by itself where that may help."""
        sent_s, path = self._fitness.clock(), urlsplit(url).path
        call = call_of(method, path, is_probe=self._for_probes)
        try:
            content, status, answered = super().request(method, url, headers, post_data)
        except stripe.APIConnectionError:
            self._fitness.calls.count(*call, NO_ANSWER)
            raise
        self._fitness.calls.count(*call, answer_class(status))
        self._fitness.answered(sent_s, answered.get("Date", ""))
        if status in _ABOUT_THE_KEY:
            self._fitness.suspect()
        if status >= 400:
            self._log_refusal(f"{method.upper()} {path}", status, content, answered)
        return content, status, answered

    def _sleep_time_seconds(self, num_retries: int) -> float:
        # The library asks for it before it tries again, and only then.
        self._fitness.retries.count("stripe")
        return super()._sleep_time_seconds(num_retries)

    def _log_refusal(self, asked: str, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        error = _error_in(content)
        is_missing = error.get("code") == _NAMES_NOTHING
        if is_missing and self._for_probes:
            return
        words = ", ".join([str(status), *_named(error)])
        request_id = headers.get("Request-Id", "no request id")
        level = logging.INFO if is_missing else logging.WARNING
        log.log(level, "Stripe refused %s: %s (%s)", asked, words, request_id)


def _error_in(content: bytes) -> dict[str, Any]:
    try:
        error = json.loads(content)["error"]
    except (ValueError, KeyError, TypeError):
        return {}
    return error if isinstance(error, dict) else {}


def _named(error: Mapping[str, Any]) -> Iterator[str]:
    """What an error names; its message, and the query, can quote the payer's data."""
    for key in ("code", "param"):
        if error.get(key):
            yield f"{key} {error[key]!s:.80}"
    if missing := permissions_in(str(error.get("message"))):
        yield f"lacks {' or '.join(missing)}"


def refusal_words(why: stripe.StripeError) -> str:
    """What kind of refusal it was, with all that it names, and the request's id."""
    # The library leaves `code` out of a RateLimitError.
    named = _named(why.error.to_dict()) if why.error else ()
    words = (type(why).__name__, why.http_status, *named)
    return f"{' '.join(str(word) for word in words if word)} ({why.request_id})"


@contextmanager
def at_stripe(what: str, payment_id: str = "") -> Iterator[None]:
    """Turn the library's errors into ours; their own texts can quote the payer's data."""
    try:
        yield
    except stripe.StripeError as why:
        if why.code == "resource_missing":
            raise NotAtStripe(f"{what} {payment_id}: Stripe knows no such object") from None
        raise StripeUnavailable(f"{what} {payment_id}: {refusal_words(why)}") from None
