"""PURE. What the commands print, made of facts that others gathered."""
