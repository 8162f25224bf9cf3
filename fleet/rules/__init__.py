"""What the fleet decides: tables and functions that touch nothing."""
