"""Another user of the same machine, who reaches for what is the controller's."""

from __future__ import annotations

from cabinet import CONFIG, FEED, LEDGER, run
from checks import same

# Opens each as a reader who does not wait; what cannot be opened is named with why.
READ = """
import os, sys
for path in sys.argv[1:]:
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
        print(path, "opened")
    except OSError as error:
        print(path, error.strerror)
"""
STRANGERS = ("nobody", "attract")


def reach() -> None:
    """While the controller runs: whoever could open its FIFO would take the board's edges away."""
    fifos = run("find", "/", "-path", "/proc", "-prune", "-o", "-name", ".lgd-*", "-print")[1].split()
    same("lgpio has its FIFO in the controller's own folder", ["/run/arcade-cabinet/lgpio/.lgd-nfy0"], fifos)
    for name in STRANGERS:
        same(f"{name} cannot open it", _refused(fifos), _read(name, fifos))
    others = [str(CONFIG), str(LEDGER)]
    for name in STRANGERS:
        same(f"{name} can open neither configuration nor ledger", _refused(others), _read(name, others))
    same("the screen's user can open the feed", [f"{FEED} opened"], _read("attract", [str(FEED)]))


def _refused(paths: list[str]) -> list[str]:
    return [f"{path} Permission denied" for path in paths]


def _read(user: str, paths: list[str]) -> list[str]:
    command = ("runuser", "-u", user, "--", "/usr/bin/python3", "-I", "-c", READ, *paths)
    return run(*command)[1].splitlines()
