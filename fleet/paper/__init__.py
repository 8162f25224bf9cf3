"""Papers to print or to send: what a page says, as PDF."""
