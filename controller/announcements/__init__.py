"""EDGE. What the cabinet says of itself: its status, its last will, game over, the screen's feed."""
