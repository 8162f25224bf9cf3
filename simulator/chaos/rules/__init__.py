"""PURE. What is to be broken when, and how the money is judged afterwards."""
