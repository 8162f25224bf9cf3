"""What the fleet decides: pure functions of what it knows."""
