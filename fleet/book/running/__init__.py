"""What the fleet keeps of its own running: what works, what it found wrong, and how far it came."""
