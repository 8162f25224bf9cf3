"""The copy that `make mutants` changes: its properties are functions, and do the same."""

from __future__ import annotations

from types import ModuleType

import pytest

from tools.mutants import ROOT, SETTINGS, with_properties_written_out

SOURCE = '''\
class Square:
    side: int = 3

    @property
    def area(self) -> int:
        """Its area."""
        return self.side**2

    @property
    def edge(self) -> int:
        return (
            4 * self.side
        )


def area(side: int) -> int:
    return side
'''
WRITTEN_OUT = '''\
class Square:
    side: int = 3


    def area_of(self) -> int:
        """Its area."""
        return self.side**2
    area = property(area_of)


    def edge_of(self) -> int:
        return (
            4 * self.side
        )
    edge = property(edge_of)


def area(side: int) -> int:
    return side
'''


def test_a_property_is_a_function_and_stays_a_property() -> None:
    """The tool changes plain functions only."""
    assert with_properties_written_out(SOURCE) == WRITTEN_OUT
    module = ModuleType("squares")
    exec(with_properties_written_out(SOURCE), module.__dict__)  # noqa: S102
    assert (module.Square().area, module.Square().edge) == (9, 12)


@pytest.mark.parametrize("room", SETTINGS["only_mutate"])
def test_the_tool_finds_something_in_each_kind_of_room(room: str) -> None:
    """A room that was renamed would be left in peace without a word."""
    found = [path for package in SETTINGS["source_paths"] for path in (ROOT / package).rglob("*.py")]
    assert any(path.relative_to(ROOT).match(room) for path in found)


def test_every_table_of_the_rules_is_among_the_tests_that_the_tool_runs() -> None:
    """One that is forgotten leaves its rules unguarded in the tool's eyes; the model is too slow for it."""
    tables = {f"tests/{path.name}" for path in (ROOT / "tests").glob("test_decide_*.py")}
    left_out = tables - set(SETTINGS["pytest_add_cli_args_test_selection"])
    assert left_out == {"tests/test_decide_model.py"}


@pytest.mark.parametrize("file", SETTINGS["pytest_add_cli_args_test_selection"])
def test_the_tests_that_the_tool_runs_are_there(file: str) -> None:
    """Tests move, and the list would be noticed only when the tool is used."""
    assert (ROOT / file).is_file()
