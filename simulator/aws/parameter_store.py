"""EDGE. A stand-in for SSM Parameter Store and for Lambda's Invoke, as far as the relay calls them.

It asks for what AWS asks for: the signature (made anew here by botocore), the action's name, and the path.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

KEY_ID, SECRET, SESSION_TOKEN, REGION = "ASIASTANDIN", "made-up-secret", "made-up-token", "eu-central-1"
_PAGE = 10
_REFUSED = 400


@dataclass
class StandInAws:
    """What is stored, by full name; `refusals` are (code, message) for the calls to come, one each.

    `answer` replaces a good answer's body; `invoked` are the events sent to functions, with their paths.
    """

    url: str = ""
    stored: dict[str, str] = field(default_factory=dict)
    refusals: list[tuple[str, str]] = field(default_factory=list)
    answer: bytes | None = None
    asked: list[dict[str, Any]] = field(default_factory=list)
    invoked: list[tuple[str, bytes]] = field(default_factory=list)
    traces: list[str | None] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        """What Lambda would give a function to call it."""
        return {
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_SESSION_TOKEN": SESSION_TOKEN,
            "AWS_ENDPOINT_URL_SSM": self.url,
            "AWS_ENDPOINT_URL_LAMBDA": self.url,
        }


@contextmanager
def stand_in_aws() -> Iterator[StandInAws]:
    """Serve it on a loopback port."""
    aws = StandInAws()

    class Handler(_Handler):
        world = aws

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    aws.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="stand-in AWS", daemon=True)
    thread.start()
    try:
        yield aws
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    world: StandInAws
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        service = "lambda" if self.path.startswith("/2015-03-31/functions/") else "ssm"
        if trouble := self._why_refused(service, body):
            return self._say(_REFUSED, {"__type": trouble[0], "message": trouble[1]})
        if service == "lambda":
            self.world.invoked.append((self.path, body))
            self.world.traces.append(self.headers["X-Amzn-Trace-Id"])
            return self._say(202, None)
        asked = json.loads(body)
        self.world.asked.append(asked)
        if self.world.answer is not None:
            return self._send(200, self.world.answer)
        return self._say(200, self._page(asked))

    def log_message(self, format: str, *args: object) -> None: ...

    def _why_refused(self, service: str, body: bytes) -> tuple[str, str] | None:
        if self.world.refusals:
            return self.world.refusals.pop(0)
        if self.headers.get("Authorization") != self._signature(service, body):
            return "InvalidSignatureException", "The request signature we calculated does not match."
        if service == "lambda":
            event = self.headers.get("X-Amz-Invocation-Type") == "Event"
            return None if event else ("InvalidParameterValueException", "a stand-in for events only")
        if self.headers.get("X-Amz-Target") != "AmazonSSM.GetParametersByPath":
            return "UnknownOperationException", ""
        if self.headers.get("Content-Type") != "application/x-amz-json-1.1":
            return "SerializationException", ""
        return None

    def _signature(self, service: str, body: bytes) -> str:
        """What botocore writes for the headers that were signed, at the time that was signed."""
        given = self.headers.get("Authorization", "")
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        headers = {name: self.headers[name] or "" for name in names if name != "host"}
        request = AWSRequest("POST", f"http://{self.headers['Host']}{self.path}", headers=headers, data=body)
        stamp = self.headers.get("X-Amz-Date", "")
        request.context["timestamp"] = stamp
        signer = SigV4Auth(BotocoreCredentials(KEY_ID, SECRET, SESSION_TOKEN), service, REGION)
        age_s = abs((datetime.now(UTC) - datetime.strptime(stamp, "%Y%m%dT%H%M%S%z")).total_seconds())
        if age_s > 300:
            return "too old"
        to_sign = signer.string_to_sign(request, signer.canonical_request(request))
        signed = ";".join(sorted(name.lower() for name in names))
        scope = f"{KEY_ID}/{stamp[:8]}/{REGION}/{service}/aws4_request"
        return (
            f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={signed}, "
            f"Signature={signer.signature(to_sign, request)}"
        )

    def _page(self, asked: dict[str, Any]) -> dict[str, Any]:
        path, begin = asked["Path"].rstrip("/") + "/", int(asked.get("NextToken", 0))
        below = [name for name in sorted(self.world.stored) if name.startswith(path)]
        names = [name for name in below if "/" not in name.removeprefix(path)]
        most = min(asked.get("MaxResults", _PAGE), _PAGE)
        page = [self._described(name) for name in names[begin : begin + most]]
        more = {"NextToken": str(begin + most)} if len(names) > begin + most else {}
        return {"Parameters": page, **more}

    def _described(self, name: str) -> dict[str, Any]:
        arn = f"arn:aws:ssm:{REGION}:123456789012:parameter{name}"
        value = self.world.stored[name]
        return {
            "ARN": arn,
            "DataType": "text",
            "Name": name,
            "Type": "SecureString",
            "Value": value,
            "Version": 1,
        }

    def _say(self, status: int, document: dict[str, Any] | None) -> None:
        self._send(status, b"" if document is None else json.dumps(document).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
