"""Prints what an address serves, `fetch.py URL`, where there is no curl."""

import sys
import urllib.request


def main() -> None:
    """Fetch and print it; raises OSError where nobody answers."""
    with urllib.request.urlopen(sys.argv[1]) as answer:  # noqa: S310 - the test's own addresses
        print(answer.read().decode())


if __name__ == "__main__":
    main()
