"""PURE. The board itself: coin switch, credits, games."""
