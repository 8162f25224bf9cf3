"""EDGE. The way to Stripe, the only one: each answer's date is noted, and each refusal is in the log."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import stripe
from requests.adapters import HTTPAdapter

if TYPE_CHECKING:
    from cloud_relay.settings import StripeSettings
    from cloud_relay.stripe.fitness import Fitness

_MOST_CONNECTIONS = 32  # that are kept: as many as a server has threads, and some
_NAMES_NOTHING = 404
_ABOUT_THE_KEY = (401, 403)

log = logging.getLogger(__name__)


def stripe_client(
    settings: StripeSettings, fitness: Fitness, *, timeout_s: tuple[int, int], retries: int
) -> stripe.StripeClient:
    """A client that nothing in the surroundings leads elsewhere; `timeout_s` to connect, and to read."""
    url = settings.stand_in_url
    return stripe.StripeClient(
        settings.api_key,
        base_addresses={"api": url} if url else {},
        max_network_retries=retries,
        http_client=_WatchedClient(fitness, timeout_s, settings.proxy),
    )


class _WatchedClient(stripe.RequestsClient):
    """Tells `fitness` what each answer says of the relay's clock and of its key."""

    def __init__(self, fitness: Fitness, timeout_s: tuple[int, int], proxy: str | None) -> None:
        # By itself `requests` takes proxies from the environment, and a .netrc overwrites the key.
        session = requests.Session()
        session.trust_env = False
        for scheme in ("https://", "http://"):  # the latter for the stand-in; all threads share it
            session.mount(scheme, HTTPAdapter(pool_maxsize=_MOST_CONNECTIONS))
        super().__init__(timeout=timeout_s, session=session, proxy=proxy)
        self._fitness = fitness

    def request(  # type: ignore[override] # the library's RequestsClient differs from its own parent
        self, method: str, url: str, headers: Mapping[str, str] | None, post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One attempt; the library asks again by itself where that may help."""
        sent_s = self._fitness.clock()
        content, status, answered = super().request(method, url, headers, post_data)
        self._fitness.answered(sent_s, answered.get("Date", ""))
        if status in _ABOUT_THE_KEY:
            self._fitness.suspect()
        if status >= 400:
            _log_refusal(method, url, status, content, answered.get("Request-Id", "no request id"))
        return content, status, answered


def _log_refusal(method: str, url: str, status: int, content: bytes, request_id: str) -> None:
    # Neither the message nor the query: they can quote the payer's data.
    level = logging.INFO if status == _NAMES_NOTHING else logging.WARNING
    told = (method.upper(), urlsplit(url).path, status, _code_and_param(content), request_id)
    log.log(level, "Stripe refused %s %s: %d%s (%s)", *told)


def _code_and_param(content: bytes) -> str:
    try:
        error = json.loads(content)["error"]
        named = [f"{key} {error[key]!s:.80}" for key in ("code", "param") if error.get(key)]
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return "".join(f", {each}" for each in named)


def refusal_words(why: stripe.StripeError) -> str:
    """What kind of refusal it was, with its code and param, and the request's id."""
    # The library leaves `code` out of a RateLimitError.
    code = why.code or (why.error.code if why.error else None)
    param = f"param {why.error.param}" if why.error and why.error.param else None
    words = (type(why).__name__, why.http_status, code, param)
    return f"{' '.join(str(word) for word in words if word)} ({why.request_id})"
