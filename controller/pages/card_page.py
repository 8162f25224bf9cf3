"""CORE. What is said of the file on the card: in a text file for Windows, and on the screen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

REPORT = "cabinet-problems.txt"
EXAMPLE = "cabinet-example.yaml"
_NEXT = (
    f"Switch off, put the memory card into a computer, fill in {EXAMPLE} there, and save it as cabinet.yaml.",
    "Put the card back, and switch on.",
)
_NEXT_OVER_NETWORK = "Or over the network, by SSH: sudoedit /etc/arcade-cabinet/config.yaml"
_USABLE = "Switch off and on again, or: sudo systemctl restart arcade-controller"


@dataclass(frozen=True)
class Notice:
    """What stands large on the screen of a machine that is not set up."""

    headline: str
    lines: tuple[str, ...]


def plain_line(line: int | None, key: str, text: str) -> str:
    """One thing that is wrong, with the number of its line if it has one."""
    return f"Line {line}: {key} {text}" if line else f"{key} {text}"


def plain_warning(warning: str, path: str) -> str:
    """A warning of the file at `path`, as "path:line: key text", in the same words as a problem."""
    line, colon, text = warning.removeprefix(f"{path}:").partition(": ")
    return f"Line {line}: {text}" if colon and line.isdigit() else warning.removeprefix(f"{path}: ")


def refused_report(file: str, problems: Sequence[str]) -> bytes:
    """What is wrong with the file on the card, in full, as a text file of Windows."""
    return _for_windows(
        f"The cabinet could not use {file}. {_count(problems)}:",
        *("", *problems, ""),
        f"Mend that in {file}, save it here, put the card back into the cabinet, and switch on.",
        "Where it says kept-in-the-cabinet, the cabinet has what stood there: leave that word,",
        "unless the value itself was wrong; then type the value anew.",
    )


def taken_report(file: str, warnings: Sequence[str]) -> bytes:
    """What is hardly meant in a file that was taken over."""
    return _for_windows(
        f"The cabinet has taken over {file}, and works with it. See whether this is meant:",
        *("", *warnings),
    )


def _for_windows(*lines: str) -> bytes:
    """With the mark by which Notepad knows UTF-8, and its line ends."""
    return "\r\n".join((*lines, "")).encode("utf-8-sig")


def refused_notice(file: str, problems: Sequence[str], beside: Sequence[str] = ()) -> Notice:
    """What the screen says of a file with mistakes, and `beside` them, of its card."""
    return Notice(f"{file}: {_count(problems)}", (*beside, *problems))


def next_notice(*, has_network: bool) -> Notice:
    """What the screen says where nothing is configured yet."""
    return Notice("NOT SET UP YET", (*_NEXT, _NEXT_OVER_NETWORK) if has_network else _NEXT)


def usable_notice() -> Notice:
    """What the screen says once config.yaml can be used, and the controller does not run yet."""
    return Notice("CONFIGURATION IS RIGHT NOW", (_USABLE,))


def machine_line(address: str | None, serial: str) -> str:
    """How this machine is found in the network, and told from others."""
    where = f"Address {address}" if address else "No network yet"
    return f"{where}, serial {serial}"


def _count(problems: Sequence[str]) -> str:
    return "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
