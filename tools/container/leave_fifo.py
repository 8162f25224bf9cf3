"""Leaves lgpio's FIFO where the controller's would lie: in a container there are mock pins alone."""

import sys

from controller.board.lgpio_folder import lgpio_folder


def main() -> int:
    """Import lgpio as the controller does; 1 where it cannot be."""
    with lgpio_folder():
        try:
            import lgpio  # noqa: F401 - to import it is what makes the FIFO
        except ImportError as error:
            print(error)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
