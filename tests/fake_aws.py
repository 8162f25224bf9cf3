"""Stand-ins for the programs `aws`, `sam` and `docker`, which refuse what the real ones refuse.

`python fake_aws.py aws ARGUMENTS...`; what they know is in the file that FAKE_AWS_STATE names. Judged by the
AWS command line 1.45, whose words they use: options that its first version does not know end it.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NoReturn

STATE = Path(os.environ["FAKE_AWS_STATE"])
KNOWN_OPTIONS = {
    "get-caller-identity": set(),
    "get-parameters-by-path": {"--path", "--with-decryption"},
    "put-parameter": {"--cli-input-json"},
    "describe-stacks": {"--stack-name"},
}
PARAMETER_KEYS = {
    *("Name", "Description", "Value", "Type", "KeyId", "Overwrite", "AllowedPattern", "Tags", "Tier"),
    *("Policies", "DataType"),
}


def refuse(words: str, status: int = 254) -> NoReturn:
    """End with an error, in its words."""
    sys.stderr.write(f"\n{words}\n")
    sys.exit(status)


def error(code: str, operation: str, words: str) -> NoReturn:
    """End with AWS's own error."""
    refuse(f"An error occurred ({code}) when calling the {operation} operation: {words}")


def options_of(arguments: list[str]) -> dict[str, list[str]]:
    """Each option with all that follows it."""
    found: dict[str, list[str]] = {}
    for argument in arguments:
        if argument.startswith("--"):
            found[argument] = []
        elif found:
            found[list(found)[-1]].append(argument)
    return found


def aws(arguments: list[str], state: dict[str, Any]) -> object:
    """What it prints."""
    if arguments[:2] == ["configure", "get"]:
        return state["region"] or sys.exit(1)
    command, options = arguments[1], options_of(arguments[2:])
    strange = set(options) - KNOWN_OPTIONS[command] - {"--region", "--output"}
    if strange:
        refuse(f"Unknown options: {', '.join(sorted(strange))}", 252)
    if state["trouble"]:
        refuse(state["trouble"])
    match command:
        case "get-caller-identity":
            arn = "arn:aws:iam::123456789012:user/owner"
            return {"UserId": "AIDA", "Account": "123456789012", "Arn": arn}
        case "get-parameters-by-path":
            return parameters_below(options, state)
        case "put-parameter":
            return put_parameter(options["--cli-input-json"][0], state)
        case _:
            return described(options["--stack-name"][0], state)


def parameters_below(options: dict[str, list[str]], state: dict[str, Any]) -> object:
    """One level of the hierarchy, secrets encrypted unless asked otherwise."""
    path = options["--path"][0]
    if not path.startswith("/"):
        error("ValidationException", "GetParametersByPath", "The parameter doesn't meet the requirements.")
    below = {name: each for name, each in state["parameters"].items() if name.startswith(f"{path}/")}
    return {
        "Parameters": [
            {
                "Name": name,
                "Type": each["Type"],
                "Value": each["Value"] if "--with-decryption" in options else "AQICAHh...",
                "Version": each["Version"],
            }
            for name, each in below.items()
            if "/" not in name.removeprefix(f"{path}/")
        ]
    }


def put_parameter(given: str, state: dict[str, Any]) -> object:
    """Stores one, as AWS does."""
    if not given.startswith("file://"):
        refuse("Error parsing parameter 'cli-input-json': Invalid JSON", 252)
    file = Path(given.removeprefix("file://"))
    state["modes"].append([oct(file.stat().st_mode & 0o777), oct(file.parent.stat().st_mode & 0o777)])
    asked = json.loads(file.read_text())
    if strange := set(asked) - PARAMETER_KEYS:
        refuse(f"Parameter validation failed:\nUnknown parameter in input: {sorted(strange)}", 252)
    name, there = asked["Name"], state["parameters"].get(asked["Name"])
    if not asked["Value"] or not re.fullmatch(r"(/[A-Za-z0-9_.-]+)+", name):
        error("ValidationException", "PutParameter", "1 validation error detected")
    if name in state["denied"]:
        error("AccessDeniedException", "PutParameter", f"User is not authorized on resource: {name}")
    if there and not asked.get("Overwrite"):
        error("ParameterAlreadyExists", "PutParameter", "The parameter already exists.")
    if there and there["Type"] != asked["Type"]:
        error("HierarchyTypeMismatchException", "PutParameter", "You can't change a parameter's type.")
    most = 8192 if asked.get("Tier") in ("Advanced", "Intelligent-Tiering") else 4096
    if len(asked["Value"]) > most:
        error("ValidationException", "PutParameter", "Standard tier parameters support a maximum of 4096")
    version = there["Version"] + 1 if there else 1
    state["parameters"][name] = {"Type": asked["Type"], "Value": asked["Value"], "Version": version}
    return {"Version": version, "Tier": "Standard"}


