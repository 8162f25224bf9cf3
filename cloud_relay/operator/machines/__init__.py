"""EDGE. Machines that are made and removed, and secrets that are changed while all goes on."""
