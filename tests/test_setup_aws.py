"""`python -m cloud_relay setup aws`, with programs that refuse what AWS's own refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from relay_parts import environment

from cloud_relay.pages.setup.aws_plan import SECRETS, by_hand, changes
from cloud_relay.settings import CA_FILE_BESIDE_THE_APP

pytestmark = pytest.mark.cloud
ROOT = Path(__file__).parent.parent
DIGEST = "sha256:" + "ab" * 32
NOTHING: dict[str, Any] = {
    "region": "eu-central-1",
    "trouble": "",
    "denied": [],
    "parameters": {},
    "modes": [],
    "stacks": {},
    "built": None,
    "build_fails": False,
    "digest": DIGEST,
    "calls": [],
}


@dataclass
class Desk:
    """A terminal with these programs, and what they know."""

    folder: Path

    @property
    def state(self) -> dict[str, Any]:
        """What the programs know by now."""
        found: dict[str, Any] = json.loads((self.folder / "state").read_text())
        return found

    def know(self, **changes: Any) -> None:
        """Change what they know."""
        (self.folder / "state").write_text(json.dumps(self.state | changes))

    def variables(self, settings: Mapping[str, str]) -> dict[str, str]:
        """The environment of a command."""
        path = f"{self.folder / 'bin'}:/usr/bin:/bin"
        return {"PATH": path, "FAKE_AWS_STATE": str(self.folder / "state"), **settings}

    def run(self, *arguments: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        """Run the command, with the relay's settings changed."""
        settings = environment(**{"RELAY_URL": None} | changes)
        command = [sys.executable, "-m", "cloud_relay", "setup", "aws", *arguments]
        return subprocess.run(
            command, cwd=ROOT, env=self.variables(settings), capture_output=True, text=True, check=False
        )

    def stored(self) -> dict[str, str]:
        """The parameters' values."""
        return {name: each["Value"] for name, each in self.state["parameters"].items()}

    def without(self, program: str) -> None:
        """Take a program away."""
        (self.folder / "bin" / program).unlink()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """All three programs at hand, and an account without anything in it."""
    (tmp_path / "bin").mkdir()
    for program in ("aws", "sam", "docker"):
        file = tmp_path / "bin" / program
        bare = "" if program == "sam" else "-S"
        file.write_text(f'#!/bin/sh\nexec {sys.executable} {bare} {ROOT}/tests/fake_aws.py {program} "$@"\n')
        file.chmod(0o755)
    (tmp_path / "state").write_text(json.dumps(NOTHING))
    return Desk(tmp_path)


SETTINGS = environment(RELAY_URL=None)
STORED = {f"/cloud-relay/{name}": value for name, value in SETTINGS.items()}
SECRET_VALUES = [SETTINGS[name] for name in SETTINGS if name in SECRETS]
WHO = "Account 123456789012, region eu-central-1, as arn:aws:iam::123456789012:user/owner\n"


def lines(what: str) -> str:
    """A line of the plan for each setting."""
    return "".join(f"/cloud-relay/{name}: {what}\n" for name in sorted(SETTINGS))


def test_from_nothing_everything_is_stored_and_deployed(desk: Desk) -> None:
    """And the address comes out, which the next commands need."""
    ran = desk.run()
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert ran.stdout.startswith(WHO + lines("stored"))
    assert ran.stdout.endswith("RELAY_URL=https://abc123.execute-api.eu-central-1.amazonaws.com\n")
    assert desk.stored() == STORED
    assert desk.state["stacks"] == {"cloud-relay": {"BaseDigest": DIGEST, "SettingsPath": "/cloud-relay"}}


def test_secrets_are_encrypted_and_what_is_none_is_not(desk: Desk) -> None:
    """Each decryption costs."""
    desk.run("--settings-only")
    kinds = {name.rpartition("/")[2]: each["Type"] for name, each in desk.state["parameters"].items()}
    assert kinds == {name: "SecureString" if name in SECRETS else "String" for name in SETTINGS}


def test_no_secret_is_in_an_argument_list_or_a_readable_file_or_on_the_terminal(desk: Desk) -> None:
    """And the file that held it is gone."""
    ran = desk.run()
    told = json.dumps(desk.state["calls"]) + ran.stdout + ran.stderr
    assert [secret for secret in SECRET_VALUES if secret in told] == []
    assert {tuple(modes) for modes in desk.state["modes"]} == {("0o600", "0o700")}
    files = [call[-5] for call in desk.state["calls"] if "put-parameter" in call]
    assert len(files) == len(SETTINGS)
    assert [file for file in files if Path(file.removeprefix("file://")).exists()] == []