def described(stack: str, state: dict[str, Any]) -> object:
    """A stack that was deployed."""
    if stack not in state["stacks"]:
        error("ValidationError", "DescribeStacks", f"Stack with id {stack} does not exist")
    url = "https://abc123.execute-api.eu-central-1.amazonaws.com"
    outputs = [{"OutputKey": "RelayUrl", "OutputValue": state["stacks"][stack].get("RelayUrl", url)}]
    return {"Stacks": [{"StackName": stack, "Outputs": outputs}]}


def sam(arguments: list[str], state: dict[str, Any]) -> object:
    """What it prints; it looks at each of the template's parameters as CloudFormation does."""
    command, options = arguments[0], options_of(arguments[1:])
    given = dict(pair.split("=", 1) for pair in options["--parameter-overrides"])
    if command == "build":
        check_parameters(given, Path(options["--template"][0]))
        if state["build_fails"]:
            refuse("Error: Docker is unreachable. Docker needs to be running to build inside a container.", 1)
        state["built"] = given
        return "Build Succeeded"
    if state["built"] != given:
        refuse("Error: Unable to find a template", 1)
    stack = options["--stack-name"][0]
    if "CAPABILITY_IAM" not in options.get("--capabilities", []):
        error(
            "InsufficientCapabilitiesException", "CreateChangeSet", "Requires capabilities : [CAPABILITY_IAM]"
        )
    if "--resolve-image-repos" not in options:
        refuse("Error: Missing option '--image-repository'", 2)
    state["stacks"][stack] = state["stacks"].get(stack, {}) | given
    return f"Successfully created/updated stack - {stack} in {options['--region'][0]}"


def check_parameters(given: dict[str, str], template: Path) -> None:
    """By the template's own patterns and lists."""
    import yaml  # where the others are run without it, and sooner

    loader = type("Loader", (yaml.SafeLoader,), {})
    loader.add_multi_constructor("!", lambda _l, _t, _n: None)
    declared = yaml.load(template.read_text(), loader)["Parameters"]  # noqa: S506 - a SafeLoader
    for name, value in given.items():
        if name not in declared:
            error("ValidationError", "CreateChangeSet", f"Parameters: [{name}] do not exist in the template")
        pattern, values = declared[name].get("AllowedPattern", ".*"), declared[name].get("AllowedValues")
        if not re.fullmatch(pattern, value) or (values and value not in values):
            error("ValidationError", "CreateChangeSet", f"Parameter {name} failed to satisfy constraint")


def docker(arguments: list[str], state: dict[str, Any]) -> object:
    """The digest behind a tag."""
    if arguments[:4] != ["buildx", "imagetools", "inspect", "--format"] or not state["digest"]:
        refuse("ERROR: failed to do request: no such host", 1)
    return {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": state["digest"],
    }


def main() -> None:
    """Be the program that is named first."""
    program, arguments = sys.argv[1], sys.argv[2:]
    state = json.loads(STATE.read_text())
    state["calls"].append([program, *arguments])
    try:
        said = {"aws": aws, "sam": sam, "docker": docker}[program](arguments, state)
    finally:
        STATE.write_text(json.dumps(state))
    sys.stdout.write(said + "\n" if isinstance(said, str) else json.dumps(said, indent=4) + "\n")


if __name__ == "__main__":
    main()
