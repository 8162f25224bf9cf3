"""docs/boards.md tells the technician what the code does, to the millisecond."""

from __future__ import annotations

from pathlib import Path

from controller.model.board_profiles import PROFILES, BoardProfile

DOCS = Path(__file__).parent.parent / "docs" / "boards.md"


def row(profile: BoardProfile) -> str:
    """The profile's line in the table."""
    taken = f"{profile.shortest_ms} to {profile.longest_ms or 'unknown'}"
    cells = (
        f"`{profile.name}`",
        profile.what,
        profile.pulse_ms,
        profile.gap_ms,
        profile.settle_ms,
        profile.max_credits or "no limit",
        taken,
        profile.source,
    )
    return f"| {' | '.join(map(str, cells))} |"


def test_the_table_for_the_technician_is_the_table_in_code() -> None:
    """Row by row; after a change copy what this test expected."""
    lines = DOCS.read_text().splitlines()

    assert [line for line in lines if line.startswith("| `")] == [row(p) for p in PROFILES.values()]
