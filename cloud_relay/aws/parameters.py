"""EDGE. The relay's settings in SSM Parameter Store: one parameter for each, below a path of their own."""

from __future__ import annotations

import json
from typing import Any

from cloud_relay.aws.calls import AwsCalls, AwsRefused, AwsUnavailable
from cloud_relay.errors import RelayError

_PER_PAGE = 10  # AWS gives no more
_MOST_PAGES = 20

_REMEDIES = {
    "AccessDeniedException": "give the function's role ssm:GetParametersByPath on this path, and kms:Decrypt "
    "if a key of your own encrypts it",
    "ThrottlingException": "too many copies asked at once; it heals by itself, or turn on Parameter Store's "
    "higher throughput",
    "InvalidKeyId": "the key that encrypts a parameter is disabled or gone: enable it, or store it again",
    "UnrecognizedClientException": "AWS does not know the function's role any more: look whether it exists",
    "InvalidSignatureException": "AWS does not take the signature: look at the clock",
    "ExpiredTokenException": "the function's credentials are over: its next copy gets new ones",
}


class ParametersUnreadable(RelayError):
    """The settings could not be had; the message names the path, the reason and the remedy."""


class Parameters:
    """What is stored below a path, such as `/cloud-relay`."""

    def __init__(self, path: str, calls: AwsCalls) -> None:
        self.path = "/" + path.strip("/")
        self._calls = calls

    def read(self) -> dict[str, str]:
        """Every setting by its own name, without the path.

        Raises:
            ParametersUnreadable: AWS did not give all of them.
        """
        found: dict[str, str] = {}
        after: str | None = None
        for _ in range(_MOST_PAGES):
            page = self._page(after)
            try:
                found |= {_name(each["Name"], self.path): str(each["Value"]) for each in page["Parameters"]}
            except (KeyError, TypeError, AttributeError) as why:
                raise self._unreadable(f"AWS's answer is no list of parameters ({why!r:.80})") from why
            after = page.get("NextToken")
            if not after:
                break
        else:
            most = _MOST_PAGES * _PER_PAGE
            raise self._unreadable(f"there are more than {most}: give the relay a path of its own")
        if not found:
            raise self._unreadable("there are none: `python -m cloud_relay setup aws` stores them")
        return found

    def _page(self, after: str | None) -> dict[str, Any]:
        asked = {"Path": self.path, "WithDecryption": True, "MaxResults": _PER_PAGE}
        headers = {
            "X-Amz-Target": "AmazonSSM.GetParametersByPath",
            "Content-Type": "application/x-amz-json-1.1",
        }
        body = json.dumps(asked | ({"NextToken": after} if after else {})).encode()
        try:
            page = json.loads(self._calls.post("ssm", "/", body, headers))
        except AwsRefused as why:
            remedy = _REMEDIES.get(why.code, "try it with `aws ssm get-parameters-by-path`")
            raise self._unreadable(f"{why}: {remedy}") from why
        except AwsUnavailable as why:
            raise self._unreadable(f"{why}: it heals by itself once AWS answers") from why
        except ValueError as why:
            raise self._unreadable("AWS's answer is no JSON") from why
        if not isinstance(page, dict):
            raise self._unreadable("AWS's answer is no JSON object")
        return page

    def _unreadable(self, why: str) -> ParametersUnreadable:
        return ParametersUnreadable(f"The settings below {self.path} in SSM Parameter Store: {why}")


def _name(full: str, path: str) -> str:
    return full.removeprefix(path + "/")
