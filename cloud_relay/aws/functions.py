"""EDGE. A function that has itself called once more."""

from __future__ import annotations

from collections.abc import Mapping

from cloud_relay.aws.calls import AwsCalls


def invoke_this_function(environment: Mapping[str, str], payload: bytes) -> None:
    """Have Lambda hand this very function an event, and wait for nothing.

    Raises:
        AwsRefused: its role may not.
        AwsUnavailable: Lambda did not answer.
    """
    name = environment["AWS_LAMBDA_FUNCTION_NAME"]
    headers = {"Content-Type": "application/json", "X-Amz-Invocation-Type": "Event"}
    AwsCalls(environment).post("lambda", f"/2015-03-31/functions/{name}/invocations", payload, headers)
