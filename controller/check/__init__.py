"""`cabinet check`: looks at everything that a cabinet needs, one noun a file."""
