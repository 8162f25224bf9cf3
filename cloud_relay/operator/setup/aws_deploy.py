"""EDGE. The template built and deployed by SAM's command line, whose own words go to the terminal."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cloud_relay.errors import SetupFailed
from cloud_relay.operator.setup.aws_cli import is_there, run

ROOT = Path(__file__).parent.parent.parent.parent
BASE_IMAGE = "public.ecr.aws/lambda/python:3.12"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Deployment:
    """What is deployed where; `parameters` are the template's own, and none of them is a secret."""

    stack: str
    region: str
    parameters: tuple[tuple[str, str], ...]

    @property
    def commands(self) -> Sequence[Sequence[str]]:
        """What builds the image and deploys the stack, from the repository's root."""
        given = [f"{name}={value}" for name, value in self.parameters]
        build = ["sam", "build", "--template", "cloud_relay/template.yaml", "--parameter-overrides", *given]
        deploy = ["sam", "deploy", "--stack-name", self.stack, "--region", self.region]
        said = ["--resolve-image-repos", "--capabilities", "CAPABILITY_IAM"]
        quiet = ["--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        return [build, [*deploy, *said, *quiet, "--parameter-overrides", *given]]

    @property
    def words(self) -> str:
        """The commands as they would be typed."""
        return "".join(f"{shlex.join(command)}\n" for command in self.commands)

    def run(self) -> None:
        """Do it.

        Raises:
            SetupFailed: one of them failed; what it said is on the terminal.
        """
        for command in self.commands:
            ended = subprocess.run(command, cwd=ROOT, check=False).returncode
            if ended:
                raise SetupFailed(
                    f"`{' '.join(command[:2])}` ended with {ended}, for the reason above: mend it, and run "
                    "this again. What is stored stays stored."
                )


def missing_programs() -> list[str]:
    """What a deployment takes and is not at hand."""
    return [program for program in ("sam", "docker") if not is_there(program)]


def base_digest(given: str | None) -> str:
    """The digest of the base image: the one that was named, or what lies behind the tag today.

    Raises:
        SetupFailed: it is none, or cannot be found out.
    """
    if given is not None:
        if _DIGEST.fullmatch(given):
            return given
        raise SetupFailed(f"--base-digest is {given!r:.80}: write sha256: and 64 hex digits")
    said = run(["docker", "buildx", "imagetools", "inspect", "--format", "{{json .Manifest}}", BASE_IMAGE])
    try:
        found = json.loads(said)["digest"]
    except (ValueError, KeyError, TypeError):
        found = None
    if not isinstance(found, str) or not _DIGEST.fullmatch(found):
        raise SetupFailed(f"docker named no digest of {BASE_IMAGE}: name one with --base-digest sha256:...")
    return found
