"""A design: its colours, letters, pictures and ground, with the operator's own in their place."""
