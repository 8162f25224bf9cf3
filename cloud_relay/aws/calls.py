"""EDGE. One signed call to AWS, with the standard library alone: boto3 would double the relay's cold start.

No proxy is followed, no file is read: a function has its role's credentials in its environment.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from cloud_relay.errors import RelayError
from cloud_relay.formats.aws_signature import AwsCall, Credentials, signed_headers

WITHIN_S = 3.0
TRIES = 3
_LARGEST_ANSWER_BYTES = 1024 * 1024
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ASKED_TOO_OFTEN = frozenset({"ThrottlingException", "TooManyRequestsException", "TooManyUpdates"})


class AwsUnavailable(RelayError, ConnectionError):
    """AWS did not answer; trying again later may work."""


class AwsRefused(RelayError):
    """AWS answered no; `code` is its word for why, and the message AWS's own, which names role and action."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code

    @property
    def may_pass(self) -> bool:
        """Whether the same call may work a moment later."""
        return self.code in _ASKED_TOO_OFTEN or self.code.startswith(("InternalServer", "ServiceUnavail"))


@dataclass(frozen=True)
class AwsCalls:
    """Calls AWS with what Lambda gives a function's environment; `AWS_ENDPOINT_URL_SSM` and the like hold.

    `pause` waits so many seconds between two tries.
    """

    environment: Mapping[str, str]
    pause: Callable[[float], None] = time.sleep

    def post(self, service: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """What AWS answers; what may pass is tried three times, in about a second.

        Raises:
            AwsRefused: AWS said no.
            AwsUnavailable: AWS did not answer, three times.
        """
        for attempt in range(1, TRIES + 1):
            try:
                return self._post(service, path, body, headers)
            except (AwsUnavailable, AwsRefused) as why:
                if attempt == TRIES or (isinstance(why, AwsRefused) and not why.may_pass):
                    raise
            # A thousand functions that start at once ask again at a thousand times.
            self.pause(random.uniform(0.5, 1.0) * 0.2 * 2**attempt)  # noqa: S311 - no secret
        raise AssertionError("unreachable")

    def _post(self, service: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        connection, host = self._connection(service)
        call = AwsCall(service, self._region, host, path, headers, body)
        try:
            signed = signed_headers(call, self._credentials(), datetime.now(UTC))
            connection.request("POST", path, body, signed | self._lineage)
            answer = connection.getresponse()
            said = answer.read(_LARGEST_ANSWER_BYTES)
        except (OSError, HTTPException) as why:
            raise AwsUnavailable(f"AWS's {service} at {host} did not answer: {why!r:.200}") from why
        finally:
            connection.close()
        if answer.status >= 300:
            raise _refusal(answer, said)
        return said

    def _connection(self, service: str) -> tuple[HTTPConnection, str]:
        domain = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        default = f"https://{service}.{self._region}.{domain}"
        url = urlsplit(self.environment.get(f"AWS_ENDPOINT_URL_{service.upper()}") or default)
        if url.scheme == "http" and url.hostname in _LOOPBACK:
            return HTTPConnection(url.netloc, timeout=WITHIN_S), url.netloc
        return HTTPSConnection(url.netloc, timeout=WITHIN_S), url.netloc

    @property
    def _region(self) -> str:
        return self._needed("AWS_REGION")

    @property
    def _lineage(self) -> dict[str, str]:
        # By it AWS stops a function that calls itself without an end. Its own servers change it: not signed.
        trace = self.environment.get("_X_AMZN_TRACE_ID")
        return {"X-Amzn-Trace-Id": trace} if trace else {}

    def _credentials(self) -> Credentials:
        return Credentials(
            self._needed("AWS_ACCESS_KEY_ID"),
            self._needed("AWS_SECRET_ACCESS_KEY"),
            self.environment.get("AWS_SESSION_TOKEN") or None,
        )

    def _needed(self, name: str) -> str:
        if not (value := self.environment.get(name)):
            raise AwsUnavailable(f"{name} is not set: Lambda sets it in a function that has a role")
        return value


def _refusal(answer: HTTPResponse, said: bytes) -> AwsRefused:
    """AWS's own code stands in a header or in the body, with a namespace before it or a URL after it."""
    try:
        body = json.loads(said)
    except ValueError:
        body = None
    fields = body if isinstance(body, dict) else {}
    code = answer.headers.get("x-amzn-errortype") or fields.get("__type") or f"HTTP {answer.status}"
    message = fields.get("message") or fields.get("Message") or answer.reason
    # Below its first line AWS repeats what was signed, and with it the role's session token.
    words = str(message).partition("\n")[0][:500]
    return AwsRefused(str(code).rpartition("#")[2].partition(":")[0], words)
