"""EDGE. A look at the machine with the rights of another user: what root can read proves nothing."""

from __future__ import annotations

import json
import os
import pwd
import selectors
import signal
from collections.abc import Callable, Sequence
from typing import Any

WITHIN_S = 5.0


class NotLookedError(OSError):
    """Nobody could look; the message says why."""


def look_as(user: str, look: Callable[[], Any], within_s: float = WITHIN_S) -> Any:
    """What `look` finds, called as `user`, with that user's groups; plain values, as JSON has them.

    Raises:
        NotLookedError: there is no such user, this process may not become it, or `look` did not end well.
    """
    try:
        entry = pwd.getpwnam(user) if not user.isdecimal() else pwd.getpwuid(int(user))
    except KeyError:
        raise NotLookedError(f"there is no user {user}") from None
    if os.geteuid() == entry.pw_uid:
        return look()
    if os.geteuid() != 0:
        raise NotLookedError(f"only root and {user} itself can look as {user}: sudo cabinet check")
    groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        _look_and_exit(writer, entry, groups, look)
    os.close(writer)
    try:
        return _heard(reader, child, user, within_s)
    finally:
        os.close(reader)
        os.waitpid(child, 0)


def _look_and_exit(
    writer: int, entry: pwd.struct_passwd, groups: Sequence[int], look: Callable[[], Any]
) -> None:
    """In the child, which never comes back: it is a copy of this whole process."""
    try:
        os.setgroups(groups)
        os.setresgid(entry.pw_gid, entry.pw_gid, entry.pw_gid)
        os.setresuid(entry.pw_uid, entry.pw_uid, entry.pw_uid)
        os.write(writer, json.dumps([True, look()]).encode())
    except Exception as error:  # noqa: BLE001 - the parent tells it
        os.write(writer, json.dumps([False, repr(error)]).encode())
    finally:
        os._exit(0)


def _heard(reader: int, child: int, user: str, within_s: float) -> Any:
    heard = b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(reader, selectors.EVENT_READ)
        while waiting.select(within_s):
            if not (part := os.read(reader, 65536)):
                break
            heard += part
        else:
            os.kill(child, signal.SIGKILL)  # it stands at a file that does not answer
            raise NotLookedError(f"looking as {user} took longer than {within_s:g} s")
    done, found = json.loads(heard) if heard else (False, "it ended")
    if not done:
        raise NotLookedError(f"looking as {user} failed: {found}")
    return found
