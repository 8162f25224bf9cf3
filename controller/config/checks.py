"""What no single key of config.yaml can show: missing halves, and keys that contradict or spoil others."""

from __future__ import annotations

from attract_screen.model.letters import lacking, title_of
from attract_screen.picture.letters.font_files import expected_letters
from controller.config.reader import Problem, Read
from controller.formats.odd_characters import named
from controller.model.board_profiles import CUSTOM, PROFILES
from controller.model.custom_pulse import doubtful_gap, doubtful_pulse

FIGURES = ("coin_line.pulse_ms", "coin_line.gap_ms", "coin_line.settle_ms")
LINES = ("coin_line.pin", "game_over.pin", "ready.pin", "coin_meter.pin", "service_button.pin")
# The board's coin counter output lasts at least so long: coin-op.org, Player Input Connector.
METER_PULSE_MS = 60
# UART0 of the Pi's header, which a serial console uses: www.raspberrypi.com/documentation, Configure UARTs.
SERIAL_PINS = (14, 15)


def contradictions(read: Read) -> list[Problem]:
    """What makes the file unusable as a whole."""
    problems = []
    # A key that is wrong would seem to be missing.
    if not read.is_wrong("relay"):
        problems += _missing_relay(read)
    problems += _shared_pins(read)
    problems += _made_up_boot(read)
    problems += _one_display_for_two(read)
    if not read.is_wrong("board"):
        problems += _figures_of_another_board(read)
    if not read.is_wrong("coin_line"):
        problems += _short_rest(read)
    return problems


def doubts(read: Read) -> list[Problem]:
    """What can be used and is hardly meant; only for a file without problems."""
    found = _unwise_pulse(read) if read.values["board"] == CUSTOM.name else []
    found += [
        *_credits_never_freed(read),
        *_slow_meter(read),
        *_cut_short(read),
        *_serial_pin(read),
        *_name_in_other_letters(read),
    ]
    return sorted(found, key=lambda doubt: doubt.line or 0)


def _missing_relay(read: Read) -> list[Problem]:
    v = read.values
    if bool(v["relay.url"]) != bool(v["relay.token"]):
        (line,) = (read.lines[key] for key in ("relay.url", "relay.token") if v[key])
        return [Problem(line, "relay", "needs both url and token, or neither")]
    for key in ("relay.proxy", "relay.ca_file"):
        if v[key] and not v["relay.url"]:
            text = "is for the way to the relay, and there is no relay.url: set it, or take the line out"
            return [Problem(read.lines[key], key, text)]
    if v["relay.url"] or (v["payment_link"] and v["accept_unsigned_coinpulse"]):
        return []
    return [
        Problem(
            None,
            "relay",
            "is missing: set relay.url and relay.token; only a cabinet of the older relay can do "
            "without, by payment_link and accept_unsigned_coinpulse: true",
        )
    ]


def _shared_pins(read: Read) -> list[Problem]:
    used: dict[int, str] = {}
    problems = []
    for key in LINES:
        number = read.values.get(key)
        if number in used:
            text = f"is {number}, as {used[number]} is: each line needs its own pin"
            problems.append(Problem(read.lines.get(key), key, text))
        elif number is not None:
            used[number] = key
    return problems


def _one_display_for_two(read: Read) -> list[Problem]:
    key = "marquee.display"
    place = read.values.get(key)
    if not place or place != read.values.get("screen.display"):
        return []
    text = f"is {place}, as screen.display is: each screen needs its own"
    return [Problem(read.lines.get(key), key, text)]


def _made_up_boot(read: Read) -> list[Problem]:
    key = "boot_id_for_demo_only"
    if not read.values.get(key) or read.values.get("mock_pins_for_demo_only"):
        return []
    only = "is for mock pins only: with it a real power cut would look like a restart. Take the line out"
    return [Problem(read.lines.get(key), key, only)]


