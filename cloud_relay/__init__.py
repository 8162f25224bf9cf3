"""The cloud relay: a thin, stateless app between Stripe, the MQTT broker and the cabinets."""

__version__ = "0.2.0"
