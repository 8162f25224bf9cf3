"""What cabinets said, as it came."""
