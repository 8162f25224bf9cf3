"""The command line of the attract screen."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from attract_screen.model.feed_format import FeedError
from attract_screen.model.monitor import ROTATIONS, SMALLEST_SIDE, Size
from attract_screen.quiet_end import quiet_imports, run_quietly

if __name__ == "__main__":
    quiet_imports()

os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import pygame

from attract_screen.attempts import attempts_in
from attract_screen.display import DEFAULT_SIZE, Display, DisplayError, Kind, choose
from attract_screen.feed import FeedReader, read_feed
from attract_screen.language.speaker import speaker
from attract_screen.material.own import OwnMaterial
from attract_screen.mirror import Mirror, save_png
from attract_screen.model.view import in_all, view_of
from attract_screen.picture.draw import render
from attract_screen.picture.letters.sans import letters_here
from attract_screen.show import Show
from attract_screen.sound import CoinSound
from attract_screen.systemd_notify import READY, STOPPING, notify
from attract_screen.watchdog import wait_awake

EXIT_NO_DISPLAY = 1
EXIT_USAGE = 2

_log = logging.getLogger("attract_screen")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the attract screen, or render one picture; the process's exit code."""
    return run_quietly(lambda: _main(arguments))


def _main(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    if options.render:
        return _render(options)
    return _show(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m attract_screen",
        description="Show on the cabinet's screen what the controller writes into the feed file.",
        epilog="Waits for a display on the bare console. Ends cleanly on SIGTERM and SIGINT. "
        "Exit codes: 0 ended, 1 no display, 2 wrong.",
    )
    parser.add_argument(
        "--feed", type=Path, required=True, metavar="FEED", help="the controller's feed file (JSON)"
    )
    parser.add_argument(
        "--size", type=_size, metavar="WxH", help="pixels, such as 640x480; default: the display's"
    )
    parser.add_argument(
        "--rotate",
        type=int,
        choices=ROTATIONS,
        help="degrees clockwise; default: what the feed says",
    )
    _add_show_options(parser.add_argument_group("showing"))
    _add_render_options(parser.add_argument_group("one picture, without a display"))
    return parser


def _add_show_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--display",
        choices=[kind.value for kind in Kind],
        default=Kind.AUTO.value,
        help="auto: a window on a desktop, else the bare console (kmsdrm)",
    )
    group.add_argument(
        "--while-fed", action="store_true", help="end once the feed is taken away, as a marquee does"
    )
    group.add_argument(
        "--keep",
        type=Path,
        action="append",
        default=[],
        metavar="FOLDER",
        help="where the operator's pictures are kept ready; of several, the first that works",
    )
    group.add_argument(
        "--mirror",
        type=Path,
        metavar="FILE.png",
        help="also save the picture as displayed whenever it changed, at most 5 times a second",
    )


def _add_render_options(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--render", type=Path, metavar="FILE.png", help="draw one picture into this file and end"
    )
    group.add_argument("--age", type=float, default=0.0, metavar="S", help="take the feed as S seconds old")
    group.add_argument("--elapsed", type=float, default=0.0, metavar="S", help="S seconds into the movement")


def _size(text: str) -> Size:
    match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", text)
    if not match or min(int(match[1]), int(match[2])) < SMALLEST_SIDE:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a size; expected WIDTHxHEIGHT from {SMALLEST_SIDE} up, as 640x480"
        )
    return int(match[1]), int(match[2])


def _render(options: argparse.Namespace) -> int:
    try:
        feed = read_feed(options.feed, letters_here())
        monitor = feed.monitor if options.rotate is None else replace(feed.monitor, rotate=options.rotate)
        languages = speaker().languages(feed, options.elapsed)
        view = in_all(languages, lambda language: view_of(feed, options.age, language))
        frame = render(view, options.size or DEFAULT_SIZE, monitor, options.elapsed)
        save_png(frame, options.render)
    except (FeedError, OSError) as error:
        _log.error("%s", error)
        return EXIT_USAGE
    return 0


def _show(options: argparse.Namespace) -> int:
    stops: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stops.append(received))

    def stopped() -> bool:
        return bool(stops) or (options.while_fed and not options.feed.exists())

    notify(READY)
    attempts = attempts_in(os.environ.get("RUNTIME_DIRECTORY"))
    wait_awake(attempts.begin(), stopped)
    display = Display(choose(Kind(options.display), os.environ), options.size)
    mirror = Mirror(options.mirror) if options.mirror else None
    letters = letters_here()
    material, sound = OwnMaterial(options.keep, letters), CoinSound()
    reader = FeedReader(options.feed, letters)
    try:
        show = Show(display, reader, options.rotate, mirror, material, sound, attempts.succeeded)
        show.run(stopped)
    except (DisplayError, pygame.error) as error:
        _log.error("%s", error)
        return EXIT_NO_DISPLAY
    finally:
        notify(STOPPING)
        sound.end()
        material.close()
        pygame.quit()
    attempts.succeeded()
    _log.info("The attract screen was stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
