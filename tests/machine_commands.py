"""The operator's commands about machines, against a real broker and a stand-in Stripe."""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conftest import PASSWORDS
from relay_parts import PromptPublisher, RelayUnderTest, mqtt_client, relay_under_test

from cloud_relay.operator.machines.commands import add_machine_commands
from cloud_relay.relay import Relay, relay_from
from cloud_relay.settings import read_settings
from simulator.chain.broker import Broker


@dataclass
class Office:
    """Where an operator sits: a relay, the folder of its Mosquitto, and one for files."""

    hall: RelayUnderTest
    folder: Path
    logins: bool = True

    @property
    def broker_option(self) -> list[str]:
        """How cabinets reach the broker, in this test."""
        return ["--broker", f"localhost:{self.hall.broker.port}"]

    def environment(self, **changes: str) -> dict[str, str]:
        """The relay's own, and where the logins are."""
        folder = {"MOSQUITTO_FOLDER": str(self.hall.broker.folder)} if self.logins else {}
        return self.hall.variables | folder | changes

    def run(self, *arguments: str, **changes: str) -> tuple[int, str]:
        """Type a command; gives its status and what it said. Raises what it raises."""
        parser, out = argparse.ArgumentParser(), io.StringIO()
        commands = parser.add_subparsers(required=True)
        add_machine_commands(commands, self._with_relay, self.environment(**changes), out)
        options = parser.parse_args(arguments)
        return options.run(options), out.getvalue()

    def _with_relay(self, act: Callable[[Relay], int], environment: Mapping[str, str]) -> int:
        settings = read_settings(environment)
        relay = relay_from(settings, publisher=PromptPublisher(settings.mqtt), clock=self.hall.clock)
        try:
            return act(relay)
        finally:
            relay.publisher.close()

    def lets_in(self, name: str, password: str) -> bool:
        """Whether the broker lets this login in."""
        try:
            client = mqtt_client(self.hall.broker, name, password)
        except PermissionError:
            return False
        client.disconnect()
        client.loop_stop()
        return True

    def status_of(self, machine_id: str) -> object:
        """What the broker keeps of a machine."""
        return self.hall.relay.publisher.retained_status(machine_id)


@contextmanager
def an_office(folder: Path) -> Iterator[Office]:
    """A broker whose logins may be changed, and a relay beside it."""
    with Broker(folder / "broker", dict(PASSWORDS)) as broker, relay_under_test(broker) as hall:
        yield Office(hall, folder)
