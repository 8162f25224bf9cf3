"""The command line: `python -m simulator demo`, `demo-once` and `chaos`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from attract_screen.model.wording import LANGUAGES, USUAL_LANGUAGE
from attract_screen.quiet_end import quiet_imports, run_quietly

DEFAULT_PORT = 8800
DEFAULT_FOLDER = Path(".demo/run")
CHAOS_FOLDER = Path(".demo/chaos")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    return run_quietly(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    # Imported here, so that --help and a wrong option answer at once.
    if options.command == "demo-once":
        from simulator.demo.once import demo_once

        return demo_once()
    if options.command == "chaos":
        from simulator.chaos.run import chaos

        return chaos(options.folder, options.minutes, options.seed, calm=options.calm, meter=options.meter)
    from simulator.demo.run import demo

    return demo(options.folder, options.port, options.languages, lan=options.lan)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulator", description="A whole cabinet on this machine."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demo = commands.add_parser("demo", help="show it in the browser, until Ctrl-C")
    demo.add_argument(
        "--port", type=_port, default=DEFAULT_PORT, help="of the page; the relay takes the next one"
    )
    demo.add_argument("--lan", action="store_true", help="let phones in the local network scan and pay")
    demo.add_argument(
        "--languages",
        type=_languages,
        default=(USUAL_LANGUAGE,),
        metavar="CODES",
        help=f"of the screen: one of {', '.join(LANGUAGES)}, or two that alternate, as en,ja",
    )
    demo.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="for logs; default: %(default)s")
    commands.add_parser("demo-once", help="sell once and print the time line")
    _add_chaos(commands.add_parser("chaos", help="break everything at random while players pay, and judge"))
    return parser


def _add_chaos(chaos: argparse.ArgumentParser) -> None:
    chaos.add_argument("--minutes", type=float, default=2, help="how long players come; default: %(default)s")
    chaos.add_argument("--seed", type=int, default=1, help="the same seed gives the same schedule")
    chaos.add_argument("--calm", action="store_true", help="break nothing: every payment must be credited")
    chaos.add_argument("--meter", action="store_true", help="with a coin meter, and a coin wire that breaks")
    chaos.add_argument("--folder", type=Path, default=CHAOS_FOLDER, help="for logs; default: %(default)s")


def _languages(text: str) -> tuple[str, ...]:
    from controller.config.values import languages

    try:
        return languages(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not known here: {error}") from None


def _port(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 1 <= int(text) <= 65534):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 1 to 65534")
    return int(text)


if __name__ == "__main__":
    quiet_imports()
    sys.exit(main())
