"""From the broker into the book: what cabinets say is written down, and only then confirmed."""
