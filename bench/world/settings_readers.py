"""What a new process pays to have its settings from Parameter Store, by each client, in processor time."""

from __future__ import annotations

import os
import subprocess
import sys

from bench.measure.spread import Spread, spread
from simulator.aws.parameter_store import stand_in_aws

PATH = "/cloud-relay"
_COUNT = 12
# What a relay has loaded anyway, before the clock runs.
_PROGRAM = """
import cloud_relay.app, os, time
began_s = time.process_time()
{}
print(time.process_time() - began_s)
"""
_OURS = (
    "from cloud_relay.aws.calls import AwsCalls; from cloud_relay.aws.parameters import Parameters; "
    f"found = Parameters('{PATH}', AwsCalls(os.environ)).read()"
)
_THEIRS = (
    "client = {}('ssm', region_name=os.environ['AWS_REGION']); "
    f"pages = client.get_paginator('get_parameters_by_path').paginate(Path='{PATH}', WithDecryption=True); "
    "found = [each for page in pages for each in page['Parameters']]"
)
READERS = {
    "the relay's own client": _OURS,
    "botocore": "import botocore.session; " + _THEIRS.format("botocore.session.get_session().create_client"),
    "boto3": "import boto3; " + _THEIRS.format("boto3.client"),
}


def measure(starts: int) -> dict[str, Spread]:
    """By client, so many fresh processes each."""
    with stand_in_aws() as aws:
        aws.stored = {f"{PATH}/SETTING_{number:02}": "x" * 60 for number in range(_COUNT)}
        environment = {**os.environ, **aws.environment}
        return {
            name: spread([_read_ms(read, environment) for _ in range(starts)])
            for name, read in READERS.items()
        }


def _read_ms(read: str, environment: dict[str, str]) -> float:
    program = _PROGRAM.format(f"{read}; assert len(found) == {_COUNT}")
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    return float(said) * 1000
