"""EDGE. What the relay's door and the attract screen are told of the cabinet's state."""

from __future__ import annotations

import logging
import zlib
from collections.abc import Callable

from controller import __version__
from controller.announcements.screen_feed import PageSource, no_page
from controller.announcements.screens import Screens
from controller.cloud.broker import Broker, Published
from controller.config.keys import Config
from controller.formats import wire
from controller.formats.wire import Status
from controller.model.cabinet import Cabinet, accepting
from controller.model.events import GameOverPublished
from controller.model.session import GameOver
from controller.rules.mood import faults, mood
from controller.system.clock import since_boot_s, wall_time

log = logging.getLogger(__name__)

# A status that is not renewed expires at the broker: a cabinet that died together with its broker, and so
# without a last will, must not seem to be selling for ever.
STATUS_RENEWED_S, STATUS_EXPIRES_S = 60.0, 180


class Announcer:
    """Writes the screen's feed, and publishes what concerns everybody. `clock` gives seconds since boot.

    `games_today` is told how many pulses make a credit, and answers None where the day is not known.
    """

    def __init__(
        self,
        config: Config,
        boot_id: str,
        clock: Callable[[], float] = since_boot_s,
        technician: PageSource = no_page,
        games_today: Callable[[int], int | None] = lambda _: None,
    ) -> None:
        self._machine_id = config.machine_id
        self._boot_id = boot_id
        self._token_tag = wire.token_tag(config.relay.token) if config.relay else None
        self._pulses_per_credit = config.coin_line.pulses_per_credit
        self._games_today = games_today
        self._screens = Screens(config, clock, technician)
        self._clock = clock
        self._published: Status | None = None
        self._moment_s = _moment_s(config.machine_id)
        self._status_due_s = 0.0
        self._on_their_way: dict[int, GameOver] = {}

    def reconfigure(self, config: Config, outstanding: str) -> None:
        """The configuration was read again; `outstanding` is what of it does not hold yet."""
        self._pulses_per_credit = config.coin_line.pulses_per_credit
        self._screens.reconfigure(config, outstanding)

    @property
    def due_s(self) -> float | None:
        """When the screen is to be told what waits (seconds since boot); None if nothing does."""
        return self._screens.due_s

    def announce(self, cabinet: Cabinet, broker: Broker) -> None:
        """Let the door and the screen know what changed."""
        self._screens.show(cabinet, self._games_today(self._pulses_per_credit))
        status = self._status(cabinet) if cabinet.broker_up else None
        due = status != self._published or self._clock() >= self._status_due_s
        if status is not None and due:
            topic, payload = wire.status_topic(self._machine_id), status.payload(wall_time())
            broker.publish(topic, payload, retain=True, expiry_s=STATUS_EXPIRES_S)
            self._status_due_s = self._next_moment_s()
        self._published = status

    def game_over(self, ended: GameOver, broker: Broker) -> None:
        """Let everybody know that a game is over."""
        payload = wire.gameover_payload(self._machine_id, ended, ended.ended_at or wall_time())
        message_id = broker.publish(wire.gameover_topic(self._machine_id), payload, retain=False)
        self._on_their_way[message_id] = ended

    def published(self, answer: Published) -> GameOverPublished | None:
        """The game over that the broker has now, if it was one that it has answered for."""
        ended = self._on_their_way.pop(answer.message_id, None)
        if answer.refused is not None:  # it stays owed, and is tried again by the next start
            log.warning("broker did not take a message: %s", answer.refused)
            return None
        return GameOverPublished(ended.session_id, ended.game) if ended else None

    def farewell(self) -> tuple[str, bytes]:
        """The retained status of a cabinet that is not there, and its topic."""
        status = wire.offline_status(self._machine_id, __version__, self._boot_id, self._token_tag)
        return wire.status_topic(self._machine_id), status.payload(wall_time())

    def _next_moment_s(self) -> float:
        """When the status is renewed next: at the same moment of each minute, whatever was said in between.

        A broker that came back, or a power cut, has a thousand cabinets speak at once, and a broker may drop
        what is too much for it without a word. What was dropped is said again within the minute, and
        then each cabinet at its own moment.
        """
        now_s = self._clock()
        return now_s + STATUS_RENEWED_S - (now_s - self._moment_s) % STATUS_RENEWED_S

    def _status(self, cabinet: Cabinet) -> Status:
        now_s = self._clock()
        return Status(
            machine_id=self._machine_id,
            online=True,
            accepting=accepting(cabinet, now_s),
            state=mood(cabinet, now_s),
            credits=cabinet.credits_on_board,
            version=__version__,
            boot_id=self._boot_id,
            faults=faults(cabinet, now_s),
            conflicts=cabinet.conflicts,
            coins=cabinet.coins,
            token_tag=self._token_tag,
        )


def _moment_s(machine_id: str) -> float:
    """Where in the minute this machine renews: spread evenly over the names of machines."""
    return zlib.crc32(machine_id.encode()) / 2**32 * STATUS_RENEWED_S