def _figures_of_another_board(read: Read) -> list[Problem]:
    """Figures that were typed for one board, and would be silently wrong or unused for the next."""
    board = PROFILES[read.values["board"]]
    if board is CUSTOM:
        return []
    own = {key: getattr(board, key.removeprefix("coin_line.")) for key in FIGURES}
    return [
        Problem(
            read.lines[key],
            key,
            f"is {read.values[key]}, and {board.name} has its own {own[key]}: set board: custom, or take the "
            "line out",
        )
        for key in FIGURES
        if key in read.lines and read.values[key] != own[key]
    ]


def _short_rest(read: Read) -> list[Problem]:
    rest_ms, gap_ms = read.values["coin_line.settle_ms"], read.values["coin_line.gap_ms"] or CUSTOM.gap_ms
    if rest_ms is None or rest_ms >= gap_ms:
        return []
    text = f"is {rest_ms}: write at least the {gap_ms} of coin_line.gap_ms, or take the line out"
    return [Problem(read.lines["coin_line.settle_ms"], "coin_line.settle_ms", text)]


def _unwise_pulse(read: Read) -> list[Problem]:
    pulse_ms = read.values["coin_line.pulse_ms"] or CUSTOM.pulse_ms
    gap_ms = read.values["coin_line.gap_ms"] or CUSTOM.gap_ms
    pulse, gap = "coin_line.pulse_ms", "coin_line.gap_ms"
    return [
        *(Problem(read.lines.get(pulse), pulse, f"is {pulse_ms}: {why}") for why in doubtful_pulse(pulse_ms)),
        *(Problem(read.lines.get(gap), gap, f"is {gap_ms}: {why}") for why in doubtful_gap(pulse_ms, gap_ms)),
    ]


def _credits_never_freed(read: Read) -> list[Problem]:
    v, key = read.values, "coin_line.max_credits"
    profile = PROFILES[v["board"]]
    if v["game_over.pin"] is not None:
        return []
    text = (
        "and no game_over.pin is wired: what was credited only counts as played after "
        f"session_timeout_s ({v['session_timeout_s']} s)"
    )
    if v[key] is not None:
        return [Problem(read.lines[key], key, f"is {v[key]}, {text}")]
    if profile.max_credits is not None:
        holds = f"is {profile.name}, which holds {profile.max_credits} credits, {text}"
        return [Problem(read.lines["board"], "board", holds)]
    return []


def _slow_meter(read: Read) -> list[Problem]:
    hold_ms, key = read.values["coin_meter.debounce_ms"], "coin_meter.debounce_ms"
    if read.values["coin_meter.pin"] is None or hold_ms < METER_PULSE_MS:
        return []
    text = (
        f"is {hold_ms}: a board may pulse its coin meter for only {METER_PULSE_MS} ms "
        "(coin-op.org, Player Input Connector), which would then go unseen: write less"
    )
    return [Problem(read.lines.get(key), key, text)]


def _cut_short(read: Read) -> list[Problem]:
    text = 'ends before a #, which begins a comment in YAML: if it belongs to it, put all of it in "quotes"'
    return [Problem(read.lines[key], key, text) for key in read.cut_short]


def _serial_pin(read: Read) -> list[Problem]:
    number, key = read.values["coin_line.pin"], "coin_line.pin"
    if number not in SERIAL_PINS:
        return []
    text = f"is {number}, which a serial console drives while the Pi boots: a free credit. Take another"
    return [Problem(read.lines.get(key), key, text)]


def _name_in_other_letters(read: Read) -> list[Problem]:
    name, machine_id = read.values["name"], read.values["machine_id"]
    can_show = expected_letters()
    characters = lacking(name, can_show)
    if not characters:
        return []
    shown = title_of(name, machine_id, can_show)
    text = f"has {named(characters[0])}, which the screen cannot show: it shows {shown} instead"
    return [Problem(read.lines["name"], "name", text)]