def test_the_tag_of_a_secret_that_goes_is_stored_before_the_secret_goes() -> None:
    """A process that reads in between would take what is being paid for another relay's, for five minutes."""
    names = ("FORMER_RELAY_TAGS", "RELAY_SECRET")
    done = [change.name for change in changes(dict.fromkeys(names, "x"), {}, frozenset(names))]
    typed = by_hand("/cloud-relay", "eu-central-1", names[::-1])
    places = [typed.index(name) for name in names]
    assert (done, places) == (list(names), sorted(places))


def test_run_again_it_changes_nothing(desk: Desk) -> None:
    """Not even a parameter's version."""
    desk.run("--settings-only")
    ran = desk.run("--settings-only")
    assert (ran.stdout, ran.returncode) == (WHO + lines("as it is"), 0)
    assert {each["Version"] for each in desk.state["parameters"].values()} == {1}


def test_only_what_has_changed_is_stored_anew(desk: Desk) -> None:
    """It is said, and its value is not."""
    desk.run("--settings-only")
    ran = desk.run("--settings-only", STRIPE_WEBHOOK_SECRET="whsec_new,whsec_relay")
    changed = "/cloud-relay/STRIPE_WEBHOOK_SECRET: stored anew, its value has changed\n"
    assert changed in ran.stdout
    assert ran.stdout.count("as it is") == len(SETTINGS) - 1
    assert desk.stored()["/cloud-relay/STRIPE_WEBHOOK_SECRET"] == "whsec_new,whsec_relay"


def test_a_dry_run_changes_nothing(desk: Desk) -> None:
    """It says all that would be done."""
    ran = desk.run("--dry-run", "--alarm-email", "hall@example.com")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == WHO + lines("stored") + (
        "Would run, from the repository's root:\n"
        "sam build --template cloud_relay/template.yaml --parameter-overrides BaseDigest=sha256:... "
        "SettingsPath=/cloud-relay AlarmEmail=hall@example.com\n"
        "sam deploy --stack-name cloud-relay --region eu-central-1 --resolve-image-repos --capabilities "
        "CAPABILITY_IAM --no-confirm-changeset --no-fail-on-empty-changeset --parameter-overrides "
        "BaseDigest=sha256:... SettingsPath=/cloud-relay AlarmEmail=hall@example.com\n"
    )
    assert (desk.stored(), desk.state["stacks"]) == ({}, {})


def test_all_that_may_be_chosen_reaches_the_template(desk: Desk) -> None:
    """A domain of one's own is RELAY_URL, as everywhere."""
    ran = desk.run(
        *("--stack", "hall-2", "--path", "/hall-2", "--stage", "prod", "--architecture", "arm64"),
        *(
            "--alarm-email",
            "hall@example.com",
            "--base-digest",
            "sha256:" + "c" * 64,
            "--region",
            "us-east-1",
        ),
        RELAY_URL="https://pay.example.com/prod",
    )
    assert (ran.stderr, ran.returncode) == ("", 0)
    assert desk.state["stacks"]["hall-2"] == {
        "BaseDigest": "sha256:" + "c" * 64,
        "Architecture": "arm64",
        "SettingsPath": "/hall-2",
        "StageName": "prod",
        "RelayUrl": "https://pay.example.com/prod",
        "AlarmEmail": "hall@example.com",
    }
    assert "/hall-2/RELAY_SECRET" in desk.stored()
    assert "/hall-2/RELAY_URL" not in desk.stored()


def test_what_is_not_set_yet_may_come_later(desk: Desk) -> None:
    """Stripe's webhook can be made only once the relay has an address."""
    ran = desk.run("--settings-only", STRIPE_WEBHOOK_SECRET=None, PRICE_ID=None)
    assert (
        "/cloud-relay/PRICE_ID: set neither here nor there; the relay does not begin without it\n"
        in ran.stdout
    )
    assert ran.returncode == 0
    desk.run("--settings-only")
    again = desk.run("--settings-only", STRIPE_WEBHOOK_SECRET=None, PRICE_ID=None)
    assert "/cloud-relay/PRICE_ID: set there and not here; left as it is\n" in again.stdout
    assert "neither here nor there" not in again.stdout


