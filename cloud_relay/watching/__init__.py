"""EDGE. What the relay tells of itself: lines, figures, whether the broker is there."""
