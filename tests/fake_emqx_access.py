"""Who may come to the stand-in EMQX: its authenticators, their users, and the clients that are there.

Sources, in EMQX's repository: apps/emqx_auth/src/emqx_authn/emqx_authn_api.erl (paths, `serialize_error`),
apps/emqx_auth_mnesia/src/emqx_authn_mnesia.erl (a user that is there, or is not),
apps/emqx_management/src/emqx_mgmt_api_clients.erl (lists by username, `kickout`). A user that is deleted
leaves its connections as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fake_emqx import Answer, Call, FakeEmqx, Refused, bad_field, fields

BUILT_IN = "password_based:built_in_database"
# What a new one has that is made with nothing but its mechanism and backend.
DEFAULTS = {
    "enable": True,
    "user_id_type": "username",
    "password_hash_algorithm": {"name": "sha256", "salt_position": "prefix"},
}


@dataclass
class Access:
    """Authenticators in their order, users of the built-in database, and clients by their id."""

    authenticators: list[dict[str, Any]] = field(default_factory=list)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)

    def serve_at(self, emqx: FakeEmqx) -> None:
        """Answer for it."""
        users = "/authentication/{which}/users"
        emqx.serve(
            ("GET", "/authentication", self._list),
            ("POST", "/authentication", self._create),
            ("GET", "/authentication/{which}", self._get),
            ("PUT", "/authentication/{which}", self._update),
            ("GET", users, self._list_users),
            ("POST", users, self._add_user),
            ("PUT", users + "/{user}", self._update_user),
            ("DELETE", users + "/{user}", self._delete_user),
            ("GET", "/clients", self._list_clients),
            ("DELETE", "/clients/{client}", self._kick),
        )

    def _list(self, _: Call) -> Answer:
        return 200, self.authenticators

    def _get(self, _: Call, which: str) -> Answer:
        return 200, self._authenticator(which)

    def _create(self, call: Call) -> Answer:
        told = call.body
        if not isinstance(told, dict) or "mechanism" not in told:
            raise bad_field("mechanism", "required_field")
        if (told["mechanism"], told.get("backend")) != ("password_based", "built_in_database"):
            raise Refused(400, "BAD_REQUEST", "Unsupported authentication type")
        if any(each["id"] == BUILT_IN for each in self.authenticators):
            raise Refused(409, "ALREADY_EXISTS", f"Authenticator '{BUILT_IN}' already exist")
        self.authenticators.append(DEFAULTS | told | {"id": BUILT_IN})
        return 200, self.authenticators[-1]

    def _update(self, call: Call, which: str) -> Answer:
        there, told = self._authenticator(which), call.body
        if (told.get("mechanism"), told.get("backend")) != (there["mechanism"], there.get("backend")):
            raise Refused(400, "BAD_REQUEST", "Change of authentication type is not allowed")
        there.update(told)
        return 204, None

    def _authenticator(self, which: str) -> dict[str, Any]:
        for each in self.authenticators:
            if each["id"] == which:
                return each
        raise Refused(404, "NOT_FOUND", f"Authenticator '{which}' does not exist")

    def _users_of(self, which: str) -> dict[str, dict[str, Any]]:
        if not self.authenticators:
            raise Refused(404, "NOT_FOUND", "Authenticator not found in the 'global' scope")
        self._authenticator(which)
        return self.users

    def _list_users(self, call: Call, which: str) -> Answer:
        rows = sorted(self._users_of(which).items())
        return 200, call.page([_shown(name, user) for name, user in rows])

    def _add_user(self, call: Call, which: str) -> Answer:
        told = fields({"is_superuser": False} | call.body, user_id=str, password=str, is_superuser=bool)
        users, name = self._users_of(which), told.pop("user_id")
        if name in users:
            raise Refused(409, "ALREADY_EXISTS", "User already exists")
        users[name] = told
        return 201, _shown(name, told)

    def _update_user(self, call: Call, which: str, user: str) -> Answer:
        told = fields({"is_superuser": False} | call.body, password=str, is_superuser=bool)
        self._user(which, user)
        self.users[user] = told
        return 200, _shown(user, told)

    def _delete_user(self, _: Call, which: str, user: str) -> Answer:
        self._user(which, user)
        del self.users[user]
        return 204, None

    def _user(self, which: str, user: str) -> None:
        if user not in self._users_of(which):
            raise Refused(404, "NOT_FOUND", "User not found")

    def _list_clients(self, call: Call) -> Answer:
        wanted = call.query.get("username")
        rows = [
            {"clientid": client, "username": name, "connected": True}
            for client, name in self.clients.items()
            if wanted in (None, name)
        ]
        return 200, call.page(rows)

    def _kick(self, _: Call, client: str) -> Answer:
        if self.clients.pop(client, None) is None:
            raise Refused(404, "CLIENTID_NOT_FOUND", "Client ID not found")
        return 204, None


def _shown(name: str, user: dict[str, Any]) -> dict[str, Any]:
    return {"user_id": name, "is_superuser": user["is_superuser"]}
