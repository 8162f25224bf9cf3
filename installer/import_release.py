"""Imports what the services of a release start with, and compiles it for the controller's.

`import_release.py FOLDER APP`, for a release in FOLDER that will be APP; ends badly where an import fails.
Run by the release's own environment: with `-I`, which imports nothing from the folder where root happens to
stand, and with the controller's own `-OO` and `-X pycache_prefix=`, for that is what is compiled for. (Of
lgpio only the lower half is imported: the upper one opens FIFOs.)
"""

import py_compile
import sys
from importlib import import_module
from importlib.util import cache_from_source, find_spec
from pathlib import Path

MODULES = (
    "_lgpio",
    "controller.__main__",
    "controller.commands.run",
    "controller.app",
    "controller.board.coin_line_process",
    "controller.board.quick_release",
    "controller.commands.release_lines",
    "attract_screen.__main__",
    # What Python itself imports once it is needed: for an address, a package's files, a .pth file.
    *("encodings.idna", "importlib.readers", "encodings.utf_8_sig"),
)


def main() -> None:
    """Import all of them, the release's own code from its folder; raises ImportError or what they raise."""
    folder, app = sys.argv[1:]
    sys.path.insert(0, folder)
    for module in MODULES:
        import_module(module)
    for file in _sources():
        place = app + file.removeprefix(folder) if file.startswith(f"{folder}/") else file
        py_compile.compile(file, cache_from_source(place), place, doraise=True)


def _sources() -> list[str]:
    """What was imported, and what is only on real pins or now and then."""
    files = [getattr(module, "__file__", None) for module in sys.modules.values()]
    for package in ("gpiozero", "controller"):
        files += map(str, Path(str(sys.modules[package].__file__)).parent.rglob("*.py"))
    if lgpio := find_spec("lgpio"):
        files.append(lgpio.origin)
    return sorted({file for file in files if file and file.endswith(".py")})


if __name__ == "__main__":
    main()
