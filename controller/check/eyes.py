"""EDGE. Looks with the service's eyes: its user, and what its unit hides; root and a technician see more."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from controller.config.keys import Config, load_config
from controller.config.reader import ConfigError
from controller.model.sandbox import Barrier
from controller.pages.findings import Finding, all_well, note, ok, wrong
from controller.system.other_user import NotLookedError, look_as
from controller.system.systemd_units import Unit

PLACE = Path("/etc/arcade-cabinet")
_OWN = {"state_dir": "/var/lib/arcade-cabinet", "screen_feed": "/run/arcade-cabinet"}


@dataclass(frozen=True)
class Seen:
    """What the service cannot read or write; where that was not `looked` at, `reading` says so."""

    reading: tuple[Finding, ...] = ()
    writing: tuple[Finding, ...] = ()
    looked: bool = False

    @property
    def config_usable(self) -> bool | None:
        """Whether the service would take its configuration; None if nobody knows."""
        return all_well(self.reading) if self.looked else None


def see(unit: Unit, config: Config, path: Path) -> Seen:
    """What the unit's own process finds of config.yaml at `path`, and of what is named in it."""
    if unit.config_file and unit.config_file.resolve() != path.resolve():
        return Seen((note(f"{unit.name} reads {unit.config_file}, and not {path}: look at that one too"),))
    files, folders = _files(config, path), _folders(config)
    user = unit.user or "root"
    try:
        found = look_as(user, lambda: _look(unit, files, folders, path))
    except NotLookedError as why:
        reading = [note(f"whether the service can read it was not looked at: {why}"), *_barred(unit, files)]
        return Seen(tuple(reading), tuple(_shut(unit, folders)))
    reading = [*_barred(unit, files), *_demo(unit, config), *_unread(found, user, files)]
    if not reading:
        reading = [wrong(f"{unit.name} refuses it: {line}", "Mend that line.") for line in found["refused"]]
    reading = reading or [ok(f"the service's user, {user}, can read it and all that it names")]
    return Seen(tuple(reading), (*_shut(unit, folders), *_unwritten(found, user)), looked=True)


def _files(config: Config, path: Path) -> dict[str, Path]:
    """What is read at the start, by its key."""
    named = {"broker.ca_file": config.broker.ca_file}
    if config.relay is not None:
        named["relay.ca_file"] = config.relay.ca_file
    return {"config.yaml": path} | {key: file for key, file in named.items() if file is not None}


def _folders(config: Config) -> dict[str, Path]:
    return {"state_dir": config.state_dir, "screen_feed": config.screen_feed.parent}


def _barred(unit: Unit, files: Mapping[str, Path]) -> Iterator[Finding]:
    for key, path in files.items():
        if barrier := unit.sandbox.hides(_names(path)):
            yield wrong(_hidden(unit, path, barrier), _move(key, path))


def _hidden(unit: Unit, path: Path, barrier: Barrier) -> str:
    return f"the service sees nothing of {path}: {barrier.directive}= of {unit.name} hides {barrier.folder}"


def _move(key: str, path: Path) -> str:
    if key == "config.yaml":
        return f"Move it to {PLACE}/config.yaml."
    return f"Copy it to {PLACE}/{path.name}, and write that into {key}."


def _shut(unit: Unit, folders: Mapping[str, Path]) -> Iterator[Finding]:
    for key, path in folders.items():
        default = f"Take {key} out of config.yaml: by itself it is in {_OWN[key]}"
        if barrier := unit.sandbox.hides(_names(path)):
            yield wrong(_hidden(unit, path, barrier), f"{default}.")
        elif barrier := unit.sandbox.shuts(_names(path)):
            shut = f"{barrier.directive}= of {unit.name} shuts {barrier.folder}"
            remedy = f"{default}; or add ReadWritePaths={path} by `sudo systemctl edit {unit.name}`."
            yield wrong(f"the service may not write to {path}: {shut}", remedy)


def _demo(unit: Unit, config: Config) -> Iterator[Finding]:
    if unit.real_pins_only and config.mock_board is not None:
        yield wrong(
            f"{unit.name} takes real pins only, and refuses mock_pins_for_demo_only", "Take that line out."
        )


def _unread(found: Any, user: str, files: Mapping[str, Path]) -> Iterator[Finding]:
    for key, why, shut_folder in found["unread"]:
        path = files[key]
        text = f"the service's user, {user}, cannot read {path}"
        if shut_folder:
            own = f"sudo chown root:{user} {shut_folder} && sudo chmod 750 {shut_folder}"
            remedy = own if path.parent == PLACE else _move(key, path)
            yield wrong(f"{text}: it may not enter {shut_folder}", remedy)
        elif key == "config.yaml":  # with secrets
            yield wrong(f"{text}: {why}", f"sudo chown root:{user} {path} && sudo chmod 640 {path}")
        else:
            yield wrong(f"{text}: {why}", f"sudo chmod o+r {path}")


def _unwritten(found: Any, user: str) -> Iterator[Finding]:
    for folder, why in found["unwritten"]:
        text = f"the service's user, {user}, cannot write to {folder}: {why}"
        yield wrong(text, f"sudo chown {user}: {folder}")


def _look(unit: Unit, files: Mapping[str, Path], folders: Mapping[str, Path], path: Path) -> dict[str, Any]:
    """Run as the service's user. What the unit hides is not looked at: this process would see it."""
    open_files = {key: file for key, file in files.items() if not unit.sandbox.hides(_names(file))}
    unread = [
        [key, why, _shut_folder(file)] for key, file in open_files.items() if (why := _unreadable(file))
    ]
    whole = not unread and open_files.keys() == files.keys()
    unwritten = [
        [str(folder), why]
        for folder in folders.values()
        if not unit.sandbox.shuts(_names(folder)) and folder.exists() and (why := _unwritable(folder))
    ]
    return {"unread": unread, "refused": _refused(path) if whole else [], "unwritten": unwritten}


def _unreadable(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        return error.strerror
    return None


def _unwritable(folder: Path) -> str | None:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return None
    except OSError as error:
        return error.strerror


def _shut_folder(path: Path) -> str | None:
    """The first folder on the way that may not be entered; a link leads along two ways."""
    ways = (folder for name in _names(path) for folder in reversed(Path(name).parents))
    return next((str(folder) for folder in ways if not os.access(folder, os.X_OK)), None)


def _refused(path: Path) -> list[str]:
    try:
        load_config(path)
    except ConfigError as error:
        return str(error).splitlines()
    return []


def _names(path: Path) -> tuple[str, str]:
    """The names of one file: as written, and where its links lead."""
    return str(path.absolute()), os.path.realpath(path)
