"""The relay's calls to AWS: signed, refused with a remedy, tried again where that helps."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from cloud_relay.aws.calls import AwsCalls, AwsRefused, AwsUnavailable
from cloud_relay.aws.environment import FRESH_S, StoredEnvironment
from cloud_relay.aws.functions import invoke_this_function
from cloud_relay.aws.parameters import Parameters, ParametersUnreadable
from simulator.aws.parameter_store import StandInAws, stand_in_aws
from simulator.chain.ports import free_port

pytestmark = pytest.mark.cloud


@pytest.fixture
def aws() -> Iterator[StandInAws]:
    """Parameter Store and Lambda, without anything stored."""
    with stand_in_aws() as running:
        yield running


def parameters(aws: StandInAws, path: str = "/cloud-relay") -> Parameters:
    """What reads them, without pauses."""
    return Parameters(path, AwsCalls(aws.environment, pause=lambda _: None))


def why_unreadable(reader: Parameters) -> str:
    """The message of the reader's refusal."""
    with pytest.raises(ParametersUnreadable) as refused:
        reader.read()
    return str(refused.value)


def test_all_settings_below_the_path_are_read_and_nothing_else(aws: StandInAws) -> None:
    """Page by page, for AWS gives ten at once; another relay's and deeper ones are not ours."""
    ours = {f"SETTING_{number:02}": f"value {number}" for number in range(23)}
    aws.stored = {f"/cloud-relay/{name}": value for name, value in ours.items()}
    aws.stored |= {"/cloud-relay-2/SETTING_00": "x", "/cloud-relay/deeper/A": "x", "/SETTING_01": "x"}
    assert parameters(aws).read() == ours
    assert [asked.get("NextToken") for asked in aws.asked] == [None, "10", "20"]


@pytest.mark.parametrize("path", ["cloud-relay", "/cloud-relay/", "/cloud-relay"])
def test_a_path_is_one_path_however_it_is_written(aws: StandInAws, path: str) -> None:
    """The role allows the one without a slash at its end."""
    aws.stored = {"/cloud-relay/A": "1"}
    assert parameters(aws, path).read() == {"A": "1"}
    assert aws.asked[0]["Path"] == "/cloud-relay"


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        (
            "AccessDeniedException",
            "User: relay-role is not authorized to perform: ssm:GetParametersByPath",
            "AccessDeniedException: User: relay-role is not authorized to perform: ssm:GetParametersByPath: "
            "give the function's role ssm:GetParametersByPath on this path, and kms:Decrypt if a key of your "
            "own encrypts it",
        ),
        (
            "com.amazonaws.ssm#InvalidKeyId:http://internal/",
            "key is disabled",
            "InvalidKeyId: key is disabled: the key that encrypts a parameter is disabled or gone: enable "
            "it, or store it again",
        ),
        (
            "InvalidSignatureException",
            "The signature does not match.\n\nThe Canonical String for this request should have been\n"
            "'POST\n/\n\nx-amz-security-token:IQoJb3JpZ2luX2VjE\n\nhost;x-amz-security-token'",
            "InvalidSignatureException: The signature does not match.: AWS does not take the signature: "
            "look at the clock",
        ),
        ("Odd", "words", "Odd: words: try it with `aws ssm get-parameters-by-path`"),
    ],
)
def test_what_aws_refuses_names_the_path_and_the_remedy(
    aws: StandInAws, code: str, message: str, says: str
) -> None:
    """In AWS's own words, which name the role, and not the token; and nothing of it is tried again."""
    aws.refusals = [(code, message)]
    why = why_unreadable(parameters(aws))
    assert why == f"The settings below /cloud-relay in SSM Parameter Store: {says}"


def test_who_asks_too_often_is_answered_the_next_time(aws: StandInAws) -> None:
    """A thousand copies of the function may start at once."""
    aws.stored = {"/cloud-relay/A": "1"}
    pauses: list[float] = []
    aws.refusals = [("ThrottlingException", "Rate exceeded")] * 2
    assert Parameters("/cloud-relay", AwsCalls(aws.environment, pauses.append)).read() == {"A": "1"}
    assert [0.2 <= pauses[0] <= 0.4, 0.4 <= pauses[1] <= 0.8] == [True, True]


def test_who_always_asks_too_often_is_told_so(aws: StandInAws) -> None:
    """After three tries."""
    aws.refusals = [("ThrottlingException", "Rate exceeded")] * 3
    assert why_unreadable(parameters(aws)) == (
        "The settings below /cloud-relay in SSM Parameter Store: ThrottlingException: Rate exceeded: too "
        "many copies asked at once; it heals by itself, or turn on Parameter Store's higher throughput"
    )


def test_an_empty_path_says_what_fills_it(aws: StandInAws) -> None:
    """Nobody has set it up."""
    aws.stored = {"/cloud-relay-2/A": "1"}
    assert why_unreadable(parameters(aws)) == (
        "The settings below /cloud-relay in SSM Parameter Store: there are none: "
        "`python -m cloud_relay setup aws` stores them"
    )


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (b"<html>", "AWS's answer is no JSON"),
        (b"[]", "AWS's answer is no JSON object"),
        (b"{}", "AWS's answer is no list of parameters (KeyError('Parameters'))"),
        (
            b'{"Parameters": [{"Name": "/cloud-relay/A"}]}',
            "AWS's answer is no list of parameters (KeyError('Value'))",
        ),
        (
            b'{"Parameters": null}',
            "AWS's answer is no list of parameters (TypeError(\"'NoneType' object is not iterable\"))",
        ),
        (
            b'{"Parameters": [{"Name": 1, "Value": 2}]}',
            "AWS's answer is no list of parameters (AttributeError(\"'int' object has no attribute",
        ),
        (
            b'{"Parameters": [], "NextToken": "again"}',
            "there are more than 200: give the relay a path of its own",
        ),
    ],
)
def test_an_answer_that_is_none_is_said_to_be_none(aws: StandInAws, answer: bytes, says: str) -> None:
    """Neither half of the settings, nor a reading without an end."""
    aws.answer = answer
    why = why_unreadable(parameters(aws))
    assert why.startswith(f"The settings below /cloud-relay in SSM Parameter Store: {says}")


