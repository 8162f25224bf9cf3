"""Imports what the services of a release start with, `import_release.py FOLDER`; ends badly where that fails.

Run by the release's own environment with `-I`, which imports nothing from the folder where root happens to
stand. (Of lgpio only the lower half is imported: the upper one opens FIFOs.)
"""

import sys
from importlib import import_module

MODULES = (
    "_lgpio",
    "controller.__main__",
    "controller.commands.run",
    "controller.app",
    "controller.board.coin_line_process",
    "controller.board.quick_release",
    "controller.commands.release_lines",
    "attract_screen.__main__",
)


def main() -> None:
    """Import all of them, the release's own code from its folder; raises ImportError or what they raise."""
    sys.path.insert(0, sys.argv[1])
    for module in MODULES:
        import_module(module)


if __name__ == "__main__":
    main()
