"""EDGE. EMQX's REST API, version 5: one call after the other, and its errors with their remedies."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter

from cloud_relay.broker.direct_client import client_context
from cloud_relay.errors import LoginsFailed

_TIMEOUT_S = (3.0, 10.0)
_PAGE = 500  # EMQX allows 10,000, older ones 1,000
_MOST_PAGES = 400
_REDIRECTS = 300
T = TypeVar("T")

_REMEDIES = {
    401: "write an API key of its dashboard (System, API Key) into EMQX_API_KEY and EMQX_API_SECRET; "
    "the dashboard's own user is none",
    403: "give the API key the role Administrator",
    404: "see that EMQX_API_URL ends with /api/v5; EMQX Serverless has no such API: unset EMQX_API_URL there",
}


@dataclass(frozen=True)
class EmqxAccess:
    """Where EMQX's API is, and a key of it; `ca_file` None means the system's certificate authorities."""

    url: str
    key: str
    secret: str = field(repr=False)
    ca_file: Path | None = None


class EmqxRefused(LoginsFailed):
    """EMQX answered with an error: its status, and the `code` and `message` of its body."""

    def __init__(self, doing: str, status: int, code: str, message: str) -> None:
        self.status, self.code = status, code
        said = ": ".join(part for part in (code, message) if part) or f"status {status}"
        remedy = _REMEDIES.get(status)
        super().__init__(f"EMQX refuses to {doing} ({said})" + (f": {remedy}" if remedy else ""))


class EmqxApi:
    """Calls it; `doing` says in an error what was asked for."""

    def __init__(self, access: EmqxAccess) -> None:
        self._access = access
        self._session = requests.Session()
        # By itself `requests` takes proxies from the environment, and a .netrc overwrites the key.
        self._session.trust_env = False
        self._session.auth = (access.key, access.secret)
        self._session.headers["Accept"] = "application/json"
        if access.url.startswith("https"):
            self._session.mount("https://", _Adapter(access.ca_file))

    @property
    def host(self) -> str:
        """Its name, without the key."""
        return urlsplit(self._access.url).netloc

    def get(self, doing: str, path: str, **query: str | int) -> Any:
        """What is there.

        Raises:
            EmqxRefused: EMQX answered with an error.
            LoginsFailed: it did not answer, or not as EMQX does.
        """
        return self._call(doing, "GET", path, query, None)

    def get_part(self, doing: str, path: str, name: str, kind: type[T]) -> T:
        """One field of what is there.

        Raises:
            EmqxRefused: EMQX answered with an error.
            LoginsFailed: it did not answer, or not as EMQX does.
        """
        return self._part(self.get(doing, path), name, kind)

    def _part(self, answer: object, name: str, kind: type[T]) -> T:
        part = answer.get(name) if isinstance(answer, dict) else None
        if not isinstance(part, kind):
            raise LoginsFailed(f"{self.host} does not answer as EMQX's API does: {_REMEDIES[404]}")
        return part

    def send(self, doing: str, method: str, path: str, body: object = None) -> Any:
        """Change something, by a body of JSON.

        Raises:
            EmqxRefused: EMQX answered with an error.
            LoginsFailed: it did not answer, or not as EMQX does.
        """
        data = None if body is None else json.dumps(body)
        return self._call(doing, method, path, {}, data)

    def pages(self, doing: str, path: str, **query: str) -> Iterator[dict[str, Any]]:
        """The rows of all pages."""
        for page in range(1, _MOST_PAGES + 1):
            answer = self.get(doing, path, page=page, limit=_PAGE, **query)
            rows = self._part(answer, "data", list)
            yield from rows
            if not self._part(answer, "meta", dict).get("hasnext", len(rows) == _PAGE):
                return
        raise LoginsFailed(f"EMQX lists more than {_MOST_PAGES * _PAGE} rows to {doing}")

    def _call(self, doing: str, method: str, path: str, query: dict[str, Any], data: str | None) -> Any:
        try:
            answer = self._session.request(
                method,
                self._access.url + path,
                params=query,
                data=None if data is None else data.encode(),
                headers=None if data is None else {"Content-Type": "application/json"},
                timeout=_TIMEOUT_S,
                allow_redirects=False,
            )
        except (requests.RequestException, ssl.SSLError) as why:
            raise LoginsFailed(f"cannot reach EMQX at {self.host} to {doing}: {_cause(why)}") from None
        return _read(doing, answer, self.host)


class _Adapter(HTTPAdapter):
    """Trusts what the relay trusts at the broker, and never the environment of the process."""

    def __init__(self, ca_file: Path | None) -> None:
        self._ca_file = ca_file
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> Any:
        """Have each connection verified by our own context."""
        settings["ssl_context"] = client_context(self._ca_file)
        return super().init_poolmanager(*arguments, **settings)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Nothing to add: `requests` would load authorities of its own into the context."""
        conn.cert_reqs = "CERT_REQUIRED"


def in_path(text: str) -> str:
    """Any text as one part of a path."""
    return quote(text, safe="")


def _read(doing: str, answer: requests.Response, host: str) -> Any:
    is_done = answer.status_code < _REDIRECTS
    if is_done and not answer.content:
        return None
    try:
        body = answer.json()
    except ValueError:
        body = None
    if is_done and body is not None:
        return body
    if answer.ok:  # to requests a redirect is, too
        raise LoginsFailed(f"{host} does not answer as EMQX's API does: {_REMEDIES[404]}")
    told = body if isinstance(body, dict) else {}
    raise EmqxRefused(doing, answer.status_code, str(told.get("code", "")), str(told.get("message", "")))


def _cause(why: BaseException) -> str:
    """The innermost words: those of `requests` repeat the address with all that is in it."""
    while (inner := getattr(why, "reason", None) or why.__cause__ or why.__context__) is not None:
        if not isinstance(inner, BaseException):
            return str(inner)
        why = inner
    return str(getattr(why, "strerror", None) or why)
