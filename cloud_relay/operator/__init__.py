"""EDGE. What the operator types."""
