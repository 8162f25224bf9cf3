"""EDGE. Asks the relay to give money back, with the operator's key: it alone moves money."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from fleet.settings import RelaySettings

# The relay itself waits for Stripe, and tries it three times.
_TIMEOUT_S = (5, 60)
_LONGEST = 1000


@dataclass(frozen=True)
class RelayAnswer:
    """What the relay said; `is_done`: what was asked is so now, whether by this question or before."""

    is_done: bool
    message: str


class RelayDesk:
    """The operator's side of the relay."""

    def __init__(self, settings: RelaySettings) -> None:
        self._settings = settings
        self._session = requests.Session()
        # By itself `requests` takes proxies from the environment, and a .netrc overwrites the key.
        self._session.trust_env = False

    def give_back(self, payment_id: str) -> RelayAnswer:
        """Release or refund all that is left of a payment; asked again, it gives nothing back twice."""
        try:
            answer = self._session.post(
                f"{self._settings.url}/refunds",
                json={"payment_id": payment_id},
                headers={"Authorization": f"Bearer {self._settings.operator_key}"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,  # another place must not be given the key
            )
        except requests.RequestException as why:
            return RelayAnswer(
                False,
                f"The relay at {self._settings.url} did not answer ({type(why).__name__}). Whether the money "
                "went back is not known: ask again, it is never given back twice.",
            )
        return RelayAnswer(answer.status_code == 200, _words(answer))


def _words(answer: requests.Response) -> str:
    try:
        said: Any = answer.json()
    except ValueError:
        said = None
    words = (said.get("message") or said.get("error")) if isinstance(said, dict) else None
    if isinstance(words, str):
        return words[:_LONGEST]
    return (
        f"The relay answered {answer.status_code} and no word of its own: see whether RELAY_URL is the "
        "relay's address, and whether the relay is as new as this fleet"
    )
