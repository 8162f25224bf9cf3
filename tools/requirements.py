"""Prints what pyproject.toml asks for, a line each: `requirements.py [project] [EXTRA...]`."""

import sys
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"


def main() -> None:
    """Print the dependencies of the project itself, or of its extras, as named."""
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    needs = {"project": project["dependencies"], **project["optional-dependencies"]}
    print(*(need for name in sys.argv[1:] for need in needs[name]), sep="\n")


if __name__ == "__main__":
    main()
