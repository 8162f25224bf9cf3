"""A new machine: what may be typed for it, its whole config.yaml, and what is said of one that exists."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cloud_relay.formats.cabinet_config import filled_in, machine_in, quoted
from cloud_relay.operator.machines.new_machine import SHIPPED
from cloud_relay.pages.machines.new_machine_page import MadePage, made_text
from cloud_relay.rules.setting_up.new_machine import (
    LONGEST_NAME,
    Found,
    broker_address,
    id_problem,
    name_problem,
    reach_problem,
    refusal,
    with_name,
    with_number,
)
from cloud_relay.rules.tokens import machine_token
from cloud_relay.settings import read_offer_list
from controller.config.keys import Config, load_config

pytestmark = pytest.mark.cloud

ROOT = Path(__file__).parent.parent
TOKEN = machine_token("secret", "galaga-01", 1)
VALUES = {
    "machine_id": "galaga-01",
    "name": "Galaga",
    "relay.url": "https://pay.example.com",
    "relay.token": TOKEN,
    "broker.host": "broker.example.com",
    "broker.port": "8884",
    "broker.password": "0123456789abcdef",
}
MACHINE_IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For one file after the other."""
    return tmp_path_factory.mktemp("configs")


def as_a_cabinet_reads_it(folder: Path, **changes: str) -> Config:
    """The configuration that the controller has of it."""
    path = folder / "config.yaml"
    path.touch(mode=0o600)
    path.write_text(filled_in(SHIPPED.read_text(), VALUES | changes))
    return load_config(path)


def test_the_relay_s_copy_is_the_shipped_config_yaml() -> None:
    """After a change of config.yaml `make docs` copies it anew."""
    assert SHIPPED.read_text() == (ROOT / "config.yaml").read_text()


def test_a_whole_config_yaml_has_no_problem_and_no_warning(folder: Path) -> None:
    """As the controller's own reader sees it; every sentence of the shipped one is still there."""
    config = as_a_cabinet_reads_it(folder)
    assert config.warnings == ()
    assert config.relay is not None
    assert {
        "machine_id": config.machine_id,
        "name": config.name,
        "relay.url": config.relay.url,
        "relay.token": config.relay.token,
        "broker.host": config.broker.host,
        "broker.port": str(config.broker.port),
        "broker.password": config.broker.password,
    } == VALUES
    sentences = [line for line in SHIPPED.read_text().splitlines() if line.lstrip().startswith("#")]
    made = filled_in(SHIPPED.read_text(), VALUES).splitlines()
    assert [line for line in made if line.lstrip().startswith("#")] == sentences


@given(name=st.text(min_size=1, max_size=LONGEST_NAME))
@example(name='"Galaga"')
@example(name="Galaga # 1")
@example(name="Pac: Man")
@example(name="it's \\ all")
@example(name="\N{ALIEN MONSTER}\N{VARIATION SELECTOR-16}")
@example(name="גלגה")
@example(name="- [x] {y} *z &a !b %c @d `e` |f >g ?h")
@example(name="null")
@example(name="“Galaga”")
def test_every_name_that_may_be_typed_arrives_whole(folder: Path, name: str) -> None:
    """Whatever it holds; and the only warning is of letters that the screen lacks."""
    if name_problem(name):
        return
    config = as_a_cabinet_reads_it(folder, name=name)
    assert config.name == name
    assert [warning for warning in config.warnings if "which the screen cannot show" not in warning] == []


@given(machine_id=MACHINE_IDS)
@example(machine_id="007")
@example(machine_id="no")
@example(machine_id="null")
@example(machine_id="1e3")
@example(machine_id="-")
def test_every_machine_id_arrives_whole(folder: Path, machine_id: str) -> None:
    """YAML takes some of them for something else; and its file is known by it again."""
    assert as_a_cabinet_reads_it(folder, machine_id=machine_id).machine_id == machine_id
    assert machine_in(filled_in(SHIPPED.read_text(), VALUES | {"machine_id": machine_id})) == machine_id


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "the name has 0 characters: write 1 to 60"),
        ("  ", "the name has 2 characters: write 1 to 60"),
        ("x" * 61, "the name has 61 characters: write 1 to 60"),
        ("Gal\naga", "the name holds \\n (U+000A), which nobody sees: leave it out"),
        ("Gal\u200faga", "the name holds \\u200f (U+200F), which nobody sees: leave it out"),
        ("Gal\x1b[1maga", "the name holds \\x1b (U+001B), which nobody sees: leave it out"),
        ("Gal\udcffaga", "the name holds \\udcff (U+DCFF), which nobody sees: leave it out"),
    ],
)
def test_a_name_that_no_screen_shows_is_refused(name: str, problem: str) -> None:
    """With the character and the remedy."""
    assert name_problem(name) == problem


