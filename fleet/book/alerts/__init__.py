"""What is wrong and since when, what it is decided by, and whom it has to be told."""
