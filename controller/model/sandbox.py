"""CORE. What systemd hides from a service, and keeps it from writing to (systemd.exec(5)); paths are text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_YES = ("yes", "true", "1", "on")
_HOMES = ("/home", "/root", "/run/user")
_TEMPORARY = ("/tmp", "/var/tmp")  # noqa: S108 - the places that PrivateTmp= is about
_KERNELS = ("/dev", "/proc", "/sys")
_WRITE_PROTECTED = {"strict": ("/",), "full": ("/boot", "/efi", "/etc", "/usr")}
PROPERTIES = (
    *("ProtectHome", "PrivateTmp", "ProtectSystem", "InaccessiblePaths", "BindPaths", "BindReadOnlyPaths"),
    *("ReadOnlyPaths", "ReadWritePaths", "StateDirectory", "RuntimeDirectory"),
)


@dataclass(frozen=True)
class Barrier:
    """What stands between the service and a path: a directive of its unit, and the folder that it shuts."""

    directive: str
    folder: str


@dataclass(frozen=True)
class Sandbox:
    """A unit's directives: folders hidden and shut for writing, and those let through all the same."""

    hidden: tuple[Barrier, ...] = ()
    shown: tuple[str, ...] = ()
    not_written: tuple[Barrier, ...] = ()
    written: tuple[str, ...] = ()

    def hides(self, paths: Iterable[str]) -> Barrier | None:
        """What hides one of `paths`, the names of one file: as written, and where its links lead."""
        return _first(self.hidden, self.shown, paths)

    def shuts(self, paths: Iterable[str]) -> Barrier | None:
        """What keeps the service from writing there."""
        return _first(self.not_written, self.written, paths)


def sandbox_of(has: Mapping[str, str]) -> Sandbox:
    """The sandbox by a unit's properties, as `systemctl show` has them."""
    hidden = [Barrier("InaccessiblePaths", each) for each in _paths(has, "InaccessiblePaths")]
    if has.get("ProtectHome") in (*_YES, "tmpfs"):
        hidden += [Barrier("ProtectHome", each) for each in _HOMES]
    if has.get("PrivateTmp") in (*_YES, "disconnected"):
        hidden += [Barrier("PrivateTmp", each) for each in _TEMPORARY]
    system = has.get("ProtectSystem", "")
    level = "full" if system in _YES else system
    not_written = [Barrier("ReadOnlyPaths", each) for each in _paths(has, "ReadOnlyPaths")]
    not_written += [Barrier("ProtectSystem", each) for each in _WRITE_PROTECTED.get(level, ())]
    if has.get("ProtectHome") == "read-only":
        not_written += [Barrier("ProtectHome", each) for each in _HOMES]
    bound = _bound(has, "BindPaths")
    return Sandbox(
        tuple(hidden),
        (*bound, *_bound(has, "BindReadOnlyPaths")),
        tuple(not_written),
        (
            *bound,
            *_paths(has, "ReadWritePaths"),
            *(f"/var/lib/{each}" for each in _paths(has, "StateDirectory")),
            *(f"/run/{each}" for each in _paths(has, "RuntimeDirectory")),
            *_KERNELS,
        ),
    )


def _paths(has: Mapping[str, str], name: str) -> list[str]:
    return [each.lstrip("-+") for each in has.get(name, "").split()]


def _bound(has: Mapping[str, str], name: str) -> list[str]:
    """Where something is put into the sandbox: FROM:TO:OPTIONS, each behind the first optional."""
    return [(each.split(":")[1:] or [each])[0] for each in _paths(has, name)]


def _first(barriers: tuple[Barrier, ...], open_ways: tuple[str, ...], paths: Iterable[str]) -> Barrier | None:
    for path in paths:
        ways = [way for way in open_ways if _is_in(path, way)]
        for barrier in barriers:
            # The nearer folder counts, be it shut or let through.
            if _is_in(path, barrier.folder) and not any(_is_in(way, barrier.folder) for way in ways):
                return barrier
    return None


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")
