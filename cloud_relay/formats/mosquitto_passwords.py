"""CORE. Mosquitto's password files: lines as mosquitto_passwd writes them, PBKDF2 with SHA-512."""

from __future__ import annotations

import hashlib
from base64 import b64encode

# mosquitto_passwd's own. The broker has one thread for it, and after a power cut all cabinets come at once.
ITERATIONS = 101
SALT_BYTES = 12
_HASH_BYTES = 64


def password_line(username: str, password: str, salt: bytes) -> str:
    """The line of a login; a salt is used once."""
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, ITERATIONS, _HASH_BYTES)
    return f"{username}:$7${ITERATIONS}${b64encode(salt).decode()}${b64encode(key).decode()}"


def usernames(text: str) -> list[str]:
    """The logins of a file, in its order."""
    return [name for name in map(_name_in, text.splitlines()) if name is not None]


def with_line(text: str, username: str, line: str | None) -> str:
    """The file with this line for a login, at its place or at the end; with None it has no more line."""
    lines = text.splitlines()
    kept = [each for each in lines if _name_in(each) != username]
    if line is not None:
        place = next((n for n, each in enumerate(lines) if _name_in(each) == username), len(kept))
        kept.insert(place, line)
    return "".join(f"{each}\n" for each in kept)


def _name_in(line: str) -> str | None:
    """Whose line it is; comments and empty lines are nobody's."""
    name, colon, _ = line.partition(":")
    return name if colon and not line.startswith("#") else None
