"""EDGE. Keeps the edges from logging what a command says in better words."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing of the relay's own is logged meanwhile, unless it is the end of it."""
    log = logging.getLogger("cloud_relay")
    before = log.level
    log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        log.setLevel(before)
