"""PURE. What brokers read: the access rules in each broker's own writing."""
