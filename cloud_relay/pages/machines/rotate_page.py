"""CORE. What is said while a secret is changed, and what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

RESTART = (
    "Restart the relay, every process of it (on Lambda: store the setting by `setup aws`, and wait for five "
    "minutes: within these each process reads it)."
)
NOTHING = "There is nothing to finish: {name} is one secret."
RELAY_BEGUN = "A new secret of the relay was made. The old one works beside it until --finish."
RELAY_NEXT = (
    RESTART,
    "Give each cabinet its new token, at any time: `python -m cloud_relay token MACHINE_ID` into relay.token "
    "of its config.yaml, then sudo systemctl restart arcade-controller. Or by a card: `new-machine "
    "MACHINE_ID --again --card DIR`, which changes its password at the broker, too: it is away until it has "
    "the card.",
    "Run this again: it lists the machines that still use the old secret.",
)
INCOMPLETE = "The broker did not name every machine in time: run this again."
STILL_OLD = (
    "{count} would be shut out, or might be: those with the old token, and those that are not heard of or do "
    "not say which they use (update them first)."
)
ALL_NEW = "No machine uses the old secret any more: --finish takes it out."
RELAY_FINISHED = (
    "The old secret goes. What was sold under it, printed codes and all, stays this relay's by "
    "FORMER_RELAY_TAGS."
)
WEBHOOK_OTHERS = (
    "{count} endpoints that are enabled send to {url}: run this without --finish until the old one is "
    "disabled."
)
WEBHOOK_FINISHED = "The old secret of the webhook goes: no endpoint signs with it any more."
RESTART_FLEET = (
    "Restart the fleet, every process of it (sudo systemctl restart arcade-fleet). The broker needs this "
    "release's access rules, which know {new}."
)
LOGIN_BEGUN = "{new} is the {who}'s login from now on ({where}). {old} works beside it until it is removed."
LOGIN_NEXT = "Run this with the {who}'s new environment, and with --remove {old}."
LOGIN_HALF = (
    "If the {who} logs in as {new} by now, run this with its environment. If the password of {new} was lost "
    "before the {who} had it: --remove {new}, and begin again."
)
LOGIN_TWO = (
    "The broker lets {new} in, and {old} is there, too: if every process has {new} by now, --remove {old}."
)
LOGIN_FINISHED = "{old} is taken away ({where}): whoever still had it is out."
LOGIN_ONE = "There is nothing to remove: {old} is not there."
LOGIN_OURS = "{old} is the login in MQTT_USERNAME: run this with the {who}'s new environment."
LOGIN_FOREIGN = "{old} is no login of the {who}'s, which are {known}: nothing was removed."
LOGIN_NONE = "The fleet has no login {name} yet: `setup broker --fleet-env FILE` makes it."
NEITHER_LOGIN = "MQTT_USERNAME is {name!r}: the access rules know the {who} as {known}"


def steps_text(said: str, steps: Sequence[str]) -> str:
    """A sentence, and what is left to do, in order."""
    listed = "".join(f"{number:3}. {step}\n" for number, step in enumerate(steps, 1))
    return f"{said}\n" + (f"What is left to do, in this order:\n{listed}" if steps else "")


def settings_step(values: Mapping[str, str], printed: str) -> str:
    """What the relay is to be told, or that its file, or the fleet's, says it now."""
    if not printed:
        return f"Done: its file says so now ({', '.join(values)})."
    return "In the relay's environment: " + " and ".join(printed.splitlines())
