"""CORE. AWS Signature Version 4: what shows AWS who calls, made from the call's own bytes.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True)
class Credentials:
    """A role's, or a user's without a session token."""

    key_id: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class AwsCall:
    """One POST. Its path is sent as it stands, and so holds nothing that an address would have to escape."""

    service: str
    region: str
    host: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def signed_headers(call: AwsCall, credentials: Credentials, at: datetime) -> dict[str, str]:
    """The headers to send, the call's own among them; `at` is the time in UTC, and AWS looks at it."""
    stamp = at.strftime("%Y%m%dT%H%M%SZ")
    token = {"X-Amz-Security-Token": credentials.session_token} if credentials.session_token else {}
    headers = {**call.headers, "Host": call.host, "X-Amz-Date": stamp, **token}
    scope = f"{stamp[:8]}/{call.region}/{call.service}/aws4_request"
    names = ";".join(sorted(name.lower() for name in headers))
    to_sign = "\n".join([_ALGORITHM, stamp, scope, _sha256(_canonical(call, headers, names).encode())])
    signature = hmac.new(_key(credentials.secret, scope), to_sign.encode(), "sha256").hexdigest()
    credential = f"Credential={credentials.key_id}/{scope}"
    authorization = f"{_ALGORITHM} {credential}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": authorization}


def _canonical(call: AwsCall, headers: Mapping[str, str], names: str) -> str:
    lines = sorted(f"{name.lower()}:{' '.join(value.split())}" for name, value in headers.items())
    return "\n".join(["POST", call.path, "", *lines, "", names, _sha256(call.body)])


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), "sha256").digest()
    return key


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
