"""docs/watching.md names what there is: events with their fields, figures, alerts."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from cloud_relay.rules.log_events import FIELDS, OUTCOMES
from cloud_relay.watching.exposition import PREFIX

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "watching.md").read_text()
ALERTS = yaml.safe_load((ROOT / "cloud_relay" / "monitoring" / "alerts.yml").read_text())
ROW = re.compile(r"^\| `(\w+)` \| (.*?) \| (.*) \|$", re.MULTILINE)


def rows() -> dict[str, tuple[str, str]]:
    """By what the first cell names, the two others."""
    return {name: (second, third) for name, second, third in ROW.findall(PAGE)}


def test_the_page_has_every_event_with_its_fields_in_order() -> None:
    """And each outcome that an event can have; what is the same for two stands once."""
    found = {name: tuple(re.findall(r"`(\w+)`", rows()[name][0])) for name in FIELDS}
    assert found == dict(FIELDS)
    for name, outcomes in OUTCOMES.items():
        said = rows()[name][1] + (rows()["released"][1] if name == "refunded" else "")
        said += rows()["settled"][1] if name == "conflict" else ""
        assert [outcome for outcome in outcomes if f"`{outcome}`" not in said] == [], name


def test_the_page_has_every_alert_with_its_severity() -> None:
    """In the order of the file."""
    alerts = {rule["alert"]: rule["labels"]["severity"] for rule in ALERTS["groups"][0]["rules"]}
    assert {name: rows()[name][0] for name in alerts if name in rows()} == alerts
    assert list(alerts) == [name for name in rows() if name[0].isupper()]


def test_the_page_has_every_figure() -> None:
    """By the names that the code gives them, `_total` behind what is counted."""
    code = (ROOT / "cloud_relay" / "routes" / "metrics.py").read_text()
    given = re.findall(r'(Counts|Gauge|Times)\(\s*"(\w+)"', code)
    names = {name + ("_total" if kind == "Counts" else "") for kind, name in given}
    assert len(names) == 13
    table = PAGE.split("## GET /metrics")[1].split("## Alerts")[0]
    assert {name for name in names if f"`{name}`" not in table} == set()
    assert f"`{PREFIX}`" in table
