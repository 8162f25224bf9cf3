"""EDGE. `python -m cloud_relay setup aws`: the settings into Parameter Store, and the template deployed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Mapping, Sequence
from typing import TextIO

from cloud_relay.errors import SetupFailed
from cloud_relay.operator.setup.aws_cli import Aws, is_there
from cloud_relay.operator.setup.aws_deploy import Deployment, base_digest, missing_programs
from cloud_relay.operator.setup.aws_settings import RelaySettings, settings_in
from cloud_relay.pages.setup.aws_plan import Change, Step, by_hand, changes

_DIGEST_LATER = "sha256:..."
_NO_CLI = (
    "The AWS command line is not here. AWS CloudShell, in the console's bar, has it, and docker and sam; or "
    "`pip install awscli aws-sam-cli`. Then run this again, or type, with the relay's settings in the "
    "environment, from the repository's root:\n\n"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `setup aws` takes."""
    parser.add_argument("--region", help="AWS's region; else the one that the AWS command line is set to")
    parser.add_argument("--stack", default="cloud-relay", help="the stack's name (cloud-relay)")
    parser.add_argument("--path", default="/cloud-relay", help="where the settings lie (/cloud-relay)")
    parser.add_argument("--architecture", choices=("x86_64", "arm64"), help="of this machine (x86_64)")
    parser.add_argument("--stage", help="a named stage of the API; a second run keeps the first one's")
    parser.add_argument("--alarm-email", metavar="ADDRESS", help="who is told of alarms")
    parser.add_argument("--base-digest", help="the base image's sha256:...; else docker is asked")
    parser.add_argument("--settings-only", action="store_true", help="store the settings, and deploy nothing")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done")


def set_up_aws(options: argparse.Namespace, environment: Mapping[str, str], out: TextIO) -> int:
    """Store what has changed, and deploy; 1 if something is left to do.

    Raises:
        SettingsError: a setting of this environment is wrong.
        SetupFailed: AWS, or a program of its, refused; the message has its words.
    """
    _check(options)
    settings = settings_in(environment)
    if not is_there("aws"):
        deployment = _deployment(options, settings, options.region or "REGION", _DIGEST_LATER)
        names = sorted(settings.wanted)
        out.write(_NO_CLI + by_hand(options.path, deployment.region, names) + deployment.words)
        return 1
    aws = Aws(options.region)
    out.write(f"Account {aws.account}, region {aws.region}, as {aws.caller}\n")
    plan = changes(settings.wanted, aws.stored(options.path), settings.known)
    _tell(plan, settings, options.path, out)
    if not options.dry_run:
        for change in (each for each in plan if each.is_stored):
            aws.store(options.path, change.name, settings.wanted[change.name])
    if any(change.step is Step.READABLE for change in plan):
        return 1
    return 0 if options.settings_only else _deploy(options, settings, aws, out)


def _deploy(options: argparse.Namespace, settings: RelaySettings, aws: Aws, out: TextIO) -> int:
    missing = missing_programs()
    if missing or options.dry_run:
        digest = options.base_digest or _DIGEST_LATER
        deployment = _deployment(options, settings, aws.region, digest)
        why = f"Not here: {', '.join(missing)}. Where they are, type" if missing else "Would run"
        out.write(f"{why}, from the repository's root:\n{deployment.words}")
        return int(bool(missing) and not options.dry_run)
    deployment = _deployment(options, settings, aws.region, base_digest(options.base_digest))
    out.write(f"Building and deploying the stack {deployment.stack}:\n{deployment.words}")
    out.flush()
    deployment.run()
    url = aws.outputs(options.stack).get("RelayUrl", "")
    out.write(f"The relay is deployed. Its address, which other commands need:\nRELAY_URL={url}\n")
    return 0


def _tell(plan: Sequence[Change], settings: RelaySettings, path: str, out: TextIO) -> None:
    for change in plan:
        if change.name != "RELAY_URL":  # the template's own
            out.write(change.words(path) + "\n")
    there = {change.name for change in plan}
    for name in settings.missing:
        if name not in there:
            out.write(f"{path}/{name}: set neither here nor there; the relay does not begin without it\n")


def _deployment(options: argparse.Namespace, settings: RelaySettings, region: str, digest: str) -> Deployment:
    parameters = {
        "BaseDigest": digest,
        "Architecture": options.architecture,
        "SettingsPath": options.path,
        "StageName": options.stage,
        "RelayUrl": settings.own_url,
        "AlarmEmail": options.alarm_email,
    }
    # What is left out keeps its value of the last deployment.
    given = tuple((name, value) for name, value in parameters.items() if value)
    return Deployment(options.stack, region, given)


def _check(options: argparse.Namespace) -> None:
    if not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", options.path):
        raise SetupFailed(f"--path is {options.path!r:.80}: write a path such as /cloud-relay")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,127}", options.stack):
        raise SetupFailed(f"--stack is {options.stack!r:.80}: a letter, then letters, digits and hyphens")
    if not re.fullmatch(r"\$default|[A-Za-z0-9_-]{1,64}", options.stage or "$default"):
        raise SetupFailed(f"--stage is {options.stage!r:.80}: letters, digits, hyphens and underscores")
