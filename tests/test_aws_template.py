"""The template and the image's recipe, judged by AWS's own translator, cfn-lint and hadolint."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from cfnlint.decode import decode
from samtranslator.translator.transform import transform

from cloud_relay.aws.environment import PATH_VARIABLE
from cloud_relay.rules.log_events import OUTCOMES, EventName

pytestmark = pytest.mark.cloud
RELAY = Path(__file__).parent.parent / "cloud_relay"
TEMPLATE = RELAY / "template.yaml"
PROGRAMS = Path(sys.executable).parent
DIGEST = "sha256:" + "0" * 64
# What a sale costs in custom metrics and alarms is in docs; ten of each are free.
FREE = 10


class NoManagedPolicies:
    """AWS's list of its own policies, of which the template uses none."""

    def load(self) -> dict[str, str]:
        """Nothing."""
        return {}


def translated(monkeypatch: pytest.MonkeyPatch, **parameters: str) -> dict[str, Any]:
    """The plain CloudFormation that AWS makes of the template."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    source, problems = decode(str(TEMPLATE))
    assert (problems, source is None) == ([], False)
    image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/relay@" + DIGEST
    plain = json.loads(json.dumps(source))
    # As sam build leaves it.
    plain["Resources"]["Relay"]["Properties"]["ImageUri"] = image
    made: dict[str, Any] = transform(plain, {"BaseDigest": DIGEST, **parameters}, NoManagedPolicies())
    return made


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    """The properties of all resources of a type, by name."""
    resources = template["Resources"].items()
    return {name: each["Properties"] for name, each in resources if each["Type"] == kind}


def test_cfn_lint_finds_nothing() -> None:
    """Not even what it only mentions."""
    command = [str(PROGRAMS / "cfn-lint"), "--include-checks", "I", "--", str(TEMPLATE)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)


@pytest.mark.parametrize(
    ("mistake", "found"),
    [
        (("!GetAtt AccessLog.Arn", "!GetAtt AccessLogs.Arn"), "E1010"),
        (("Resource: !GetAtt RelayLog.Arn", "Resources: !GetAtt RelayLog.Arn"), "E3"),
    ],
)
def test_cfn_lint_would_find_a_slip(tmp_path: Path, mistake: tuple[str, str], found: str) -> None:
    """In the parts that it translates first, too."""
    text = TEMPLATE.read_text()
    assert mistake[0] in text
    wrong = tmp_path / "template.yaml"
    wrong.write_text(text.replace(*mistake, 1))
    command = [str(PROGRAMS / "cfn-lint"), "--format", "parseable", "--", str(wrong)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert f":{found}" in ran.stdout


def test_the_role_has_named_actions_on_named_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no right beyond reading its settings, writing its log, and calling itself."""
    made = translated(monkeypatch)
    [role] = of_type(made, "AWS::IAM::Role").values()
    [itself] = of_type(made, "AWS::IAM::Policy").values()
    documents = [*(policy["PolicyDocument"] for policy in role["Policies"]), itself["PolicyDocument"]]
    allowed = [(each["Action"], each["Resource"]) for one in documents for each in one["Statement"]]
    path = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter${SettingsPath}"
    assert allowed == [
        ("ssm:GetParametersByPath", [{"Fn::Sub": path}, {"Fn::Sub": f"{path}/*"}]),
        (["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["RelayLog", "Arn"]}),
        ("lambda:InvokeFunction", {"Fn::GetAtt": ["Relay", "Arn"]}),
    ]
    assert "ManagedPolicyArns" not in role


def test_who_may_call_the_function_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The API and the schedule of this stack alone."""
    permissions = of_type(translated(monkeypatch), "AWS::Lambda::Permission").values()
    assert {each["Principal"] for each in permissions} == {"apigateway.amazonaws.com", "events.amazonaws.com"}
    assert [each for each in permissions if "SourceArn" not in each] == []


def test_no_setting_of_the_relay_is_in_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the function's environment nor in a parameter, which the console would show."""
    made = translated(monkeypatch)
    [function] = of_type(made, "AWS::Lambda::Function").values()
    assert function["Environment"] == {"Variables": {PATH_VARIABLE: {"Ref": "SettingsPath"}}}
    assert [name for name, about in made["Parameters"].items() if "NoEcho" in about] == []


@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
def test_the_function_is_the_image_on_either_processor(
    monkeypatch: pytest.MonkeyPatch, architecture: str
) -> None:
    """With the minute that a dead broker and tidy need."""
    made = translated(monkeypatch, Architecture=architecture)
    [function] = of_type(made, "AWS::Lambda::Function").values()
    assert (function["PackageType"], function["Timeout"]) == ("Image", 60)
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    assert architecture in made["Parameters"]["Architecture"]["AllowedValues"]


@pytest.mark.parametrize("stage", ["$default", "prod"])
def test_the_api_s_stage_throttles_and_logs_nobody(monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    """The access log has what a fault takes, and no address, browser or query of anybody."""
    made = translated(monkeypatch, StageName=stage)
    [found] = of_type(made, "AWS::ApiGatewayV2::Stage").values()
    assert (found["StageName"], found["AutoDeploy"]) == ({"Ref": "StageName"}, True)
    assert re.fullmatch(made["Parameters"]["StageName"]["AllowedPattern"], stage)
    assert found["DefaultRouteSettings"] == {"ThrottlingRateLimit": 500, "ThrottlingBurstLimit": 1000}
    line = found["AccessLogSettings"]["Format"]
    assert set(json.loads(line)) == {
        *("time", "id", "method", "path", "status", "ms", "function_ms", "error", "function_error")
    }
    assert set(re.findall(r"\$context\.([\w.]+)", line)) == {
        *("requestTime", "requestId", "httpMethod", "path", "status", "responseLatency"),
        *("integrationLatency", "error.messageString", "integrationErrorMessage"),
    }


def test_the_minute_s_schedule_calls_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an input of its own, so that it is known as a schedule's."""
    [rule] = of_type(translated(monkeypatch), "AWS::Events::Rule").values()
    [target] = rule["Targets"]
    assert (rule["ScheduleExpression"], "Input" in target) == ("rate(1 minute)", False)


def test_both_logs_are_kept_for_as_long_as_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A group that AWS makes by itself is kept for ever."""
    groups = of_type(translated(monkeypatch), "AWS::Logs::LogGroup")
    assert groups == {name: {"RetentionInDays": {"Ref": "LogDays"}} for name in ("RelayLog", "AccessLog")}


def filters(template: dict[str, Any]) -> dict[str, str]:
    """The patterns of the metric filters, by the metric that each makes."""
    return {
        each["MetricTransformations"][0]["MetricName"]: each["FilterPattern"]
        for each in of_type(template, "AWS::Logs::MetricFilter").values()
    }


def conditions(pattern: str) -> dict[str, str]:
    """The fields that a filter asks for, of CloudWatch's language what the template uses."""
    inner = re.fullmatch(r"\{ (.*) \}", pattern)
    assert inner is not None
    asked = [re.fullmatch(r'\$\.(\w+) = "(\w+)"', part) for part in inner[1].split(" && ")]
    return {each[1]: each[2] for each in asked if each is not None}


def test_each_figure_is_made_of_lines_that_the_relay_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """By an event's name, and an outcome that it can have."""
    made = translated(monkeypatch)
    for pattern in filters(made).values():
        asked = conditions(pattern)
        assert len(asked) == pattern.count("$.")
        event = EventName(asked.pop("event"))
        assert set(asked) <= {"outcome"}
        assert asked.get("outcome", OUTCOMES[event][0]) in OUTCOMES[event]


def test_each_alarm_watches_a_figure_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """AWS's own, or one that a filter makes of the relay's lines; and each tells somebody."""
    made = translated(monkeypatch)
    alarms = of_type(made, "AWS::CloudWatch::Alarm").values()
    own = [each["MetricName"] for each in alarms if each["Namespace"] == {"Ref": "AWS::StackName"}]
    assert sorted(own) == ["Conflicts", "Held", "Tidied"]
    assert set(own) <= set(filters(made))
    assert [each for each in alarms if each["AlarmActions"] != [{"Ref": "AlarmTopic"}]] == []
    assert (len(alarms) <= FREE, len(filters(made)) <= FREE) == (True, True)


def test_a_tidy_that_never_runs_is_an_alarm_after_five_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """A schedule that is gone, or whose input the relay leaves alone, writes no line."""
    alarm = of_type(translated(monkeypatch), "AWS::CloudWatch::Alarm")["TidyAlarm"]
    asked = ("Period", "EvaluationPeriods", "Threshold", "ComparisonOperator", "TreatMissingData")
    assert [alarm[name] for name in asked] == [60, 5, 1, "LessThanThreshold", "breaching"]
    assert "DatapointsToAlarm" not in alarm


def test_the_dashboard_shows_every_alarm_and_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its body is JSON that CloudFormation does not look into."""
    made = translated(monkeypatch)
    [dashboard] = of_type(made, "AWS::CloudWatch::Dashboard").values()
    body = dashboard["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body)["widgets"]
    assert {each["type"] for each in widgets} == {"alarm", "metric"}
    shown = set(re.findall(r"\$\{(\w+)\.Arn\}", body))
    assert shown == set(of_type(made, "AWS::CloudWatch::Alarm"))
    metrics = [metric for each in widgets for metric in each["properties"].get("metrics", [])]
    assert {metric[1] for metric in metrics if metric[0] == "${AWS::StackName}"} == set(filters(made))
    named = set(re.findall(r"\$\{(\w+)\}", body))
    assert named <= set(made["Resources"])


@pytest.mark.skipif(shutil.which("hadolint", path=str(PROGRAMS)) is None, reason="hadolint has no wheel here")
def test_hadolint_finds_nothing() -> None:
    """The image's recipe, down to what it only mentions."""
    command = [str(PROGRAMS / "hadolint"), "--no-color", str(RELAY / "Dockerfile")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.stderr, ran.returncode) == ("", "", 0)
