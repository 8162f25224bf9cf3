"""EDGE. Answers that a process keeps for a moment, so that others are asked less often."""