def test_a_wrong_setting_is_refused_before_anything_is_done(desk: Desk) -> None:
    """Among all that are not set yet."""
    ran = desk.run(RELAY_SECRET="short", PRICE_ID=None)
    assert (ran.returncode, ran.stdout, desk.state["calls"]) == (78, "", [])
    assert ran.stderr == (
        "The relay's environment is not usable:\n"
        "  RELAY_SECRET: has 5 characters, fewer than 32: make one with `openssl rand -hex 32`\n"
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"STAND_IN_STRIPE_URL": "http://127.0.0.1:1"},
            "STAND_IN_STRIPE_URL is set: a relay on AWS speaks to Stripe; unset it\n",
        ),
        (
            {"RELAY_URL": "http://localhost:8080"},
            "RELAY_URL is 'http://localhost:8080': unset it for the API's own, or write https\n",
        ),
        (
            {"OFFERS": SETTINGS["OFFERS"] + " " * 8000 + "\n" + " "},
            "",
        ),
    ],
)
def test_what_cannot_work_on_aws_is_refused(desk: Desk, changes: dict[str, str], says: str) -> None:
    """With its remedy; spaces at the end of a value are not stored."""
    ran = desk.run("--settings-only", **changes)
    assert (ran.stderr, ran.returncode) == (says, int(bool(says)))


def test_a_value_that_is_too_long_for_parameter_store_is_refused(desk: Desk) -> None:
    """It takes twice the usual 4 KB, for money, and no more."""
    machines = {f"machine-{number:04}": {"name": "M"} for number in range(300)}
    offers = json.loads(SETTINGS["OFFERS"]) | {"machines": machines}
    size = len(json.dumps(offers))
    ran = desk.run(OFFERS=json.dumps(offers))
    says = f"OFFERS has {size} bytes, and Parameter Store takes 8192: make it shorter\n"
    assert (ran.stderr, ran.returncode, desk.stored()) == (says, 1, {})
    fits = offers | {"machines": dict(list(machines.items())[:150])}
    assert 4096 < len(json.dumps(fits)) < 8192
    assert desk.run("--settings-only", OFFERS=json.dumps(fits)).returncode == 0


def test_the_broker_s_authority_must_be_in_the_image(desk: Desk, tmp_path: Path) -> None:
    """A path of this machine says nothing to a function."""
    import trustme

    file = tmp_path / "broker.crt"
    trustme.CA().cert_pem.write_to_path(str(file))
    ran = desk.run(MQTT_CA_FILE=str(file))
    says = (
        f"MQTT_CA_FILE is {file}, which the image has not: cp {file} {CA_FILE_BESIDE_THE_APP}, "
        "and run this again\n"
    )
    assert (ran.stderr, ran.returncode) == (says, 1)


def test_a_secret_that_anybody_can_read_there_is_named(desk: Desk) -> None:
    """AWS cannot change a parameter's type: it must be deleted first."""
    desk.know(parameters={"/cloud-relay/RELAY_SECRET": {"Type": "String", "Value": "x", "Version": 1}})
    ran = desk.run()
    assert ran.returncode == 1
    assert (
        "/cloud-relay/RELAY_SECRET: a secret that is stored without encryption (type String): delete it with "
        "`aws ssm delete-parameter`, and run this again\n"
    ) in ran.stdout
    assert desk.state["stacks"] == {}


def test_a_name_that_the_relay_does_not_know_is_named(desk: Desk) -> None:
    """A slip made by hand in the console; it is left alone."""
    desk.know(parameters={"/cloud-relay/STRIPE_APIKEY": {"Type": "String", "Value": "x", "Version": 1}})
    ran = desk.run("--settings-only")
    strange = "/cloud-relay/STRIPE_APIKEY: no setting of the relay; look whether its name is right\n"
    assert strange in ran.stdout
    assert desk.stored()["/cloud-relay/STRIPE_APIKEY"] == "x"


