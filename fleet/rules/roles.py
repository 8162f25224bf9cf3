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
    "alerts.page": EVERYBODY,
    "alerts.see_to": WORKERS,
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