def test_nobody_answers(aws: StandInAws) -> None:
    """A subnet without a way to AWS, say."""
    url = f"http://127.0.0.1:{free_port()}"
    calls = AwsCalls(aws.environment | {"AWS_ENDPOINT_URL_SSM": url}, pause=lambda _: None)
    why = why_unreadable(Parameters("/cloud-relay", calls))
    assert f"AWS's ssm at {url[7:]} did not answer: ConnectionRefusedError" in why
    assert why.endswith(": it heals by itself once AWS answers")


def test_a_function_without_a_role_is_told_what_is_missing(aws: StandInAws) -> None:
    """By the variable's name."""
    variables = {name: value for name, value in aws.environment.items() if name != "AWS_ACCESS_KEY_ID"}
    with pytest.raises(AwsUnavailable, match="AWS_ACCESS_KEY_ID is not set: Lambda sets it"):
        AwsCalls(variables, pause=lambda _: None).post("ssm", "/", b"", {})


def test_a_wrong_secret_is_refused(aws: StandInAws) -> None:
    """The stand-in looks at the signature, as AWS does."""
    calls = AwsCalls(aws.environment | {"AWS_SECRET_ACCESS_KEY": "another"})
    with pytest.raises(AwsRefused, match="InvalidSignatureException"):
        calls.post("ssm", "/", b"{}", {"X-Amz-Target": "AmazonSSM.GetParametersByPath"})


def test_the_function_is_invoked_as_aws_wants_it(aws: StandInAws) -> None:
    """With the trace by which AWS stops a function that calls itself without an end."""
    trace = "Root=1-5e66d96f-7491f09xmpl79d18acf3d050;Lineage=1:abc:0"
    own = aws.environment | {"AWS_LAMBDA_FUNCTION_NAME": "relay", "_X_AMZN_TRACE_ID": trace}
    invoke_this_function(own, b'{"source": "cloud_relay.unpublished"}')
    assert aws.invoked == [
        ("/2015-03-31/functions/relay/invocations", b'{"source": "cloud_relay.unpublished"}')
    ]
    assert aws.traces == [trace]


def test_a_proxy_of_the_environment_is_not_asked(aws: StandInAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Secrets go to AWS and nowhere else."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    aws.stored = {"/cloud-relay/A": "1"}
    assert parameters(aws).read() == {"A": "1"}


def test_a_function_without_a_path_has_its_environment_alone() -> None:
    """As before, and as on any other host."""
    assert StoredEnvironment({"A": "1"}, lambda: 0.0).now() == {"A": "1"}


def test_a_parameter_that_changed_is_noticed_within_five_minutes(aws: StandInAws) -> None:
    """And wins over a variable of the same name."""
    now_s = [1000.0]
    aws.stored = {"/cloud-relay/A": "1"}
    environment = StoredEnvironment({**aws.environment, "SETTINGS_PATH": "/cloud-relay"}, lambda: now_s[0])
    assert environment.now()["A"] == "1"
    aws.stored["/cloud-relay/A"] = "2"
    now_s[0] += FRESH_S - 1
    assert environment.now()["A"] == "1"
    now_s[0] += 1
    assert environment.now()["A"] == "2"
    now_s[0] -= 3600  # a clock that was set back
    aws.stored["/cloud-relay/A"] = "3"
    assert environment.now()["A"] == "3"
    assert FRESH_S == 300


def test_while_aws_fails_what_was_known_stays_in_force(
    aws: StandInAws, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and tried again five minutes later."""
    now_s = [1000.0]
    aws.stored = {"/cloud-relay/A": "1"}
    environment = StoredEnvironment({**aws.environment, "SETTINGS_PATH": "/cloud-relay"}, lambda: now_s[0])
    environment.now()
    aws.stored["/cloud-relay/A"] = "2"
    aws.refusals = [("AccessDeniedException", "not authorized")]
    now_s[0] += FRESH_S
    assert environment.now()["A"] == "1"
    assert caplog.messages == [
        "Went on with the settings known before. The settings below /cloud-relay in SSM Parameter Store: "
        "AccessDeniedException: not authorized: give the function's role ssm:GetParametersByPath on this "
        "path, and kms:Decrypt if a key of your own encrypts it"
    ]
    now_s[0] += FRESH_S
    assert environment.now()["A"] == "2"


def test_the_first_reading_may_fail_and_the_next_one_works(aws: StandInAws) -> None:
    """Nothing is kept of a failure."""
    aws.stored = {"/cloud-relay/A": "1"}
    environment = StoredEnvironment({**aws.environment, "SETTINGS_PATH": "/cloud-relay"}, lambda: 1000.0)
    aws.refusals = [("AccessDeniedException", "not authorized")]
    with pytest.raises(ParametersUnreadable):
        environment.now()
    assert environment.now()["A"] == "1"


def test_what_is_sent_is_json_that_names_the_path(aws: StandInAws) -> None:
    """Decrypted, for they are secrets."""
    aws.stored = {"/cloud-relay/A": "1"}
    parameters(aws).read()
    assert json.loads(json.dumps(aws.asked)) == [
        {"Path": "/cloud-relay", "WithDecryption": True, "MaxResults": 10}
    ]
