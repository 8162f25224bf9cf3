"""EDGE. Logins in EMQX's built-in database, by its REST API."""

from __future__ import annotations

from cloud_relay.errors import LoginsFailed, NoPasswordDatabase
from cloud_relay.logins.emqx_api import EmqxApi, EmqxRefused, in_path
from cloud_relay.logins.interface import checked_name, checked_password

AUTHENTICATOR = "password_based:built_in_database"
_USERS = f"/authentication/{in_path(AUTHENTICATOR)}/users"
_NOT_FOUND, _CONFLICT = 404, 409


class EmqxLogins:
    """Makes users that are never superusers: whom EMQX calls so may say and hear everything."""

    def __init__(self, api: EmqxApi) -> None:
        self._api = api

    @property
    def where(self) -> str:
        """Which broker, in words that follow "at"."""
        return f"EMQX, {self._api.host}"

    can_act = True

    @property
    def cabinets_port(self) -> None:
        """All log in at the same port."""

    def add(self, username: str, password: str) -> list[str]:
        """Make a user, or give it another password.

        Raises:
            LoginsFailed: EMQX did not answer, or refused.
        """
        doing = f"make the login {checked_name(username)}"
        said = {"password": checked_password(password), "is_superuser": False}
        try:
            self._api.send(doing, "POST", _USERS, {"user_id": username} | said)
        except EmqxRefused as why:
            if why.status != _CONFLICT:
                raise _told(why, doing) from None
            self._api.send(doing, "PUT", f"{_USERS}/{in_path(username)}", said)
        return []

    def remove(self, username: str) -> list[str]:
        """Take a user away; one that is not there is no error.

        Raises:
            LoginsFailed: EMQX did not answer, or refused.
        """
        doing = f"take the login {checked_name(username)} away"
        try:
            self._api.send(doing, "DELETE", f"{_USERS}/{in_path(username)}")
        except EmqxRefused as why:
            if why.status != _NOT_FOUND or _has_no_authenticator(why):
                raise _told(why, doing) from None
        return []

    def disconnect(self, username: str) -> list[str]:
        """End a user's connections and sessions: EMQX keeps them when the user is deleted.

        Raises:
            LoginsFailed: EMQX did not answer, or refused.
        """
        doing = f"end the connections of {checked_name(username)}"
        rows = self._api.pages(doing, "/clients", username=username)
        for client_id in [str(row["clientid"]) for row in rows]:
            try:
                self._api.send(doing, "DELETE", f"/clients/{in_path(client_id)}")
            except EmqxRefused as why:  # one that left meanwhile
                if why.status != _NOT_FOUND:
                    raise
        return []

    def names(self) -> list[str]:
        """All users, sorted.

        Raises:
            LoginsFailed: EMQX did not answer, or refused.
        """
        doing = "list the logins"
        try:
            return sorted(str(row["user_id"]) for row in self._api.pages(doing, _USERS))
        except EmqxRefused as why:
            raise _told(why, doing) from None


def _has_no_authenticator(why: EmqxRefused) -> bool:
    return why.status == _NOT_FOUND and "Authenticator" in str(why)


def _told(why: EmqxRefused, doing: str) -> LoginsFailed:
    """A missing authenticator is a broker that lets everybody in: that comes first."""
    if _has_no_authenticator(why):
        return NoPasswordDatabase(
            f"EMQX cannot {doing}: it has no password database yet: "
            "make it with `python -m cloud_relay setup broker`"
        )
    return why
