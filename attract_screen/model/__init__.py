"""PURE. What the screen shows, before it is drawn."""
