"""The contract that pure rooms keep, for import-linter: nothing in them reaches an edge or a library."""

from __future__ import annotations

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class PureRooms(Contract):
    """Modules in a folder with one of the names in `rooms` import each other, and `allowed` of the rest.

    What is allowed is named, and not what is forbidden: such a list would always lack the next library.
    """

    type_name = "pure_rooms"
    rooms = fields.SetField(subfield=fields.StringField())
    allowed = fields.SetField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Hold every import of every pure module against the contract."""
        breaches = [
            (importer, imported, line)
            for importer in sorted(filter(self._is_pure, graph.modules))
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not self._is_pure(imported) and imported not in self.allowed
            for line in _lines(graph, importer, imported)
        ]
        return ContractCheck(kept=not breaches, metadata={"breaches": breaches})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Name each import that breaks it."""
        for importer, imported, line in check.metadata["breaches"]:
            output.print_error(f"{importer} is pure and may not import {imported} (line {line})")

    def _is_pure(self, module: str) -> bool:
        return not self.rooms.isdisjoint(module.split(".")[1:])


def _lines(graph: ImportGraph, importer: str, imported: str) -> list[int]:
    return [found["line_number"] for found in graph.get_import_details(importer=importer, imported=imported)]
