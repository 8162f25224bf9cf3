"""Desktops for tests: a real X server, and a real Wayland compositor that has one for its monitor."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ctypes import CDLL, POINTER, byref, c_uint, c_ulong, c_void_p
from pathlib import Path

import pytest
from conftest import wait_until

from attract_screen.model.monitor import Size

# Of Debian: xvfb and weston. Weston's own headless output has no seat, and SDL 2.26 dies of that.
needs_a_desktop = pytest.mark.skipif(
    not all(map(shutil.which, ("Xvfb", "weston"))), reason="needs Xvfb and weston"
)


class Desktop:
    """A running one: `process` is its server, and `environment` leads a program to it."""

    def __init__(self, process: subprocess.Popen[bytes], environment: Mapping[str, str]) -> None:
        self.process = process
        self.environment = environment


@contextmanager
def x_desktop(size: str = "1000x800") -> Iterator[Desktop]:
    """Without a window manager: a window is what its program makes it."""
    told, telling = os.pipe()
    command = ["Xvfb", "-displayfd", str(telling), "-screen", "0", f"{size}x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[telling], stderr=subprocess.DEVNULL) as server:
        os.close(telling)
        try:
            with os.fdopen(told) as answer:
                number = answer.readline().strip()
            yield Desktop(server, {"DISPLAY": f":{number}", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""})
        finally:
            server.kill()


def resize_windows(desktop: Desktop, width: int, height: int) -> None:
    """As somebody's hand or a window manager does."""
    x11 = CDLL("libX11.so.6")
    x11.XOpenDisplay.restype, x11.XDefaultRootWindow.restype = c_void_p, c_ulong
    x = c_void_p(x11.XOpenDisplay(desktop.environment["DISPLAY"].encode()))
    root, parent, windows, count = c_ulong(), c_ulong(), POINTER(c_ulong)(), c_uint()
    top = c_ulong(x11.XDefaultRootWindow(x))
    x11.XQueryTree(x, top, byref(root), byref(parent), byref(windows), byref(count))
    for number in range(count.value):
        x11.XResizeWindow(x, c_ulong(windows[number]), width, height)
    x11.XCloseDisplay(x)


@contextmanager
def wayland_desktop(folder: Path, size: Size | None = None) -> Iterator[Desktop]:
    """A kiosk: each window fills its output, of this size or as weston.ini in the folder has it."""
    folder.chmod(0o700)
    name, ready = "wayland-test", folder / "wayland-test"
    words = ["weston", "--backend=x11-backend.so", "--use-pixman", "--shell=kiosk-shell.so", "--idle-time=0"]
    words += [f"--socket={name}", *_outputs(folder / "weston.ini", size)]
    with x_desktop("1900x900") as x:
        surroundings = {**os.environ, **x.environment, "XDG_RUNTIME_DIR": str(folder)}
        with subprocess.Popen(words, env=surroundings, stderr=subprocess.DEVNULL) as compositor:
            try:
                wait_until(ready.exists, "weston")
                environment = {"XDG_RUNTIME_DIR": str(folder), "WAYLAND_DISPLAY": name, "DISPLAY": ""}
                yield Desktop(compositor, {**environment, "SDL_VIDEODRIVER": ""})
            finally:
                compositor.kill()


def _outputs(settings: Path, size: Size | None) -> list[str]:
    if size is None:
        count = settings.read_text().count("[output]")
        return [f"--config={settings}", f"--output-count={count}"]
    return ["--no-config", f"--width={size[0]}", f"--height={size[1]}"]
