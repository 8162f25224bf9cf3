"""PURE. What new-machine, remove-machine and rotate print."""
