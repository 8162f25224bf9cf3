"""EDGE. People and their logins in the book: let in by a password and a code, each code once."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, Row, delete, insert, select, update

from fleet.book import tables
from fleet.book.typed.audit import note_deed
from fleet.rules.lockout import is_over, locked_until
from fleet.rules.roles import Role

LEAST_PASSWORD, MOST_PASSWORD = 10, 200
# A code may be a step old or early: phones' clocks are not ours.
_STEP_S, _STEPS_AROUND = 30, 1
_USED_WRITTEN_AFTER_S = 60.0

_hasher = PasswordHasher()
# Compared with where there is nobody of that name, which must not answer sooner.
_NOBODYS = _hasher.hash(secrets.token_hex(16))


@dataclass(frozen=True)
class Person:
    """Who is logged in; a partner's `location_id` is the one that they see."""

    id: int
    name: str
    role: Role
    location_id: int | None


@dataclass(frozen=True)
class NewPerson:
    """What a person who was added needs once: the address that an authenticator app reads."""

    otpauth_url: str


def checked_password(password: str) -> str:
    """A password that may be kept.

    Raises:
        ValueError: it is too short, or too long; the message says so, and never the password.
    """
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise ValueError(
            f"The password has {len(password)} characters: choose one of {LEAST_PASSWORD} to {MOST_PASSWORD}"
        )
    return password


def checked_place(role: Role, location_id: int | None) -> int | None:
    """The location of somebody with this role: partners have one, and nobody else.

    Raises:
        ValueError: a partner has none.
    """
    if role is not Role.PARTNER:
        return None
    if location_id is None:
        raise ValueError("A partner sees one location: say which")
    return location_id


def add_person(
    connection: Connection,
    name: str,
    role: Role,
    password: str,
    location_id: int | None = None,
    *,
    is_active: bool = True,
) -> NewPerson:
    """Add somebody, or let somebody in anew who has lost password or phone."""
    secret = pyotp.random_base32()
    row = {
        "role": role,
        "location_id": location_id,
        "password_hash": _hasher.hash(password),
        "totp_secret": secret,
        "totp_used_step": 0,
        "failures": 0,
        "locked_until_at": 0.0,
        "is_active": is_active,
    }
    table = tables.people
    changed = connection.execute(update(table).where(table.c.name == name).values(row))
    if not changed.rowcount:
        connection.execute(insert(table).values(row | {"name": name}))
    end_logins(connection, name)
    return NewPerson(pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Arcade fleet"))


class NoOwnerLeft(ValueError):
    """Nobody would be left who may add people."""


def everybody(connection: Connection) -> Sequence[Any]:
    """Everybody who was ever added, without what is secret."""
    of, locations = tables.people.c, tables.locations.c
    query = select(of.id, of.name, of.role, of.location_id, of.is_active, locations.name.label("place"))
    joined = tables.people.outerjoin(tables.locations)
    return connection.execute(query.select_from(joined).order_by(of.is_active.desc(), of.name)).all()


def change_person(
    connection: Connection, person_id: int, role: Role, location_id: int | None, *, is_active: bool
) -> None:
    """Have somebody be this from now on; who is active no more is logged out.

    Raises:
        NoOwnerLeft: it was the last owner.
    """
    table = tables.people
    owners = connection.execute(
        select(table.c.id).where(table.c.role == Role.OWNER, table.c.is_active).with_for_update()
    ).scalars()
    if not {*owners} - {person_id} and not (role is Role.OWNER and is_active):
        raise NoOwnerLeft("Nobody would be left who may add people: make somebody else an owner before")
    values = {"role": role, "location_id": location_id, "is_active": is_active}
    connection.execute(update(table).where(table.c.id == person_id).values(values))
    if not is_active:
        connection.execute(delete(tables.logins).where(tables.logins.c.person_id == person_id))


def end_logins(connection: Connection, name: str) -> None:
    """Have every browser of this person ask for a password again."""
    people, logins = tables.people.c, tables.logins
    whose = select(people.id).where(people.name == name).scalar_subquery()
    connection.execute(delete(logins).where(logins.c.person_id == whose))


def hash_of(connection: Connection, name: str) -> str:
    """What this person's password is held against; of nobody, what no password fits."""
    table = tables.people.c
    found = connection.execute(select(table.password_hash).where(table.name == name)).scalar()
    return _NOBODYS if found is None else str(found)


def proved(password_hash: str, password: str) -> str | None:
    """The same hash, if the password is right. It takes a tenth of a second: never while others wait."""
    return password_hash if _is_right(password_hash, password) else None


def enter(
    connection: Connection, name: str, proof: str | None, code: str, now: float, *, address: str = ""
) -> str | None:
    """The secret of a new login; None where name, password or code is wrong, or too many were.

    `proof` is what `proved` gave. Where it was asked from (`address`) stands in the audit log.
    """
    table = tables.people
    person = connection.execute(select(table).where(table.c.name == name).with_for_update()).first()
    if person is None or not person.is_active or person.locked_until_at > now:
        return None
    step = _step_of(person, code, now)
    if proof is None or proof != person.password_hash or step is None:
        failures = person.failures + 1
        values = {"failures": failures, "locked_until_at": locked_until(failures, now)}
        connection.execute(update(table).where(table.c.id == person.id).values(values))
        return None
    values = {"failures": 0, "locked_until_at": 0.0, "totp_used_step": step}
    connection.execute(update(table).where(table.c.id == person.id).values(values))
    token = secrets.token_urlsafe(32)
    row = {"token_hash": _hash(token), "person_id": person.id, "began_at": now, "used_at": now}
    connection.execute(insert(tables.logins).values(row))
    note_deed(connection, now, name, "login", address=address)
    return token


def who_is(connection: Connection, token: str, now: float) -> tuple[Person, bool] | None:
    """Whose login this is, and whether `touch` is due; None if it is nobody's or has ended."""
    people, logins = tables.people.c, tables.logins.c
    row = connection.execute(
        select(people.id, people.name, people.role, people.location_id, logins.began_at, logins.used_at)
        .where(logins.token_hash == _hash(token))
        .where(logins.person_id == people.id, people.is_active)
    ).first()
    if row is None or is_over(row.began_at, row.used_at, now):
        return None
    person = Person(row.id, row.name, Role(row.role), row.location_id)
    return person, now - row.used_at > _USED_WRITTEN_AFTER_S


def touch(connection: Connection, token: str, now: float) -> None:
    """The login was used."""
    logins = tables.logins
    connection.execute(update(logins).where(logins.c.token_hash == _hash(token)).values(used_at=now))


def leave(connection: Connection, token: str) -> None:
    """End a login."""
    logins = tables.logins
    connection.execute(delete(logins).where(logins.c.token_hash == _hash(token)))


def _is_right(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def _step_of(person: Row[tuple[object, ...]], code: str, now: float) -> int | None:
    """Which step of time this code is of, if it is one that was not used yet."""
    code = "".join(code.split())
    for step in range(int(now // _STEP_S) - _STEPS_AROUND, int(now // _STEP_S) + _STEPS_AROUND + 1):
        right = pyotp.TOTP(person.totp_secret).at(step * _STEP_S)
        if secrets.compare_digest(right.encode(), code.encode()) and step > person.totp_used_step:
            return step
    return None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
