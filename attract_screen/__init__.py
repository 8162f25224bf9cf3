"""The attract screen: shows a feed file that the controller writes, and cannot talk back."""
