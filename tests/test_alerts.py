"""The alert rules: promtool's own tests of them, and that what they look at is what the relay exports."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import PASSWORDS
from prometheus_client.parser import text_string_to_metric_families
from relay_parts import OPERATOR_KEY, RelayUnderTest, relay_under_test

from cloud_relay.rules.door_states import DOOR_STATES
from cloud_relay.rules.log_events import OUTCOMES
from simulator.chain.broker import Broker

MONITORING = Path(__file__).parent.parent / "cloud_relay" / "monitoring"
RULES: list[dict[str, Any]] = yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"][0]["rules"]
CASES = yaml.safe_load((MONITORING / "alerts_test.yml").read_text())["tests"]
PROMTOOL = shutil.which("promtool")
PREFIX = "arcade_relay_"
# What a label can be in the rules; whoever renames one finds it here.
KNOWN = {
    "event": set(OUTCOMES),
    "outcome": {outcome for outcomes in OUTCOMES.values() for outcome in outcomes},
    "state": set(DOOR_STATES),
    "kind": {"read", "write", "probe"},
    "answer": {"2xx", "3xx", "4xx", "5xx", "429", "none"},
    "status": {"500"},
    "job": {"arcade-relay"},
}
SELECTED = re.compile(r'(\w+)(?:=|=~|!=)"([^"]*)"')


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayUnderTest]:
    """A relay that has answered one request."""
    folder = tmp_path_factory.mktemp("alerts")
    with Broker(folder, PASSWORDS) as broker, relay_under_test(broker) as running:
        running.client.get("/status")
        yield running


@pytest.mark.skipif(PROMTOOL is None, reason="promtool (Debian's package prometheus) is not installed")
@pytest.mark.parametrize(
    "asked",
    [
        ("check", "rules", "alerts.yml"),
        ("test", "rules", "alerts_test.yml"),
        ("check", "config", "--syntax-only", "prometheus.yml"),
    ],
    ids=" ".join,
)
def test_prometheus_itself_takes_the_rules_and_fires_when_it_should(asked: tuple[str, ...]) -> None:
    """Each alert has a series that fires it, at the right minute, and one that does not."""
    ended = subprocess.run(
        [str(PROMTOOL), *asked], cwd=MONITORING, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, "SUCCESS" in ended.stdout) == (0, True), ended.stdout + ended.stderr


def test_each_alert_is_seen_to_fire_and_not_to_fire() -> None:
    """In promtool's tests: a rule that nobody tries may never fire."""
    fires: dict[str, set[bool]] = {rule["alert"]: set() for rule in RULES}
    for case in CASES:
        for tried in case["alert_rule_test"]:
            fires[tried["alertname"]].add(bool(tried.get("exp_alerts")))
    assert fires == {rule["alert"]: {True, False} for rule in RULES}


def test_each_alert_says_what_to_do() -> None:
    """In a sentence, and how urgent it is."""
    assert [rule["alert"] for rule in RULES if not rule["annotations"]["remedy"].endswith(".")] == []
    assert [rule["alert"] for rule in RULES if not rule["annotations"]["summary"].endswith(".")] == []
    assert {rule["labels"]["severity"] for rule in RULES} == {"page", "ticket"}


def test_the_rules_look_at_what_the_relay_exports(relay: RelayUnderTest) -> None:
    """By the names and labels on its page; Prometheus makes `up` by itself."""
    page = relay.client.get("/metrics", headers={"Authorization": f"Bearer {OPERATOR_KEY}"}).text
    families = {family.name: family for family in text_string_to_metric_families(page)}
    exported = {*families, *(f"{name}_total" for name in families), *(f"{name}_bucket" for name in families)}
    named = {name for rule in RULES for name in re.findall(rf"\b{PREFIX}\w+", rule["expr"])}
    assert len(named) == 8
    assert named - exported == set()
    assert {rule["alert"] for rule in RULES if PREFIX not in rule["expr"]} == {"RelayDown"}


def test_the_rules_ask_for_labels_that_there_are() -> None:
    """A misspelled outcome never fires, and nobody notices."""
    asked = [
        (label, value)
        for rule in RULES
        for label, values in SELECTED.findall(rule["expr"])
        for value in values.split("|")
    ]
    assert len(asked) >= 10
    assert [(label, value) for label, value in asked if value not in KNOWN[label]] == []


def test_prometheus_shows_the_key_and_finds_the_rules() -> None:
    """By a file of its own: a key in its configuration would be read by whoever reads that."""
    configuration = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    (job,) = configuration["scrape_configs"]
    assert (job["job_name"], job["authorization"]) == (
        "arcade-relay",
        {"credentials_file": "/etc/prometheus/arcade-relay.key"},
    )
    assert configuration["rule_files"] == ["/etc/prometheus/arcade-alerts.yml"]
