"""What goes into the relay's image: everything that it imports, in the versions that were tested."""

from __future__ import annotations

import ast
import importlib.metadata
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from cloud_relay.rules.phones.limits import PhoneLimits

ROOT = Path(__file__).parent.parent
RELAY = ROOT / "cloud_relay"
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
DISTRIBUTION_OF = {"apig_wsgi": "apig-wsgi", "paho": "paho-mqtt", "prometheus_client": "prometheus-client"}


def hashes() -> dict[tuple[str, str], int]:
    """By distribution and pinned version, how many wheels may be taken."""
    text = (RELAY / "requirements.txt").read_text().replace(" \\\n   ", "")
    lines = [line.split(" ") for line in text.splitlines() if line and not line.startswith("#")]
    for _, *found in lines:
        assert [each for each in found if not HASH.fullmatch(each)] == []
    return {tuple(pin.split("==")): len(found) for pin, *found in lines}


def pins() -> dict[str, str]:
    """The pinned versions by distribution."""
    return dict(hashes().keys())


def imports_of(module: Path) -> set[str]:
    """The full names of all modules that a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module.name} has a relative import"
            found.add(node.module or "")
    return found


def foreign_imports() -> set[str]:
    """The top names of what the relay imports and neither it nor Python has."""
    names = {name.split(".")[0] for module in RELAY.glob("**/*.py") for name in imports_of(module)}
    return names - set(sys.stdlib_module_names) - {"cloud_relay"}


def test_the_relay_imports_nothing_that_its_requirements_do_not_name() -> None:
    """Neither the cabinet's packages nor the simulator are in the image."""
    assert {"flask", "stripe", "paho"} <= foreign_imports()
    assert {DISTRIBUTION_OF.get(name, name) for name in foreign_imports()} <= set(pins())


def test_every_requirement_of_a_requirement_is_pinned_too() -> None:
    """The image of today is the image of tomorrow."""
    pinned = pins()
    needed = {
        re.split(r"[^A-Za-z0-9_.-]", line, maxsplit=1)[0].lower().replace("_", "-")
        for name in pinned
        for line in importlib.metadata.requires(name) or ()
        if "extra ==" not in line and "python_version <" not in line
    }
    assert needed - set(pinned) == set()


def test_the_pins_are_the_versions_that_these_tests_ran_with() -> None:
    """An untested version does not go live."""
    assert {name: importlib.metadata.version(name) for name in pins()} == pins()


def test_every_package_has_one_wheel_for_all_or_one_for_each_machine() -> None:
    """x86_64 and aarch64, under Python 3.11 to 3.14."""
    assert set(hashes().values()) == {1, 8}


def test_a_package_that_was_exchanged_is_not_installed(tmp_path: Path) -> None:
    """Whoever serves it: a wheel of the right name and version, with other content."""
    for name, version in pins().items():
        stem = f"{name.replace('-', '_')}-{version}"
        with zipfile.ZipFile(tmp_path / f"{stem}-py3-none-any.whl", "w") as wheel:
            about = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            wheel.writestr(f"{stem}.dist-info/METADATA", about)
            wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{stem}.dist-info/RECORD", "")
    offer = ["--no-index", "--find-links", str(tmp_path), "--target", str(tmp_path / "installed")]
    asked = ["--no-deps", "--requirement", str(RELAY / "requirements.txt")]
    command = [sys.executable, "-I", "-m", "pip", "--isolated", "install", *offer, *asked]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in ended.stderr
    assert (ended.returncode, (tmp_path / "installed").exists()) == (1, False)


@pytest.mark.parametrize("name", ["docs/cloud.md", "cloud_relay/README.md", "cloud_relay/Dockerfile"])
def test_wherever_its_packages_are_installed_their_hashes_are_asked_for(name: str) -> None:
    """By the command itself: one that has lost its hash in the file then ends the installation."""
    told = [line for line in (ROOT / name).read_text().splitlines() if "pip install" in line]
    assert told != []
    assert [line for line in told if "--require-hashes" not in line] == []


def test_the_base_image_is_named_by_its_digest() -> None:
    """A tag is what was last put there; no digest stands here that nobody has looked up."""
    lines = (RELAY / "Dockerfile").read_text().splitlines()
    named = [line for line in lines if line.startswith(("ARG", "FROM"))]
    assert named == ["ARG BASE_DIGEST", "FROM public.ecr.aws/lambda/python:3.12@${BASE_DIGEST}"]
    readme = (RELAY / "README.md").read_text()
    builds = [line for line in readme.splitlines() if "docker build " in line]
    assert builds != []
    assert [line for line in builds if "BASE_DIGEST=sha256:" not in line] == []


def test_the_template_builds_on_the_base_image_that_it_is_told() -> None:
    """By its digest, without a default."""
    parameter = template()["Parameters"]["BaseDigest"]
    built = template()["Resources"]["Relay"]["Metadata"]["DockerBuildArgs"]
    assert (parameter["AllowedPattern"], "Default" in parameter) == ("sha256:[0-9a-f]{64}", False)
    assert built == {"BASE_DIGEST": "BaseDigest"}


def test_the_image_holds_the_whole_relay_and_starts_its_handler() -> None:
    """The COPY lines cover the package with its templates, and the requirements come from it."""
    lines = (RELAY / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:] for line in lines if line.startswith("COPY")]
    assert ["cloud_relay/", "${LAMBDA_TASK_ROOT}/cloud_relay/"] in copied
    assert all((ROOT / source).exists() for source, _ in copied)
    assert lines[-1] == 'CMD ["cloud_relay.lambda_handler.handler"]'


class _Template(yaml.SafeLoader):
    """Reads CloudFormation's own tags as what they are given."""


def _plain(loader: Any, _: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_Template.add_multi_constructor("!", _plain)  # type: ignore[no-untyped-call]


def template() -> Any:
    """The Lambda template."""
    return yaml.load((RELAY / "template.yaml").read_text(), _Template)  # noqa: S506 - a SafeLoader


def test_the_template_throttles_each_thing_that_phones_may_ask_and_nothing_else() -> None:
    """A flood of purchases must not take a webhook's copy of the function."""
    resources = template()["Resources"]
    throttles = resources["Api"]["Properties"]["RouteSettings"]
    described = json.loads((RELAY / "openapi.json").read_text())["paths"]
    limited = {
        f"{method.upper()} {path}"
        for path, operations in described.items()
        for method, operation in operations.items()
        # Who has a key or a token is no phone.
        if method != "parameters" and "429" in operation["responses"] and not operation.get("security")
    }
    events = resources["Relay"]["Properties"]["Events"].values()
    routes = [event["Properties"] for event in events if event["Type"] == "HttpApi"]
    named = {f"{route['Method']} {route['Path']}" for route in routes if "Path" in route}
    assert named == set(throttles) == limited
    assert len(named) + 1 == len(routes)  # one for the rest
    purchases, sessions = throttles["POST /p/{machine_id}"], PhoneLimits().sessions
    assert purchases["ThrottlingRateLimit"] == sessions.per_minute / 60
    assert purchases["ThrottlingBurstLimit"] == sessions.burst
