"""The database: entries as they came, what is computed from them, and what people typed."""
