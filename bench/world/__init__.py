"""What is measured: parts of the product at work, what it is compared with, and who attacks it."""
