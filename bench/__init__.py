"""What the machine does in numbers: `make bench`. One module a benchmark; none of them is a test."""
