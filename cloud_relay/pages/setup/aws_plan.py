"""CORE. What `setup aws` would change in Parameter Store, and what to type where no AWS command line is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

LARGEST_VALUE_BYTES = 8192
SECRETS = frozenset(
    {
        "STRIPE_API_KEY",
        "STRIPE_WEBHOOK_SECRET",
        "MQTT_PASSWORD",
        "RELAY_SECRET",
        "OPERATOR_KEY",
        "STRIPE_PROXY",
    }
)
"""What is encrypted; each decryption costs, so that the rest is not."""


class Step(StrEnum):
    """What happens to one setting."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "as it is"
    ONLY_THERE = "only there"
    STRANGE = "strange"
    READABLE = "readable"


@dataclass(frozen=True)
class Stored:
    """One parameter, as Parameter Store has it."""

    value: str
    kind: str


@dataclass(frozen=True)
class Change:
    """One setting, and what happens to it; the value is never told."""

    name: str
    step: Step

    @property
    def is_stored(self) -> bool:
        """Whether it is written."""
        return self.step in (Step.NEW, Step.CHANGED)

    def words(self, path: str) -> str:
        """A line that says so."""
        return f"{path}/{self.name}: {_WORDS[self.step]}"


_WORDS = {
    Step.NEW: "stored",
    Step.CHANGED: "stored anew, its value has changed",
    Step.SAME: "as it is",
    Step.ONLY_THERE: "set there and not here; left as it is",
    Step.STRANGE: "no setting of the relay; look whether its name is right",
    Step.READABLE: "a secret that is stored without encryption (type String): delete it with "
    "`aws ssm delete-parameter`, and run this again",
}


def changes(
    wanted: Mapping[str, str], stored: Mapping[str, Stored], known: frozenset[str]
) -> Sequence[Change]:
    """What happens to each setting, in the order of their names.

    FORMER_RELAY_TAGS comes before RELAY_SECRET so: a process that reads its settings in between, and goes on
    with them for five minutes, must not take what was sold under the old secret for another relay's.
    """
    return [Change(name, _step(name, wanted, stored, known)) for name in sorted({*wanted, *stored})]


def kind_of(name: str) -> str:
    """The type of its parameter."""
    return "SecureString" if name in SECRETS else "String"


def _step(name: str, wanted: Mapping[str, str], stored: Mapping[str, Stored], known: frozenset[str]) -> Step:
    there = stored.get(name)
    if there is None:
        return Step.NEW
    if name in SECRETS and there.kind != "SecureString":
        return Step.READABLE
    if name in wanted:
        return Step.SAME if there.value == wanted[name] else Step.CHANGED
    return Step.ONLY_THERE if name in known else Step.STRANGE


def by_hand(path: str, region: str, names: Sequence[str]) -> str:
    """Commands that store the settings of this shell's environment; no value is in an argument list."""
    secret = " ".join(name for name in names if name in SECRETS)
    plain = " ".join(name for name in names if name not in SECRETS)
    return (
        "umask 077\n"
        "store() { # TYPE NAME...\n"
        "    type=$1; shift; for name; do\n"
        "        python3 -c 'import json, os, sys; path, type, name = sys.argv[1:]; "
        'print(json.dumps({"Name": f"{path}/{name}", "Type": type, "Value": os.environ[name].strip(), '
        '"Overwrite": True, "Tier": "Intelligent-Tiering"}))\' '
        f'{path} "$type" "$name" >parameter.json\n'
        f"        aws ssm put-parameter --region {region} --cli-input-json file://parameter.json\n"
        "        rm parameter.json\n"
        "    done\n"
        "}\n"
        # FORMER_RELAY_TAGS before a RELAY_SECRET that goes without the old one, as in `changes`.
        f"store String {plain}\n"
        f"store SecureString {secret}\n"
    )
