"""EDGE. A virtual arcade board: its wires, and the people at it."""
