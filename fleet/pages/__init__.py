"""What pages say, as values: no page computes."""
