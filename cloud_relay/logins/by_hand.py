"""What to type where a broker has no API for its logins: EMQX Serverless, or one that we cannot reach."""

from __future__ import annotations

from cloud_relay.logins.interface import checked_name, checked_password

_PLACE = "in the broker's console (EMQX Serverless: your deployment, Access Control, Authentication)"


class LoginsByHand:
    """Does nothing but say what is to be done; the words of `add` hold the password."""

    where = "the broker's console"
    can_act = False
    cabinets_port = None

    def add(self, username: str, password: str) -> list[str]:
        """How a login is made, or given another password."""
        checked_password(password)
        return [
            f"Open the list of users {_PLACE}.",
            f"Add the user {checked_name(username)}, or edit it where it is in the list.",
            f"Give it the password {password}, and save.",
        ]

    def remove(self, username: str) -> list[str]:
        """How a login is taken away."""
        return [
            f"Open the list of users {_PLACE}.",
            f"Delete the user {checked_name(username)}.",
        ]

    def disconnect(self, username: str) -> list[str]:
        """How its connections are ended, which EMQX keeps when a user is deleted."""
        return [
            "Open the list of clients in the broker's console (EMQX Serverless: your deployment, Monitoring, "
            "Clients).",
            f"Kick out each client whose username is {checked_name(username)}.",
        ]

    def names(self) -> None:
        """Only the console shows them."""
