"""config.yaml: the shipped file loads when filled in, and whatever is wrong is said at once, by its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import trustme

from controller.config.applied import reader_of
from controller.config.keys import (
    KEYS,
    BrokerConfig,
    CoinLineConfig,
    CoinMeterConfig,
    Config,
    ConfigError,
    InputConfig,
    MarqueeConfig,
    RelayConfig,
    load_config,
)
from controller.model.board_profiles import PROFILES

SHIPPED = Path(__file__).parent.parent / "config.yaml"
TOKEN = "1." + "ab" * 32
QUOTE = 'a text that begins with one of # & * ! % @ ` [ { goes in "quotes"'
FILLED = {
    "machine_id": "galaga-01",
    "name": "Galaga",
    "relay.url": "https://pay.example.com/",
    "relay.token": TOKEN,
    "broker.host": "broker.example.com",
    "broker.password": "galaga-password",
}
# What no technician needs: the demo's own keys, places on the disk, and a polarity with one right value.
NOT_SHIPPED = {
    "state_dir",
    "screen_feed",
    "mock_pins_for_demo_only",
    "boot_id_for_demo_only",
    "coin_line.active",
}
NEEDED = f"""\
machine_id: galaga-01
name: Galaga
relay: {{url: https://pay.example.com, token: {TOKEN}}}
broker: {{host: broker.example.com, password: galaga-password}}
coin_line: {{pin: 17}}
"""


def shipped_lines(values: dict[str, str]) -> list[str]:
    """The shipped file with some values filled in."""
    lines, section = [], ""
    for line in SHIPPED.read_text().splitlines():
        if match := re.match(r"( *)(\w+):", line):
            section = section if match[1] else f"{match[2]}."
            name = f"{section}{match[2]}" if match[1] else match[2]
            if name in values:
                line = f"{match[0]} {values[name]}"
        lines.append(line)
    return lines


def written(tmp_path: Path, text: str, mode: int = 0o600) -> Path:
    """A configuration file that only its owner may read."""
    path = tmp_path / "config.yaml"
    path.write_text(text)
    path.chmod(mode)
    return path


def load(tmp_path: Path, text: str) -> Config:
    """What a text says."""
    return load_config(written(tmp_path, text))


def problems(tmp_path: Path, text: str) -> list[str]:
    """What is wrong with a text, each with its line instead of the whole path."""
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as raised:
        load_config(path)
    with_lines = re.sub(rf"(?m)^{re.escape(str(path))}:(?=\d)", "", str(raised.value))
    return with_lines.replace(str(path), "config.yaml").splitlines()


# The shipped file


def test_the_shipped_file_loads_when_its_empty_places_are_filled_in(tmp_path: Path) -> None:
    """Every value of it, whole."""
    assert load(tmp_path, "\n".join(shipped_lines(FILLED))) == Config(
        machine_id="galaga-01",
        name="Galaga",
        relay=RelayConfig("https://pay.example.com", TOKEN),
        broker=BrokerConfig("broker.example.com", 8883, "galaga-password", ca_file=None),
        board="jamma",
        coin_line=CoinLineConfig(
            pin=17,
            pulse_ms=100,
            gap_ms=150,
            pulses_per_credit=1,
            settle_ms=150,
            max_credits=None,
            shortest_ms=50,
            longest_ms=None,
        ),
        game_over=None,
        ready=None,
        ready_stuck_s=600,
        coin_meter=None,
        service_button=None,
        board_boot_s=20,
        session_timeout_s=1800,
        payment_link=None,
        accept_unsigned_coinpulse=False,
        board_keeps_credits=False,
        rotate=0,
        aspect=None,
        overscan_percent=0,
        languages=("en",),
        words=None,
        theme="night",
        folder=None,
        sound=False,
        display=None,
        marquee=MarqueeConfig(None, "name", 0),
        state_dir=Path("/var/lib/arcade-cabinet"),
        screen_feed=Path("/run/arcade-cabinet/screen.json"),
        mock_board=None,
        demo_boot_id=None,
        warnings=(),
    )


def test_the_values_of_the_shipped_file_are_the_defaults(tmp_path: Path) -> None:
    """What a technician takes out stays as it was."""
    assert load(tmp_path, NEEDED) == load(tmp_path, "\n".join(shipped_lines(FILLED)))


def test_every_key_of_the_shipped_file_has_a_sentence_above_it_and_is_known() -> None:
    """And every known key is there, but for those that no technician needs."""
    found, section, above = {}, "", ""
    for line in SHIPPED.read_text().splitlines():
        if match := re.match(r"( *)(\w+):(.*)", line):
            indent, key, rest = match.groups()
            if not indent:
                section = f"{key}."
            name = f"{section}{key}" if indent else key
            if indent or rest or not any(known.startswith(section) for known in KEYS):
                found[name] = above
        above = line.strip()

    assert set(found) == set(KEYS) - NOT_SHIPPED
    assert [name for name, sentence in found.items() if not re.fullmatch(r"# .*[\w/.)]", sentence)] == []


def test_the_untouched_shipped_file_says_what_is_to_be_filled_in(tmp_path: Path) -> None:
    """All of it at once."""
    assert problems(tmp_path, SHIPPED.read_text()) == [
        "config.yaml: relay is missing: set relay.url and relay.token; only a cabinet of the older relay "
        "can do without, by payment_link and accept_unsigned_coinpulse: true",
        "6: machine_id is empty: it is needed",
        "9: name is empty: it is needed",
        "23: broker.host is empty: it is needed",
        "27: broker.password is empty: it is needed",
    ]


# Values


def test_everything_can_be_set(tmp_path: Path) -> None:
    """No key is read and then forgotten."""
    ca_file = tmp_path / "ca.crt"
    trustme.CA().cert_pem.write_to_path(ca_file)
    values = FILLED | {
        "broker.port": "443",
        "broker.ca_file": str(ca_file),
        "coin_line.pin": "9",
        "board": "custom",
        "coin_line.pulse_ms": "80",
        "coin_line.gap_ms": "500",
        "coin_line.settle_ms": "700",
        "coin_line.pulses_per_credit": "2",
        "coin_line.max_credits": "30",
        "game_over.pin": "27",
        "game_over.active": "high",
        "game_over.debounce_ms": "10",
        "ready.pin": "0",
        "ready.active": "high",
        "ready.debounce_ms": "20",
        "ready.stuck_s": "900",
        "coin_meter.pin": "5",
        "coin_meter.active": "high",
        "coin_meter.debounce_ms": "15",
        "coin_meter.within_ms": "300",
        "coin_meter.out_of_order_after": "5",
        "service_button.pin": "6",
        "service_button.active": "high",
        "service_button.debounce_ms": "25",
        "board_boot_s": "0",
        "board_keeps_credits": "true",
        "session_timeout_s": "60",
        "screen.rotate": "270",
        "screen.aspect": "4:3",
        "screen.overscan_percent": "5",
        "screen.languages": "en, ja",
        "screen.words": "/srv/words.yaml",
        "screen.theme": "vector",
        "screen.folder": "/srv/screen",
        "screen.sound": "true",
        "screen.display": "HDMI-A-1",
        "marquee.display": "card2",
        "marquee.shows": "all",
        "marquee.rotate": "90",
        "payment_link": "https://buy.example.com/x",
        "accept_unsigned_coinpulse": "true",
    }
    extra = [
        "state_dir: /tmp/state",
        "screen_feed: /tmp/screen.json",
        "mock_pins_for_demo_only: /tmp/board",
        "boot_id_for_demo_only: second boot",
    ]

    assert load(tmp_path, "\n".join(shipped_lines(values) + extra)) == Config(
        machine_id="galaga-01",
        name="Galaga",
        relay=RelayConfig("https://pay.example.com", TOKEN),
        broker=BrokerConfig("broker.example.com", 443, "galaga-password", ca_file),
        board="custom",
        coin_line=CoinLineConfig(9, 80, 500, 2, 700, 30, 20, None),
        game_over=InputConfig(27, "high", 10),
        ready=InputConfig(0, "high", 20),
        ready_stuck_s=900,
        coin_meter=CoinMeterConfig(5, "high", 15, 300, 5),
        service_button=InputConfig(6, "high", 25),
        board_boot_s=0,
        session_timeout_s=60,
        payment_link="https://buy.example.com/x",
        accept_unsigned_coinpulse=True,
        board_keeps_credits=True,
        rotate=270,
        aspect="4:3",
        overscan_percent=5,
        languages=("en", "ja"),
        words=Path("/srv/words.yaml"),
        theme="vector",
        folder=Path("/srv/screen"),
        sound=True,
        display="HDMI-A-1",
        marquee=MarqueeConfig("card2", "all", 90),
        state_dir=Path("/tmp/state"),  # noqa: S108 - only read, never made
        screen_feed=Path("/tmp/screen.json"),  # noqa: S108
        mock_board=Path("/tmp/board"),  # noqa: S108
        demo_boot_id="second boot",
        warnings=(),
    )


def test_a_made_up_boot_is_refused_with_real_pins(tmp_path: Path) -> None:
    """Only a demo may say which boot it is in: a real cabinet has to notice each power cut."""
    with pytest.raises(ConfigError, match=r"boot_id_for_demo_only is for mock pins only: .*Take"):
        load(tmp_path, NEEDED + "boot_id_for_demo_only: second boot\n")


@pytest.mark.parametrize("text", ["NO", "007", "1.10", "0x10", "2026-01-01", "on"])
def test_text_stays_as_it_is_written(tmp_path: Path, text: str) -> None:
    """YAML's own guesses would make a password of NO false, and of 007 seven."""
    config = load(tmp_path, NEEDED.replace("galaga-password", text).replace("Galaga", text))

    assert (config.broker.password, config.name) == (text, text)


@pytest.mark.parametrize("host", ["broker.example.com", "broker", "192.168.0.2", "::1", "fe80::1:2"])
def test_a_host_is_a_name_or_an_address(tmp_path: Path, host: str) -> None:
    """Of either version of IP."""
    config = load(tmp_path, NEEDED.replace("broker.example.com", f"'{host}'"))

    assert config.broker.host == host


def test_a_cabinet_of_the_older_relay_needs_no_relay(tmp_path: Path) -> None:
    """It says so twice: by a fixed link, and by accepting unsigned messages."""
    text = re.sub("relay: .*\n", "", NEEDED)
    text += "payment_link: https://buy.example.com/x\naccept_unsigned_coinpulse: true\n"

    assert load(tmp_path, text).relay is None


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "machine_id: galaga/01",
            "1: machine_id is 'galaga/01': use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01",
        ),
        (f"name: {'x' * 65}", f"2: name is '{'x' * 65}': use 1 to 64 printable characters"),
        (
            f"relay: {{url: http://pay.example.com, token: {TOKEN}}}",
            "3: relay.url is 'http://pay.example.com': use an address that starts with https://",
        ),
        (
            "relay: {url: https://pay.example.com, token: 1.secret}",
            "3: relay.token is not right: copy what `python -m cloud_relay token MACHINE_ID` printed",
        ),
        (
            f"relay: {{url: https://pay.example.com, token: {TOKEN}, proxy: 'me:word@proxy:3128'}}",
            "3: relay.proxy is not right: use the proxy's address alone, for example "
            "http://proxy.example.com:3128",
        ),
        (
            f"relay: {{url: https://pay.example.com, token: {TOKEN}, ca_file: /nowhere/ca.crt}}",
            "3: relay.ca_file is '/nowhere/ca.crt': there is no such file, or it may not be read",
        ),
        (
            "broker: {host: mqtts://broker.example.com, password: x}",
            "4: broker.host is 'mqtts://broker.example.com': "
            "write the host alone, for example broker.example.com",
        ),
        (
            "broker: {host: 'broker.example.com:8883', password: x}",
            "4: broker.host is 'broker.example.com:8883': "
            "write the host alone, for example broker.example.com",
        ),
        (
            "broker: {host: broker..com, password: x}",
            "4: broker.host is 'broker..com': write the host alone, for example broker.example.com",
        ),
        (
            "broker: {host: b, password: x, port: 70000}",
            "4: broker.port is '70000': write a port as a whole number from 1 to 65535",
        ),
        (
            "broker: {host: b, password: x, ca_file: ca.crt}",
            "4: broker.ca_file is 'ca.crt': write the whole path, beginning with /",
        ),
        (
            "broker: {host: b, password: x, ca_file: /nowhere/ca.crt}",
            "4: broker.ca_file is '/nowhere/ca.crt': there is no such file, or it may not be read",
        ),
        (
            "coin_line: {pin: 3}",
            "5: coin_line.pin is '3': "
            "write a GPIO (BCM number) that rests low at power-up as a whole number from 9 to 27",
        ),
        (
            "coin_line: {pin: 17, active: low}",
            "5: coin_line.active is 'low': write high: an active-low output is claimed at its active level, "
            "a free credit at every start; invert in the wiring instead (opto-coupler or transistor)",
        ),
        (
            "coin_line: {pin: 17, pulse_ms: 1e2}\nboard: custom",
            "5: coin_line.pulse_ms is '1e2': write milliseconds as a whole number from 1 to 10000",
        ),
        (
            "coin_line: {pin: 017}",
            "5: coin_line.pin is '017': "
            "write a GPIO (BCM number) that rests low at power-up as a whole number from 9 to 27",
        ),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_what_would_be_right(
    tmp_path: Path, line: str, problem: str
) -> None:
    """And nothing else is complained about."""
    key = line.partition(":")[0]

    assert problems(tmp_path, re.sub(rf"(?m)^{key}: .*$", line, NEEDED)) == [problem]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("accept_unsigned_coinpulse: yes", "accept_unsigned_coinpulse is 'yes': write true or false"),
        (
            "screen: {theme: vectr}",
            "screen.theme is 'vectr': did you mean vector? The designs are night, vector, backglass",
        ),
        ("screen: {theme: chrome}", "screen.theme is 'chrome': write one of night, vector, backglass"),
        ("screen: {rotate: 45}", "screen.rotate is '45': write one of 0, 90, 180, 270"),
        (
            "ready: {pin: 22, active: LOW}",
            "ready.active is 'LOW': write low (a contact to ground) or high",
        ),
        (
            "ready: {pin: 28}",
            "ready.pin is '28': write a GPIO (BCM number) as a whole number from 0 to 27",
        ),
        ("board_boot_s: [20]", f"board_boot_s needs a single value: {QUOTE}"),
        ("screen: 90", "screen is a section: its keys stand below it, indented"),
        ("screen: {rotat: 90}", "screen.rotat is unknown: did you mean screen.rotate?"),
        ("sceen: {rotate: 90}", "sceen is unknown: did you mean screen?"),
        ("mqtt_quality: 1", "mqtt_quality is unknown"),
        ("name: Pac-Man", "name stands here a second time"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, problem: str) -> None:
    """By its own number."""
    assert problems(tmp_path, NEEDED + line + "\n") == [f"6: {problem}"]


def test_a_secret_is_never_shown(tmp_path: Path) -> None:
    """What is wrong with it goes to the journal, and it does not."""
    text = NEEDED.replace(TOKEN, TOKEN + "x") + "machine: 1\n"

    assert "abab" not in "\n".join(problems(tmp_path, text))


def test_a_secret_is_not_shown_with_what_holds_it(tmp_path: Path) -> None:
    """A configuration, and what reads messages with it, end up in logs and tracebacks."""
    config = load(tmp_path, NEEDED)
    shown = repr(config) + repr(reader_of(config))

    assert ("pay.example.com" in shown, TOKEN in shown, "galaga-password" in shown) == (True, False, False)


def test_every_problem_is_told_at_once_in_the_order_of_the_lines(tmp_path: Path) -> None:
    """One walk to the cabinet must be enough."""
    text = """\
machine_id: galaga 01
relay:
  url: https://pay.example.com
broker:
  hots: broker.example.com
  password: galaga-password
  port: mqtt
coin_line:
  pin: 17
  pin: 18
ready:
  pin: 22
game_over:
  pin: 22
"""
    assert problems(tmp_path, text) == [
        "config.yaml: name is missing",
        "config.yaml: broker.host is missing",
        "1: machine_id is 'galaga 01': use 1 to 64 of A-Z a-z 0-9 _ - only, for example galaga-01",
        "3: relay needs both url and token, or neither",
        "5: broker.hots is unknown: did you mean broker.host?",
        "7: broker.port is 'mqtt': write a port as a whole number from 1 to 65535",
        "10: coin_line.pin stands here a second time",
        "12: ready.pin is 22, as game_over.pin is: each line needs its own pin",
    ]


def test_the_way_to_the_relay_may_lead_through_a_proxy(tmp_path: Path) -> None:
    """With a name and a password, which nothing shows."""
    proxy = "http://me:word@proxy.example.com:3128"
    text = re.sub("token:", f"proxy: '{proxy}', token:", NEEDED)

    config = load(tmp_path, text)

    assert config.relay == RelayConfig("https://pay.example.com", TOKEN, proxy)
    assert "me:word" not in repr(config)


def test_a_proxy_without_a_relay_is_a_mistake(tmp_path: Path) -> None:
    """It would be silently unused."""
    old = "payment_link: https://buy.example.com/1\naccept_unsigned_coinpulse: true\n"
    text = re.sub("relay: .*", "relay: {proxy: 'http://proxy.example.com:3128'}", NEEDED) + old

    assert problems(tmp_path, text) == [
        "3: relay.proxy is for the way to the relay, and there is no relay.url: set it, or take the line out"
    ]


@pytest.mark.parametrize("half", ["url: https://pay.example.com", f"token: {TOKEN}"])
def test_half_a_relay_is_one_problem(tmp_path: Path, half: str) -> None:
    """Either half needs the other."""
    assert problems(tmp_path, re.sub("relay: .*", f"relay: {{{half}}}", NEEDED)) == [
        "3: relay needs both url and token, or neither"
    ]


@pytest.mark.parametrize("line", ["game_over", "ready", "coin_meter", "service_button"])
def test_an_input_on_the_coin_pin_is_refused(tmp_path: Path, line: str) -> None:
    """The coin line would hear itself."""
    assert problems(tmp_path, f"{NEEDED}{line}: {{pin: 17}}\n") == [
        f"6: {line}.pin is 17, as coin_line.pin is: each line needs its own pin"
    ]


def test_a_ca_file_without_a_certificate_is_refused(tmp_path: Path) -> None:
    """A wrong file must not end the daemon later, over and over, without a line to look at."""
    ca_file = tmp_path / "ca.crt"
    ca_file.write_text("-----BEGIN NONSENSE-----\n")
    broker = f"broker: {{host: b, password: x, ca_file: {ca_file}}}"

    assert problems(tmp_path, re.sub("broker: .*", broker, NEEDED)) == [
        f"4: broker.ca_file is '{ca_file}': "
        "there is no certificate in it: one in PEM form begins with -----BEGIN CERTIFICATE-----"
    ]


# The board

BOARDS = (
    "jamma, tetris_plus_2, williams_early, williams_wpc, raizing, cave_taito, naomi, washer_alliance, "
    "dg600f, mei_cashflow, ict, custom"
)


def coin_line(tmp_path: Path, text: str) -> CoinLineConfig:
    """The coin line of a file in which `text` stands for the coin line's section."""
    return load(tmp_path, NEEDED.replace("coin_line: {pin: 17}\n", text)).coin_line


def warnings(tmp_path: Path, text: str) -> list[str]:
    """What is warned of in the same, without the path."""
    told = load(tmp_path, NEEDED.replace("coin_line: {pin: 17}\n", text)).warnings
    return [re.sub(rf"^{re.escape(str(tmp_path))}/config.yaml:( |(?=\d))", "", warning) for warning in told]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_a_board_brings_its_figures(tmp_path: Path, profile: Any) -> None:
    """All of them, and the technician types none."""
    assert coin_line(tmp_path, f"board: {profile.name}\ncoin_line: {{pin: 17}}\n") == CoinLineConfig(
        17,
        profile.pulse_ms,
        profile.gap_ms,
        profile.pulses_per_credit,
        profile.settle_ms,
        profile.max_credits,
        profile.shortest_ms,
        profile.longest_ms,
    )


def test_the_board_s_switches_are_told_beside_its_profile(tmp_path: Path) -> None:
    """How many coins make a credit is set on the board, whatever board it is."""
    text = "board: naomi\ncoin_line: {pin: 17, pulses_per_credit: 2, max_credits: 20}\n"

    assert coin_line(tmp_path, text) == CoinLineConfig(17, 100, 150, 2, 150, 20, 50, None)


def test_the_shipped_file_names_every_board() -> None:
    """A name that nobody can read is a board that nobody picks."""
    above = SHIPPED.read_text().partition("\nboard: ")[0].rpartition("\n\n")[2]

    assert [name for name in PROFILES if not re.search(rf"\b{name}\b", above)] == []


@pytest.mark.parametrize(
    ("board", "problem"),
    [
        ("JAMA", f"did you mean jamma? The boards are {BOARDS}"),
        ("taito", f"did you mean cave_taito? The boards are {BOARDS}"),
        ("pinball", f"write one of {BOARDS}"),
    ],
)
def test_an_unknown_board_is_named_with_all_that_are_known(tmp_path: Path, board: str, problem: str) -> None:
    """And with the one that was meant, if it is like one."""
    assert problems(tmp_path, f"{NEEDED}board: {board}\n") == [f"6: board is '{board}': {problem}"]


def test_figures_beside_a_board_that_has_its_own_are_refused(tmp_path: Path) -> None:
    """It would not be clear which of the two holds."""
    text = "coin_line:\n  pin: 17\n  pulse_ms: 90\n  gap_ms: 140\n  settle_ms: 200\n"
    instead = "set board: custom, or take the line out"

    assert problems(tmp_path, NEEDED.replace("coin_line: {pin: 17}\n", text)) == [
        f"7: coin_line.pulse_ms is 90, and jamma has its own 100: {instead}",
        f"8: coin_line.gap_ms is 140, and jamma has its own 150: {instead}",
        f"9: coin_line.settle_ms is 200, and jamma has its own 150: {instead}",
    ]


def test_figures_that_are_the_boards_own_change_nothing(tmp_path: Path) -> None:
    """A file of before there were boards has them, and goes on working."""
    text = "coin_line:\n  pin: 17\n  pulse_ms: 100\n  gap_ms: 150\n"

    assert load(tmp_path, NEEDED.replace("coin_line: {pin: 17}\n", text)) == load(tmp_path, NEEDED)


def test_figures_beside_a_board_that_is_not_known_are_left_alone(tmp_path: Path) -> None:
    """It may have been custom that was meant."""
    text = NEEDED.replace("{pin: 17}", "{pin: 17, pulse_ms: 80}") + "board: costum\n"

    assert problems(tmp_path, text) == [f"6: board is 'costum': did you mean custom? The boards are {BOARDS}"]


@pytest.mark.parametrize(
    ("figures", "problem"),
    [
        (
            "pulse_ms: 19",
            "pulse_ms is '19': write 20 or more: what is shorter should be rejected as noise "
            "(DG600F coin acceptor, SparkFun COM-11636 manual)",
        ),
        (
            "pulse_ms: 201",
            "pulse_ms is '201': write 200 or less: the longest in published use is that of a billmock "
            "(github.com/pmnxis/billmock-app-rs), and many boards show a coin error",
        ),
        (
            "gap_ms: 9",
            "gap_ms is '9': write 10 or more: the shortest in published use is that of a Nayax VPOS "
            "(nayax-u.nayax.com 65325)",
        ),
        (
            "settle_ms: 149",
            "settle_ms is 149: write at least the 150 of coin_line.gap_ms, or take the line out",
        ),
        (
            "gap_ms: 500, settle_ms: 499",
            "settle_ms is 499: write at least the 500 of coin_line.gap_ms, or take the line out",
        ),
    ],
)
def test_a_figure_that_no_board_takes_is_refused(tmp_path: Path, figures: str, problem: str) -> None:
    """With who says so."""
    text = NEEDED.replace("{pin: 17}", f"{{pin: 17, {figures}}}") + "board: custom\n"

    assert problems(tmp_path, text) == [f"5: coin_line.{problem}"]


@pytest.mark.parametrize("figures", ["pulse_ms: 20, gap_ms: 10", "pulse_ms: 200, gap_ms: 5000"])
def test_a_figure_at_the_edge_of_what_any_board_takes_is_taken(tmp_path: Path, figures: str) -> None:
    """There may be boards that nobody wrote about."""
    pulse_ms, gap_ms = map(int, re.findall(r"\d+", figures))
    custom = coin_line(tmp_path, f"board: custom\ncoin_line: {{pin: 17, {figures}}}\n")

    assert custom == CoinLineConfig(17, pulse_ms, gap_ms, 1, max(150, gap_ms), None, 20, None)


EARLY_WILLIAMS = "too fast for early Williams boards: more than 500 ms (zsystem-arcade.bden.org/coin-impulse)"


@pytest.mark.parametrize(
    ("figures", "warned"),
    [
        ("pulse_ms: 71, gap_ms: 430", []),
        ("pulse_ms: 129, gap_ms: 450", []),
        (
            "pulse_ms: 49, gap_ms: 500",
            [
                "6: coin_line.pulse_ms is 49: too short for an arcade board's coin input: "
                "50 ms or more (coin-op.org, Player Input Connector)",
                "6: coin_line.pulse_ms is 49: too short for Tetris Plus 2: "
                "71 ms or more (zsystem-arcade.bden.org/coin-impulse)",
            ],
        ),
        (
            "pulse_ms: 130, gap_ms: 500",
            [
                "6: coin_line.pulse_ms is 130: too long for an Alliance washer: "
                "129 ms at most (esmanual.top 424593)"
            ],
        ),
        (
            "pulse_ms: 100, gap_ms: 400",
            [f"6: coin_line.gap_ms is 400: 500 ms from coin to coin, {EARLY_WILLIAMS}"],
        ),
        ("pulses_per_credit: 1", [f"coin_line.gap_ms is 150: 250 ms from coin to coin, {EARLY_WILLIAMS}"]),
        (
            "gap_ms: 49",
            [
                "6: coin_line.gap_ms is 49: under 50 ms (3 frames at 60 Hz), so that a board which samples "
                "once a frame may take two coins for one",
                f"6: coin_line.gap_ms is 49: 149 ms from coin to coin, {EARLY_WILLIAMS}",
            ],
        ),
    ],
)
def test_an_unwise_figure_is_warned_of(tmp_path: Path, figures: str, warned: list[str]) -> None:
    """With the board that it would fail on, and who says so: another board may take it."""
    assert warnings(tmp_path, f"board: custom\ncoin_line: {{pin: 17, {figures}}}\n") == warned


NEVER_FREED = (
    "and no game_over.pin is wired: what was credited only counts as played after session_timeout_s (1800 s)"
)


@pytest.mark.parametrize(
    ("text", "warned"),
    [
        (
            "board: naomi\ncoin_line: {pin: 17}\n",
            [f"5: board is naomi, which holds 9 credits, {NEVER_FREED}"],
        ),
        (
            "coin_line: {pin: 17, max_credits: 20}\n",
            [f"5: coin_line.max_credits is 20, {NEVER_FREED}"],
        ),
        ("coin_line: {pin: 17, max_credits: 20}\ngame_over: {pin: 22}\n", []),
    ],
)
def test_a_limit_of_credits_without_a_game_over_is_warned_of(
    tmp_path: Path, text: str, warned: list[str]
) -> None:
    """A full board would sell nothing for half an hour."""
    assert warnings(tmp_path, text) == warned


@pytest.mark.parametrize(
    ("meter", "warned"),
    [
        ("pin: 22, debounce_ms: 59", []),
        ("debounce_ms: 60", []),
        (
            "pin: 22, debounce_ms: 60",
            [
                "6: coin_meter.debounce_ms is 60: a board may pulse its coin meter for only 60 ms "
                "(coin-op.org, Player Input Connector), which would then go unseen: write less"
            ],
        ),
    ],
)
def test_a_coin_meter_that_would_miss_pulses_is_warned_of(
    tmp_path: Path, meter: str, warned: list[str]
) -> None:
    """Every sale would seem to have failed."""
    assert warnings(tmp_path, f"coin_line: {{pin: 17}}\ncoin_meter: {{{meter}}}\n") == warned


# The file


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "1: is empty: it needs keys such as machine_id"),
        ("# nothing but a sentence\n", "1: is empty: it needs keys such as machine_id"),
        ("- machine_id\n", "1: is empty: it needs keys such as machine_id"),
        (
            "broker:\n\thost: b\n",
            "2: is not YAML: character 1 is a tab: type spaces",
        ),
        ("name: [\n", "2: is not YAML: a value is missing, or a bracket does not end"),
        ("name: Gal\x01aga\n", "1: is not YAML: character 10 is U+0001 (a control character): delete it"),
    ],
)
def test_what_is_no_yaml_of_keys_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """With the line, where there is one."""
    assert problems(tmp_path, text) == [problem]


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """An umlaut from an old editor."""
    path = written(tmp_path, "")
    path.write_bytes("name: Käfer".encode("latin-1"))

    with pytest.raises(ConfigError, match="1: is not UTF-8: character 8 is of Latin-1"):
        load_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """Whole path and reason."""
    path = tmp_path / "config.yaml"

    with pytest.raises(ConfigError) as raised:
        load_config(path)
    assert str(raised.value) == f"{path}: cannot be read: No such file or directory"


@pytest.mark.parametrize(("mode", "refused"), [(0o640, False), (0o644, True), (0o604, True)])
def test_a_file_that_everybody_can_read_is_refused(tmp_path: Path, mode: int, refused: bool) -> None:
    """It holds the token that settles money."""
    path = written(tmp_path, NEEDED, mode)
    outcome: Any = None
    try:
        load_config(path)
    except ConfigError as error:
        outcome = str(error)

    wanted = f"{path}: config.yaml holds secrets and can be read by everybody: sudo chmod o-rwx {path}"
    assert outcome == (wanted if refused else None)