@pytest.mark.parametrize(
    "text", ["", "galaga 01", "galaga/01", "+", "#", "é", "x" * 65, "galaga-01\n", "a.b"]
)
def test_what_is_no_machine_id_is_refused(text: str) -> None:
    """It would be part of topics, addresses and file names."""
    assert id_problem(text) == f"{text!r} is no machine id: 1 to 64 of A-Z a-z 0-9 _ -"


def test_a_key_that_is_not_there_is_an_error() -> None:
    """A renamed key of config.yaml must not be left out in silence."""
    with pytest.raises(KeyError, match=r"has no broker\.user"):
        filled_in(SHIPPED.read_text(), {"broker.user": "x"})


def test_what_another_file_says_names_no_machine() -> None:
    """None, two, and one that is no id."""
    texts = ("", "machine_id: a\nmachine_id: b\n", "machine_id: a b\n", "x machine_id: a\n")
    assert [machine_in(text) for text in texts] == [None] * 4
    assert [machine_in(f"machine_id: {text}\n") for text in ("a-1", "'a-1'", quoted("a-1"))] == ["a-1"] * 3


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("broker.example.com", ("broker.example.com", 8883)),
        ("192.168.1.7:1884", ("192.168.1.7", 1884)),
        ("2001:db8::7", ("2001:db8::7", 8883)),
    ],
)
def test_the_broker_is_named_with_its_port_or_without(text: str, address: tuple[str, int]) -> None:
    """8883 is the cabinets' own."""
    assert broker_address(text) == address


