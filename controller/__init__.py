"""The on-cabinet daemon: payments in from the broker, coin pulses out on one pin."""

__version__ = "0.2.0"
