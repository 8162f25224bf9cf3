"""CORE. Who may see and do what: the one table that every request is held against."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is here; a partner sees one location alone, its machines and its figures."""

    OWNER = "owner"
    STAFF = "staff"
    PARTNER = "partner"
    VIEWER = "viewer"


EVERYBODY = frozenset(Role)
# Who reads all that there is.
READERS = frozenset({Role.OWNER, Role.STAFF, Role.VIEWER})
WORKERS = frozenset({Role.OWNER, Role.STAFF})
OWNERS = frozenset({Role.OWNER})
# Without a login: its own page, and what that is made of.
PUBLIC = frozenset({"login.form", "login.enter", "static", "health"})

# By the name of the route (blueprint.function); one that is not here is shut to everybody.
ALLOWED: dict[str, frozenset[Role]] = {
    "login.leave": EVERYBODY,
    "overview.page": EVERYBODY,
    "overview.live": EVERYBODY,
    "machine.page": EVERYBODY,
    "machine.rows": EVERYBODY,
    "machine.file": EVERYBODY,
    "machine.plot": EVERYBODY,
    "money.page": EVERYBODY,
    "money.file": EVERYBODY,
    "money.rows": EVERYBODY,
    "money.rows_file": EVERYBODY,
    "money.differing": READERS,
    "money.differing_file": READERS,
    "money.payment": READERS,
    "money.refund": WORKERS,
    "collections.page": EVERYBODY,
    "collections.file": EVERYBODY,
    "collections.record": WORKERS,
    "collections.statement": EVERYBODY,
    "collections.statement_file": EVERYBODY,
    "collections.statement_pdf": EVERYBODY,
    "alerts.page": EVERYBODY,
    "alerts.see_to": WORKERS,
    "locations.page": WORKERS,
    "locations.add": WORKERS,
    "locations.edit": WORKERS,
    "locations.change": WORKERS,
    "locations.settings": WORKERS,
    "locations.set_machine": WORKERS,
    "people.page": OWNERS,
    "people.add": OWNERS,
    "people.change": OWNERS,
    "people.renew": OWNERS,
    "people.switch": OWNERS,
    "audit.page": WORKERS,
    "audit.file": WORKERS,
    "channels.page": OWNERS,
    "channels.add": OWNERS,
    "channels.edit": OWNERS,
    "channels.change": OWNERS,
    "channels.test": OWNERS,
    "channels.switch": OWNERS,
}


def may(role: Role, endpoint: str) -> bool:
    """Whether somebody with this role may use this route."""
    return role in ALLOWED.get(endpoint, frozenset())
