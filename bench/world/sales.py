"""Sales through the whole chain on this machine, for the benchmarks that need a cabinet at work."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from simulator.chain.chain import Chain, Wiring, running_chain
from simulator.chain.phone import phone

WITHIN_S = 20.0


@contextmanager
def selling_chain(wiring: Wiring | None = None, **config: Any) -> Iterator[Chain]:
    """The chain, once its door sells; in the end it tells what it read at Stripe.

    `config` replaces top-level keys of config.yaml.
    """
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        running_chain(Path(folder), wiring=wiring, **config) as chain,
    ):
        wait(lambda: sells(chain), "the door to sell")
        yield chain
        print(chain.stripe.reads_in_words())


def buy(chain: Chain, credits: int, number: int | None = None) -> str:
    """Pay for credits at the door; the payment's id.

    `number` is that of the phone, where one that came so often would be turned away.
    """
    return chain.stripe.pay(checkout(chain, credits, number))


def checkout(chain: Chain, credits: int, number: int | None = None) -> str:
    """Choose credits at the door; the address of the payment page."""
    with requests.Session() if number is None else phone(number) as session:
        return _checkout(chain, credits, session)


def _checkout(chain: Chain, credits: int, session: requests.Session) -> str:
    button = _button(chain, credits, session)
    if button is None:
        raise RuntimeError(f"the door has no button for {credits} credits")
    sold = session.post(chain.door, {"offer": button}, allow_redirects=False, timeout=WITHIN_S)
    sold.raise_for_status()
    return sold.headers["Location"]


def sells(chain: Chain) -> bool:
    """Whether the door sells just now."""
    with requests.Session() as session:
        return _button(chain, 1, session) is not None


def wait(condition: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
    """Return once it holds; TimeoutError if it does not."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise TimeoutError(f"waited {within_s:g} s for {what}")
        time.sleep(0.01)


def _button(chain: Chain, credits: int, session: requests.Session) -> str | None:
    found = re.search(rf'value="({credits}-[^"]+)"', session.get(chain.door, timeout=WITHIN_S).text)
    return found[1] if found else None
