"""Changes the pure rooms a little, here and there, and looks whether a test notices: `make mutants`.

Mutmut makes the changes, in a copy of the checkout under build/mutants, and runs for each the tests that
reach the changed function; its settings are in pyproject.toml. It changes nothing outside of functions
(constants, a dataclass's defaults), and no decorated function: so the copy has its properties written out.
"""

from __future__ import annotations

import argparse
import ast
import re
import resource
import shutil
import signal
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

ROOT = Path(__file__).parent.parent
COPY = ROOT / "build" / "mutants"
MUTMUT = [sys.executable, "-m", "mutmut"]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
# A change that ends in an endless loop was noticed too.
KILLED = {"killed", "timeout", "suspicious", "segfault", "caught by type check"}
# What a change that never ends may fill.
MEMORY_BYTES = 2 * 1024**3
NOT_TRIED = {"not checked", "skipped"}


def main() -> None:
    """Copy, change, test, and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="tell what was tried by then (10)")
    parser.add_argument("--only", nargs="+", default=[], metavar="FILE", help="controller/rules/play.py, say")
    parser.add_argument("--jobs", type=int, help="changes tried at once (as many as there are cores)")
    asked = parser.parse_args()
    checkout = _output("git", "ls-files", "--cached", "--others", "--exclude-standard").split("\n")
    files = [file for file in checkout if (ROOT / file).is_file()]
    pure = [file for file in files if any(fnmatch(file, room) for room in SETTINGS["only_mutate"])]
    if unknown := sorted({*asked.only} - {*pure}):
        parser.error(f"in no pure room: {' '.join(unknown)}")
    if unknown := sorted({*SETTINGS["pytest_add_cli_args_test_selection"]} - {*files}):
        parser.error(f"pyproject.toml names tests that are not there: {' '.join(unknown)}")
    _copy(files, pure)
    _run_mutmut(asked.only, asked.minutes, asked.jobs)
    _tell(asked.only or pure)


def _copy(files: list[str], pure: list[str]) -> None:
    """The checkout as it is now, with what is not committed yet."""
    shutil.rmtree(COPY, ignore_errors=True)
    for file in files:
        (COPY / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / file, COPY / file)
    for file in pure:
        (COPY / file).write_text(with_properties_written_out((ROOT / file).read_text()))


def with_properties_written_out(source: str) -> str:
    """The source with each `@property def x` as `def x_of`, and `x = property(x_of)` after it."""
    lines = source.splitlines()
    for function in sorted(_properties(ast.parse(source)), key=lambda each: -each.lineno):
        name, first, last = function.name, function.lineno, function.end_lineno or function.lineno
        lines.insert(last, f"{' ' * function.col_offset}{name} = property({name}_of)")
        lines[first - 1] = lines[first - 1].replace(f"def {name}(", f"def {name}_of(", 1)
        lines[first - 2] = ""
    return "\n".join(lines) + "\n"


def _properties(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    for function in ast.walk(tree):
        match function:
            case ast.FunctionDef(decorator_list=[ast.Name("property")]):
                yield function


def _run_mutmut(only: list[str], minutes: float, jobs: int | None) -> None:
    """Run it as long as there is time."""
    children = ["--max-children", str(jobs)] if jobs else []
    command = [*MUTMUT, "run", *children, *(f"{_module(file)}.*" for file in only)]
    log = COPY / "mutmut.log"
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    with log.open("w") as said, subprocess.Popen(command, cwd=COPY, stdout=said, stderr=said) as mutmut:
        try:
            mutmut.wait(minutes * 60)
        except subprocess.TimeoutExpired:
            print(f"Stopped after {minutes:g} minutes.")
            mutmut.send_signal(signal.SIGINT)
    if "Running mutation testing" not in log.read_text():
        sys.exit(f"The tests did not pass in the copy, before anything was changed: see {log}")


def _tell(files: list[str]) -> None:
    """Each survivor as a difference, and how many there were of each file."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for name, status in re.findall(r"^ +(\S+): (.+)$", _output(*MUTMUT, "results", "--all", "1"), re.M):
        file = next((file for file in files if name.startswith(f"{_module(file)}.")), None)
        fate = "not tried" if status in NOT_TRIED else "killed" if status in KILLED else "survived"
        if file is not None:
            counts[file][fate] += 1
        if file is not None and fate == "survived":
            print(f"\n{_output(*MUTMUT, 'show', name).strip()}")
    print(f"\n{'tried':>6} {'killed':>6} {'survived':>8} {'not tried':>9}")
    for file, count in [*sorted(counts.items()), ("all", sum(counts.values(), Counter[str]()))]:
        tried = count["killed"] + count["survived"]
        print(f"{tried:6} {count['killed']:6} {count['survived']:8} {count['not tried']:9}  {file}")


def _module(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".")


def _output(*command: str) -> str:
    where = COPY if command[0] == sys.executable else ROOT
    return subprocess.run(command, cwd=where, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
