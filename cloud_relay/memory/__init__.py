"""EDGE. What a process keeps for a moment, so that others are asked less often, and what it has counted."""
