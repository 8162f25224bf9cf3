"""What stands where in each picture."""
