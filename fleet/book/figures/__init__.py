"""What pages and reports are made of, asked of the database."""
