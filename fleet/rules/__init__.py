"""CORE. What is decided for the fleet: no I/O, no clock; the time is an argument."""
