"""Prints the figures of the rooms: how full they are, how high the imports are stacked, how long the code is.

python tools/rooms.py                  of this working tree
python tools/rooms.py --rev d2a09d9    of an older revision, to compare

A floor is what a module stands on: one that imports nothing of its package is on the first, and any other
one above the highest that it imports. Lines are those that are not blank; modules are all but __init__.py.
"""

from __future__ import annotations

import argparse
import ast
import io
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import grimp

PROJECT = Path(__file__).parent.parent
PACKAGES = ("controller", "attract_screen", "cloud_relay", "fleet", "simulator")
Graph = Mapping[str, set[str]]


def main() -> None:
    """Print a table, one column a package."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--rev", help="a revision that git knows, in place of the working tree")
    rev = options.parse_args().rev
    with tempfile.TemporaryDirectory() as scratch:
        tree = _unpacked(rev, Path(scratch)) if rev else PROJECT
        sys.path.insert(0, str(tree))
        columns = [_figures(tree, package) for package in PACKAGES]
    print("".ljust(24) + "".join(package.ljust(36) for package in PACKAGES))
    for name in columns[0]:
        print(name.ljust(24) + "".join(column[name].ljust(36) for column in columns).rstrip())


def _unpacked(rev: str, folder: Path) -> Path:
    archive = subprocess.run(["git", "archive", rev], cwd=PROJECT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return folder


def _figures(tree: Path, package: str) -> dict[str, str]:
    modules = [path for path in (tree / package).rglob("*.py") if path.name != "__init__.py"]
    lengths = {str(path.relative_to(tree / package)): _lines(path.read_text()) for path in modules}
    functions = dict(each for path in modules for each in _functions(path))
    folder, most = Counter(path.parent.relative_to(tree) for path in modules).most_common(1)[0]
    graph = _imports(package)
    return {
        "modules": str(len(modules)),
        "most in one folder": f"{most} ({folder})",
        "floors of modules": _floors(graph),
        "floors of rooms": _floors(_joined(graph, lambda module: ".".join(module.split(".")[:2]))),
        "median module": f"{median(lengths.values()):g} lines",
        "largest module": _largest(lengths),
        "median function": f"{median(functions.values()):g} lines",
        "longest function": _largest(functions),
    }


def _imports(package: str) -> Graph:
    found = grimp.build_graph(package, cache_dir=None)
    return {module: found.find_modules_directly_imported_by(module) for module in found.modules}


def _joined(graph: Graph, room: Callable[[str], str]) -> Graph:
    joined: dict[str, set[str]] = {room(module): set() for module in graph}
    for module, imported in graph.items():
        joined[room(module)] |= {room(each) for each in imported} - {room(module)}
    return joined


def _floors(graph: Graph) -> str:
    try:
        # In order of their names, so that one tree always shows the same circle.
        in_order = {module: sorted(graph[module]) for module in sorted(graph)}
        order = list(TopologicalSorter(in_order).static_order())
    except CycleError as error:
        return f"a circle: {' -> '.join(each.rpartition('.')[2] for each in error.args[1])}"
    floors: dict[str, int] = {}
    for module in order:
        floors[module] = 1 + max((floors[each] for each in graph[module]), default=0)
    return f"{max(floors.values())}, no circle"


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    text = path.read_text()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = text.splitlines()[node.lineno - 1 : node.end_lineno]
            yield f"{node.name} in {path.stem}:{node.lineno}", _lines("\n".join(lines))


def _lines(text: str) -> int:
    return sum(bool(line.strip()) for line in text.splitlines())


def _largest(lengths: Mapping[str, int]) -> str:
    name = max(lengths, key=lambda each: lengths[each])
    return f"{lengths[name]} ({name})"


if __name__ == "__main__":
    main()
