"""What is computed from the entries, and can be computed anew."""
