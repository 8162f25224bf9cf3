"""EDGE. The one way in which a table becomes a file: no cell of it is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io

from defusedcsv import csv as defused
from flask import Response

from fleet.reports.table import Table

# Without it spreadsheets take UTF-8 for Latin-1.
_BYTE_ORDER_MARK = "\ufeff"


def csv_text(table: Table) -> str:
    """The table's titles and rows as CSV, with the mark that tells a spreadsheet its encoding."""
    out = io.StringIO(newline="")
    # All text is quoted, so that one that splits at semicolons splits none of it.
    writer = defused.writer(out, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerows(table.lines)
    return _BYTE_ORDER_MARK + out.getvalue()


def csv_response(table: Table) -> Response:
    """The table as a file to keep, called after the table."""
    headers = {"Content-Disposition": f'attachment; filename="{table.name}.csv"'}
    return Response(csv_text(table), mimetype="text/csv", headers=headers)
