"""EDGE. Sets a running EMQX up by its REST API: reads what is there, and changes what differs."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from cloud_relay.formats.access_rules import emqx_database
from cloud_relay.formats.emqx_plan import BUILT_IN, SETTINGS, SOURCES, Found, Plan, plan, rules_path
from cloud_relay.formats.emqx_settings import shipped_settings
from cloud_relay.logins.emqx_api import EmqxApi, EmqxRefused

_SHIPPED = Path(__file__).parents[2] / "broker" / "shipped" / "emqx.conf"
_NOT_FOUND = 404
CLOSE_IT = "stop it in EMQX's dashboard (Management, Listeners), if nobody comes that way"


def set_up_emqx(api: EmqxApi, out: TextIO, *, replace: bool, dry_run: bool) -> bool:
    """Say and do what differs; False where that would undo what somebody else did, and nothing is done.

    Raises:
        LoginsFailed: EMQX did not answer, or refused; what was done before is said.
    """
    made = plan_for(api, replace=replace)
    if made.others and not replace:
        _say_others(made, api.host, out)
        return False
    if not made.steps:
        out.write(f"EMQX at {api.host} is set up: nothing to change.\n")
    for number, step in enumerate(made.steps, 1):
        if not dry_run:
            api.send(step.text, step.method, step.path, step.body)
        out.write(f"{'Would' if dry_run else 'Did'} {number} of {len(made.steps)}: {step.text}.\n")
    for note in (*made.notes, *(f"{each}: {CLOSE_IT}" for each in made.open)):
        out.write(f"Note: {note}.\n")
    return True


def plan_for(api: EmqxApi, *, replace: bool) -> Plan:
    """What would have to be changed.

    Raises:
        LoginsFailed: EMQX did not answer, or refused.
    """
    return plan(read_emqx(api), shipped_settings(_SHIPPED.read_text()), replace=replace)


def read_emqx(api: EmqxApi) -> Found:
    """All that matters of it.

    Raises:
        LoginsFailed: EMQX did not answer, or refused.
    """
    sources = api.get_part("list its sources of rules", SOURCES, "sources", list)
    has_database = any(each.get("type") == BUILT_IN for each in sources)
    return Found(
        authenticators=api.get("list its authenticators", "/authentication"),
        sources=sources,
        rules={who: _rules(api, who) for who in emqx_database()} if has_database else {},
        authorization=api.get("read its settings of access", SETTINGS),
        mqtt=api.get_part("read its MQTT settings", "/configs/global_zone", "mqtt", dict),
        listeners=api.get("list its listeners", "/listeners"),
        retainer=api.get("read its settings of retained messages", "/mqtt/retainer"),
    )


def _rules(api: EmqxApi, who: str) -> list[dict[str, object]]:
    try:
        return api.get_part(f"read the rules of {who}", rules_path(who), "rules", list)
    except EmqxRefused as why:
        if why.status != _NOT_FOUND:
            raise
        return []


def _say_others(made: Plan, host: str, out: TextIO) -> None:
    out.write(f"EMQX at {host} is somebody's already, and nothing was changed:\n")
    for other in made.others:
        out.write(f"  - {other}\n")
    out.write("To put ours in their place, look at `--replace --dry-run`, and then at `--replace`.\n")
