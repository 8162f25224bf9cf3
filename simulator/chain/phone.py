"""EDGE. A phone with an address of its own on loopback: the relay counts phones by their addresses."""

from __future__ import annotations

import requests
from requests.adapters import HTTPAdapter
from urllib3.poolmanager import PoolManager


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **_: object) -> None:
        """As the base has it, but from the address."""
        source = (self._address, 0)
        self.poolmanager = PoolManager(connections, maxsize=maxsize, block=block, source_address=source)


def phone(number: int) -> requests.Session:
    """The session of one phone of 60,000; nothing in the surroundings leads it elsewhere."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, _From(f"127.2.{number // 250 % 250}.{number % 250 + 1}"))
    return session
