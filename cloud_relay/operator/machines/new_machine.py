"""EDGE. `python -m cloud_relay new-machine`: a token, a login at the broker, and a whole config.yaml."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

from cloud_relay.errors import RelayError
from cloud_relay.formats.cabinet_config import filled_in
from cloud_relay.logins.choice import logins_from
from cloud_relay.logins.interface import Logins
from cloud_relay.operator.machines.arguments import address, typed
from cloud_relay.operator.machines.broker_side import look
from cloud_relay.operator.machines.files import Place, card_at, write_public
from cloud_relay.operator.setup.kept import Kept
from cloud_relay.pages.machines.new_machine_page import CERTIFICATE, MadePage, made_text
from cloud_relay.relay import Relay
from cloud_relay.rules.setting_up.new_machine import (
    CABINETS_PORT,
    Found,
    id_problem,
    name_problem,
    reach_problem,
    refusal,
    with_name,
    with_number,
)
from cloud_relay.rules.tokens import machine_token
from cloud_relay.settings import Settings

SHIPPED = Path(__file__).with_name("config.yaml")


class NotMade(RelayError):
    """Nothing was made; the message says why."""


@dataclass(frozen=True)
class NewMachine:
    """What is made, and where."""

    machine_id: str
    name: str
    broker: tuple[str, int]
    number: int
    place: Place

    def values(self, settings: Settings, password: str) -> dict[str, str]:
        """What its config.yaml says."""
        own = {"broker.ca_file": CERTIFICATE} if settings.mqtt.ca_file else {}
        return own | {
            "machine_id": self.machine_id,
            "name": self.name,
            "relay.url": settings.url,
            "relay.token": machine_token(settings.tokens.relay_secret, self.machine_id, self.number),
            "broker.host": self.broker[0],
            "broker.port": str(self.broker[1]),
            "broker.password": password,
        }


def add_new_machine(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("machine_id", type=typed(id_problem), help="1 to 64 of A-Z a-z 0-9 _ -")
    parser.add_argument(
        "--name", type=typed(name_problem), help="what players read; default: its name in OFFERS, or its id"
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--to", type=Path, metavar="FILE", help="its config.yaml; default: MACHINE_ID.yaml, here"
    )
    where.add_argument("--card", type=Path, metavar="DIR", help="the boot partition of its card")
    parser.add_argument("--broker", type=address, metavar="HOST[:PORT]", help="how cabinets reach the broker")
    parser.add_argument("--env", type=Path, metavar="FILE", help="the relay's environment file")
    parser.add_argument(
        "--again", action="store_true", help="for a machine that exists: another password, another token"
    )


def new_machine(
    relay: Relay, environment: Mapping[str, str], options: argparse.Namespace, out: TextIO
) -> int:
    """Make the machine, or say what there is of it.

    Raises:
        NotMade: what was asked for cannot be, or is there already.
        UnusablePlace: its file cannot be written.
        FileTrouble: the relay's environment file cannot be.
        LoginsFailed: the broker did not make its login; no file was written.
    """
    logins = logins_from(environment)
    made = _asked_for(relay.settings, options)
    found = _found(relay, logins, made, out)
    if why := refusal(made.machine_id, found, again=options.again):
        raise NotMade(why)
    kept = Kept({}, options.env)
    kept.check()
    password = secrets.token_hex(16)
    text = filled_in(SHIPPED.read_text(), made.values(relay.settings, password))
    with made.place.written(text):
        left = logins.add(made.machine_id, password)
        _write_certificate(relay.settings, made.place)
    page = _page(relay.settings, environment, made, logins.where, left)
    if options.env:
        kept.keep(_settings(page), out)
        page = replace(page, kept_in=str(options.env))
    out.write(made_text(page))
    return 0


def _asked_for(settings: Settings, options: argparse.Namespace) -> NewMachine:
    machine_id: str = options.machine_id
    name = (options.name or settings.offers.of(machine_id).name).strip()
    host, port = options.broker or (settings.mqtt.host, CABINETS_PORT)
    if problem := name_problem(name) or (None if options.broker else reach_problem(host)):
        raise NotMade(problem)
    # While the relay's secret is changed, its token is another one without a higher number.
    is_revoked = options.again and settings.tokens.old_secret is None
    number = settings.tokens.smallest(machine_id) + int(is_revoked)
    place = card_at(options.card) if options.card else Place(options.to or Path(f"{machine_id}.yaml"))
    return NewMachine(machine_id, name, (host, port), number, place)


def _found(relay: Relay, logins: Logins, made: NewMachine, out: TextIO) -> Found:
    seen = look(relay, logins, made.machine_id)
    if seen.unasked and seen.has_login is None:
        out.write(f"Nobody could look whether {made.machine_id} exists: {seen.unasked}\n")
    there = made.place.text() is not None
    return Found(
        seen.has_login,
        seen.said,
        str(made.place.path) if there else "",
        made.place.machine_id if there else None,
    )


def _write_certificate(settings: Settings, place: Place) -> None:
    if settings.mqtt.ca_file and place.is_on_card:
        write_public(place.certificate, settings.mqtt.ca_file.read_bytes())


def _settings(page: MadePage) -> dict[str, str]:
    """What the relay's file is to say; an apostrophe, which no such file takes, as JSON has it otherwise."""
    values = {"MIN_TOKEN_NUMBERS": page.min_token_numbers, "OFFERS": page.offers}
    return {name: value.replace("'", r"\u0027") for name, value in values.items() if value}


def _page(
    settings: Settings, environment: Mapping[str, str], made: NewMachine, where: str, left: list[str]
) -> MadePage:
    tokens, number = settings.tokens, None
    if made.number > tokens.smallest(made.machine_id):
        number = with_number(tokens.smallest_numbers, made.machine_id, made.number)
    return MadePage(
        machine_id=made.machine_id,
        file=str(made.place.path),
        is_on_card=made.place.is_on_card,
        broker=made.broker,
        login_at=where,
        left=tuple(left),
        ca_file=str(settings.mqtt.ca_file or ""),
        min_token_numbers=number,
        offers=with_name(environment["OFFERS"], made.machine_id, made.name),
    )