@pytest.mark.parametrize(
    "text", ["", ":8883", "mqtt://b.example", "b.example:", "b:0", "b:65536", "b:٣", "a b", "b:9999999999"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    """With what would be one."""
    with pytest.raises(ValueError, match=r"is no address: write broker\.example\.com, or "):
        broker_address(text)


def test_a_name_that_only_the_relay_knows_is_none_for_cabinets() -> None:
    """They are elsewhere."""
    hosts = ("localhost", "127.0.0.1", "::1", "mosquitto", "b.example", "192.168.1.7", "2001:db8::7")
    assert [host for host in hosts if reach_problem(host)] == ["localhost", "127.0.0.1", "::1", "mosquitto"]


EXISTS = (
    "galaga-01 exists; nothing was changed:{}\n"
    "If its config.yaml is lost, or its card: --again gives it another password and another token. The "
    "cabinet that has the old ones is then shut out."
)


@pytest.mark.parametrize(
    ("found", "again", "said"),
    [
        (Found(), False, None),
        (Found(has_login=False, said=""), False, None),
        (Found(has_login=True), False, EXISTS.format("\n  it has a login at the broker")),
        (Found(said="attract"), False, EXISTS.format("\n  it last said: attract")),
        (
            Found(has_login=True, said="offline", file="g.yaml", machine_in_file="galaga-01"),
            False,
            EXISTS.format("\n  it has a login at the broker\n  it last said: offline\n  g.yaml is its file"),
        ),
        (Found(has_login=True, file="g.yaml", machine_in_file="galaga-01"), True, None),
        (
            Found(file="g.yaml", machine_in_file="pacman-02"),
            True,
            "g.yaml is the file of pacman-02: nothing was changed. Name another, or move it away.",
        ),
        (
            Found(file="g.yaml"),
            True,
            "g.yaml is a file of something else: nothing was changed. Name another, or move it away.",
        ),
    ],
)
def test_no_working_cabinet_is_shut_out_and_no_file_replaced_by_surprise(
    found: Found, again: bool, said: str | None
) -> None:
    """What exists is named; another machine's file is never taken, whatever is asked for."""
    assert refusal("galaga-01", found, again=again) == said


def test_offers_get_a_name_and_lose_nothing() -> None:
    """The relay can read what is printed; what is right already is not printed."""
    offers = {"currency": "usd", "offers": [{"credits": 1, "amount": 100}]}
    named = with_name(json.dumps(offers), "g", 'Ga"l\N{ALIEN MONSTER}')
    assert named is not None
    assert json.loads(named) == offers | {"machines": {"g": {"name": 'Ga"l\N{ALIEN MONSTER}'}}}
    assert read_offer_list({"OFFERS": named}).of("g").name == 'Ga"l\N{ALIEN MONSTER}'
    assert with_name(named, "g", 'Ga"l\N{ALIEN MONSTER}') is None
    own = {"machines": {"g": {"offers": [7], "name": "Old"}, "p": {"name": "Pac"}}}
    changed = with_name(json.dumps(offers | own), "g", "New")
    machines = {"g": {"name": "New", "offers": [7]}, "p": {"name": "Pac"}}
    assert changed == json.dumps(offers | {"machines": machines}, separators=(",", ":"))
    assert with_name(json.dumps(offers), "g", "g") is None


@pytest.mark.parametrize("name", ["it's", "a # b", "$HOME", "\\ \" '"])
def test_printed_offers_pass_through_an_environment_file(tmp_path: Path, name: str) -> None:
    """Between apostrophes a shell reads them as they were, and so does systemd."""
    named = with_name('{"currency":"usd","offers":[{"credits":1,"amount":100}]}', "g", name)
    assert named is not None
    file = tmp_path / "relay.env"
    file.write_text(f"OFFERS='{named}'\n")
    read = subprocess.run(
        ["sh", "-c", f'. {file}; printf %s "$OFFERS"'], capture_output=True, text=True, check=True
    )
    assert read_offer_list({"OFFERS": read.stdout}).of("g").name == name


def test_the_smallest_numbers_of_other_machines_stay() -> None:
    """Else a stolen cabinet's token would be good again."""
    assert with_number({"a": 2, "g": 3}, "g", 4) == '{"a":2,"g":4}'


def page(**changes: object) -> MadePage:
    """Of a machine on a card."""
    said = {
        "machine_id": "galaga-01",
        "file": "/media/bootfs/cabinet.yaml",
        "is_on_card": True,
        "broker": ("broker.example.com", 8883),
        "login_at": "Mosquitto, /etc/mosquitto/arcade",
        "left": (),
        "ca_file": "/etc/relay/ca.crt",
        "min_token_numbers": None,
        "offers": None,
    }
    return MadePage(**said | changes)  # type: ignore[arg-type]


def test_the_page_of_a_card_says_what_becomes_of_its_secrets() -> None:
    """FAT knows no modes."""
    assert made_text(page()) == (
        "/media/bootfs/cabinet.yaml is the whole config.yaml of galaga-01, with the broker at "
        "broker.example.com:8883.\n"
        "Its login is made (Mosquitto, /etc/mosquitto/arcade).\n"
        "What is left to do, in this order:\n"
        "  1. Take the card out in good order, put it into the cabinet, and switch on: at its start it takes "
        "cabinet.yaml and ca.crt over.\n"
        "  2. Keep the card to yourself until then. Its boot partition knows no modes, so that whoever holds "
        "it reads token and password. The cabinet overwrites them there.\n"
    )


def test_the_page_of_a_file_names_each_step_and_first_what_the_broker_needs() -> None:
    """A login to be made by hand, the older tokens, the name, and only then the cabinet."""
    said = made_text(
        page(
            file="galaga-01.yaml",
            is_on_card=False,
            left=("Add the user galaga-01.",),
            min_token_numbers='{"galaga-01": 2}',
            offers='{"currency": "usd"}',
        )
    )
    config, certificate = "/etc/arcade-cabinet/config.yaml", "/etc/arcade-cabinet/ca.crt"
    assert said == (
        "galaga-01.yaml is the whole config.yaml of galaga-01, with the broker at broker.example.com:8883.\n"
        "What is left to do, in this order:\n"
        "  1. Add the user galaga-01.\n"
        '  2. Revoke its older tokens, in the relay\'s environment: MIN_TOKEN_NUMBERS={"galaga-01": 2}\n'
        '  3. Name it at its door, in the relay\'s environment: OFFERS={"currency": "usd"}\n'
        f"  4. Copy /etc/relay/ca.crt to the cabinet, as {certificate}: "
        f"sudo install -m 644 FILE {certificate}\n"
        f"  5. Copy galaga-01.yaml to the cabinet, as {config}: "
        f"sudo install -m 640 -g cabinet FILE {config}\n"
        "  6. Delete galaga-01.yaml here: it holds the token and the password. Only you can read it.\n"
        "  7. On the cabinet: sudo systemctl restart arcade-controller, and sudo cabinet status\n"
    )


def test_the_page_names_the_file_that_says_the_settings_already() -> None:
    """Nothing is typed twice; and where nothing is new, nothing is said of it."""
    kept = page(kept_in="relay.env", min_token_numbers='{"galaga-01": 2}', offers="{}")
    assert made_text(kept).splitlines()[3] == "  1. Restart the relay: relay.env says what is new."
    assert made_text(page(kept_in="relay.env")) == made_text(page())
