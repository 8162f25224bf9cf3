"""Prints one field of the JSON object on standard input: what the name says, as Python writes it."""

from __future__ import annotations

import json
import sys

print(json.load(sys.stdin)[sys.argv[1]])
