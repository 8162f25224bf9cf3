"""What the relay asks of AWS, where it runs there: its settings, and to be called once more."""