@pytest.mark.parametrize(
    ("knows", "says"),
    [
        (
            {"trouble": 'Unable to locate credentials. You can configure them by "aws configure".'},
            "`aws sts get-caller-identity` failed: Unable to locate credentials. You can configure them by "
            '"aws configure".\n'
            "Log in first: `aws configure` or `aws sso login`. AWS CloudShell is.\n",
        ),
        ({"region": ""}, "No region is chosen: --region eu-central-1, say, or `aws configure`\n"),
        (
            {"denied": ["/cloud-relay/MQTT_BROKER"]},
            "`aws ssm put-parameter` failed: An error occurred (AccessDeniedException) when calling the "
            "PutParameter operation: User is not authorized on resource: /cloud-relay/MQTT_BROKER\n"
            "Your own login may not do that: ask the account's owner, or use another.\n",
        ),
        (
            {"digest": ""},
            "`docker buildx imagetools` failed: ERROR: failed to do request: no such host\n",
        ),
        (
            {"digest": "latest"},
            "docker named no digest of public.ecr.aws/lambda/python:3.12: name one with --base-digest "
            "sha256:...\n",
        ),
        (
            {"build_fails": True},
            "\nError: Docker is unreachable. Docker needs to be running to build inside a container.\n"
            "`sam build` ended with 1, for the reason above: mend it, and run this again. What is stored "
            "stays stored.\n",
        ),
    ],
)
def test_what_aws_s_programs_refuse_is_told_in_their_words_with_a_remedy(
    desk: Desk, knows: dict[str, Any], says: str
) -> None:
    """Nothing is deployed; what was stored stays, and a second run goes on."""
    desk.know(**knows)
    ran = desk.run()
    assert (ran.stderr, ran.returncode, desk.state["stacks"]) == (says, 1, {})
    desk.know(**{name: NOTHING[name] for name in knows})
    assert desk.run().returncode == 0
    assert desk.stored() == STORED


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--path", "cloud relay"), "--path is 'cloud relay': write a path such as /cloud-relay\n"),
        (("--path", "/"), "--path is '/': write a path such as /cloud-relay\n"),
        (("--stack", "1st"), "--stack is '1st': a letter, then letters, digits and hyphens\n"),
        (("--stage", "a/b"), "--stage is 'a/b': letters, digits, hyphens and underscores\n"),
        (("--base-digest", "latest"), "--base-digest is 'latest': write sha256: and 64 hex digits\n"),
    ],
)
def test_a_wrong_option_is_named(desk: Desk, arguments: tuple[str, ...], says: str) -> None:
    """With what is right."""
    ran = desk.run(*arguments)
    assert (ran.stderr, ran.returncode, desk.state["stacks"]) == (says, 1, {})


@pytest.mark.parametrize("program", ["sam", "docker"])
def test_without_sam_or_docker_the_settings_are_stored_and_the_commands_printed(
    desk: Desk, program: str
) -> None:
    """To be typed where both are."""
    desk.without(program)
    ran = desk.run()
    assert (ran.returncode, desk.stored()) == (1, STORED)
    assert f"Not here: {program}. Where they are, type, from the repository's root:\nsam build" in ran.stdout


def test_without_the_aws_command_line_what_is_printed_does_the_same(desk: Desk) -> None:
    """Typed where it is, with the settings in the environment; no secret is in an argument there either."""
    aws = desk.folder / "bin" / "aws"
    aside = aws.rename(desk.folder / "aws")
    ran = desk.run("--region", "eu-central-1", "--base-digest", DIGEST)
    assert (ran.returncode, ran.stderr) == (1, "")
    words, _, commands = ran.stdout.partition("\n\n")
    assert words.startswith("The AWS command line is not here. AWS CloudShell")
    aside.rename(aws)
    # The repository's root, where another folder must not be written to.
    (desk.folder / "cloud_relay").symlink_to(ROOT / "cloud_relay")
    typed = subprocess.run(
        ["sh", "-eu"],
        input=commands.replace("sha256:...", DIGEST),
        cwd=desk.folder,
        env=desk.variables(SETTINGS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (typed.stderr, typed.returncode) == ("", 0)
    assert desk.stored() == STORED
    assert desk.state["stacks"]["cloud-relay"]["SettingsPath"] == "/cloud-relay"
    assert [
        secret for secret in SECRET_VALUES if secret in json.dumps(desk.state["calls"]) + ran.stdout
    ] == []
    assert {modes[0] for modes in desk.state["modes"]} == {"0o600"}
    assert not (desk.folder / "parameter.json").exists()
