"""EDGE. AWS's own command line. No secret is in an argument list: what is stored is in a file meanwhile."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cloud_relay.errors import SetupFailed
from cloud_relay.pages.setup.aws_plan import Stored, kind_of

_LONGEST_S = 120.0


def is_there(program: str) -> bool:
    """Whether a program is at hand."""
    return shutil.which(program) is not None


class Aws:
    """One account's region, by the `aws` on the PATH; `region` None takes the one that it is set to."""

    def __init__(self, region: str | None) -> None:
        self.region = region or _region()
        who = self._json("sts", "get-caller-identity")
        self.account, self.caller = str(who["Account"]), str(who["Arn"])

    def stored(self, path: str) -> Mapping[str, Stored]:
        """What lies below a path, by name."""
        asked = ("ssm", "get-parameters-by-path", "--path", path, "--with-decryption")
        found = self._json(*asked)["Parameters"]
        return {each["Name"].removeprefix(f"{path}/"): Stored(each["Value"], each["Type"]) for each in found}

    def store(self, path: str, name: str, value: str) -> None:
        """Write one setting, over what is there."""
        asked = {
            "Name": f"{path}/{name}",
            "Type": kind_of(name),
            "Value": value,
            "Overwrite": True,
            "Tier": "Intelligent-Tiering",  # over 4 KB costs, and is taken all the same
        }
        # mkdtemp's folder is for this user alone, and so is the file in it.
        with tempfile.TemporaryDirectory(prefix="cloud-relay-") as folder:
            file = Path(folder) / "parameter.json"
            file.touch(mode=0o600)
            file.write_text(json.dumps(asked))
            self._json("ssm", "put-parameter", "--cli-input-json", f"file://{file}")

    def outputs(self, stack: str) -> Mapping[str, str]:
        """A stack's outputs, by name."""
        described = self._json("cloudformation", "describe-stacks", "--stack-name", stack)
        found = described["Stacks"][0].get("Outputs", [])
        return {each["OutputKey"]: each["OutputValue"] for each in found}

    def _json(self, *arguments: str) -> dict[str, Any]:
        said = run(["aws", *arguments, "--region", self.region, "--output", "json"])
        try:
            answer = json.loads(said)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise SetupFailed(f"`aws {' '.join(arguments[:2])}` said no JSON: {said!r:.200}")
        return answer


def run(command: Sequence[str]) -> str:
    """What a program writes.

    Raises:
        SetupFailed: it ended with an error; the message has its own words.
    """
    try:
        # Its first version has no option against the pager.
        quiet = {**os.environ, "AWS_PAGER": ""}
        ran = subprocess.run(
            command, capture_output=True, text=True, timeout=_LONGEST_S, check=False, env=quiet
        )
    except (OSError, subprocess.TimeoutExpired) as why:
        raise SetupFailed(f"`{' '.join(command[:3])}` did not run: {why!r:.200}") from why
    if ran.returncode:
        words = ran.stderr.strip() or f"it ended with {ran.returncode}, without a word"
        raise SetupFailed(f"`{' '.join(command[:3])}` failed: {words[-1000:]}{_remedy(words)}")
    return ran.stdout


def _region() -> str:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if found := os.environ.get(name):
            return found
    try:
        return run(["aws", "configure", "get", "region"]).strip()
    except SetupFailed:
        raise SetupFailed("No region is chosen: --region eu-central-1, say, or `aws configure`") from None


def _remedy(words: str) -> str:
    for sign, remedy in _REMEDIES.items():
        if sign in words:
            return f"\n{remedy}"
    return ""


_REMEDIES = {
    "Unable to locate credentials": "Log in first: `aws configure` or `aws sso login`. AWS CloudShell is.",
    "ExpiredToken": "Your login is over: log in again.",
    "AccessDenied": "Your own login may not do that: ask the account's owner, or use another.",
    "ThrottlingException": "AWS was asked too often: run this again in a minute; what is done stays done.",
}
