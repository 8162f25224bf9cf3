"""Settings that change while the function runs: taken over within minutes, without a new deployment."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from conftest import PASSWORDS, wait_until
from relay_parts import Cabinet, environment
from test_aws_function import PATH, request, webhook

from cloud_relay.aws.environment import FRESH_S, StoredEnvironment
from cloud_relay.lambda_handler import Function
from cloud_relay.setting_reader import SettingsError
from cloud_relay.settings import read_token_book
from simulator.aws.parameter_store import StandInAws, stand_in_aws
from simulator.chain.broker import Broker

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all of these tests."""
    with Broker(tmp_path_factory.mktemp("rotation"), PASSWORDS) as running:
        yield running


class World:
    """A function of this process, whose five minutes pass at once."""

    def __init__(self, aws: StandInAws, broker: Broker) -> None:
        self.aws = aws
        self.now_s = 1000.0
        own = environment(MQTT_PORT=str(broker.services_port), MQTT_CA_FILE=str(broker.ca_file))
        aws.stored = {f"{PATH}/{name}": value for name, value in own.items()}
        variables = aws.environment | {"SETTINGS_PATH": PATH}
        self.function = Function(StoredEnvironment(variables, lambda: self.now_s))

    def store(self, name: str, value: str) -> None:
        """Change a parameter, and let its time come."""
        self.aws.stored[f"{PATH}/{name}"] = value
        self.now_s += FRESH_S

    def status(self, path: str = "/status") -> int:
        """What a GET is answered with."""
        status: int = self.function(request("GET", path), None)["statusCode"]
        return status


@pytest.fixture
def world(broker: Broker) -> Iterator[World]:
    """The function, with all its settings stored."""
    with stand_in_aws() as aws:
        yield World(aws, broker)


def test_a_new_webhook_secret_is_taken_over(world: World, broker: Broker) -> None:
    """While both are stored the old one works as well; afterwards it does not."""
    with Cabinet("galaga-01", broker) as cabinet:
        assert world.function(webhook("pi_Old"), None)["statusCode"] == 200
        world.store("STRIPE_WEBHOOK_SECRET", "whsec_new,whsec_relay")
        assert world.function(webhook("pi_Both"), None)["statusCode"] == 200
        world.store("STRIPE_WEBHOOK_SECRET", "whsec_new")
        assert world.function(webhook("pi_Gone"), None)["statusCode"] == 400
        assert [each["paymentId"] for each in cabinet.payloads()] == ["pi_Old", "pi_Both"]


def test_the_old_connection_to_the_broker_is_left(
    world: World, broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    """Each change would else leave one behind, for as long as the process lives."""
    with Cabinet("galaga-01", broker) as cabinet:
        world.function(webhook("pi_1"), None)
        left = broker.log_file.read_text().count("disconnected")
        world.store("CREDIT_WINDOW_S", "240")
        assert world.function(webhook("pi_2"), None)["statusCode"] == 200
        wait_until(lambda: broker.log_file.read_text().count("disconnected") > left, "the old one to leave")
        wait_until(lambda: len(cabinet.payloads()) == 2, "both coins at the cabinet")
    assert "The settings have changed: the relay goes on with the new ones" in caplog.messages


def test_what_did_not_change_is_kept(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """The connections and memories with it."""
    assert world.status() == 200
    world.store("CREDIT_WINDOW_S", "180")
    world.status()
    world.store("CREDIT_WINDOW_S", "180")
    assert world.status() == 200
    assert [text for text in caplog.messages if "have changed" in text] == [
        "The settings have changed: the relay goes on with the new ones"
    ]


def test_settings_that_cannot_be_used_do_not_stop_what_runs(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """A slip in OFFERS on a Saturday night: the log says what is wrong, once, and the doors stay open."""
    assert world.status() == 200
    world.store("OFFERS", '{"currency": "usd"}')
    assert world.status() == 200
    world.now_s += FRESH_S
    assert world.status() == 200
    said = [text for text in caplog.messages if text.startswith("Went on with the settings known before.")]
    assert len(said) == 1
    assert "OFFERS:" in said[0]
    assert said[0].endswith(
        "Each is a parameter such as /cloud-relay/RELAY_SECRET: "
        "`python -m cloud_relay setup aws` stores them."
    )


def test_a_function_that_begins_with_them_says_so_at_each_event(world: World) -> None:
    """Until they are mended; then it serves at once, without waiting five minutes."""
    world.aws.stored[f"{PATH}/OFFERS"] = "{}"
    for _ in range(2):
        with pytest.raises(SettingsError, match="OFFERS:"):
            world.status()
    world.aws.stored[f"{PATH}/OFFERS"] = environment()["OFFERS"]
    assert world.status() == 200


def test_a_stolen_cabinet_s_token_is_revoked_without_a_deployment(world: World) -> None:
    """By MIN_TOKEN_NUMBERS, which is a parameter like any other."""
    assert world.status() == 200
    world.store("MIN_TOKEN_NUMBERS", json.dumps({"galaga-01": 2}))
    token = {"authorization": f"Bearer {first_token()}"}
    asked = request("GET", "/machines/galaga-01/offer", headers=token)
    assert world.function(asked, None)["statusCode"] == 401


def first_token() -> str:
    """The first token of galaga-01."""
    return read_token_book(environment()).issue("galaga-01")
