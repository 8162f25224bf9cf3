"""EDGE. The machine beneath: clocks, serial number, systemd, users."""
