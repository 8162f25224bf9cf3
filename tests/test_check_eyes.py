"""`check` sees what the service sees: as its user, for real, and behind what its unit hides."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from check_parts import on_path
from test_check_machine import UNIT
from test_config import NEEDED
from test_units import service

from controller.check.command import Surroundings, look_at_all
from controller.check.eyes import Seen, see
from controller.check.service import check_service
from controller.config.keys import load_config
from controller.model.sandbox import Barrier, Sandbox, sandbox_of
from controller.pages.findings import note, ok, wrong
from controller.system.other_user import NotLookedError, look_as
from controller.system.systemd_units import unit

NOBODY = 65534
SHIPPED = sandbox_of(service("arcade-controller"))
READS_ALL = ok("the service's user, nobody, can read it and all that it names")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def cabinet(place: Path, more: str = "") -> Path:
    """A configuration of the user nobody, with a state directory of nobody's."""
    for name in ("state", "run"):
        (place / name).mkdir(exist_ok=True)
        os.chown(place / name, NOBODY, NOBODY)
    config = place / "config.yaml"
    config.touch(mode=0o600)
    config.write_text(f"{NEEDED}{more}\nstate_dir: {place}/state\nscreen_feed: {place}/run/screen.json\n")
    os.chown(config, 0, NOBODY)
    config.chmod(0o640)
    return config


def seen(config: Path, sandbox: Sandbox = SHIPPED, **changes: object) -> Seen:
    """What the service of the user nobody sees; `sandbox` without PrivateTmp, for the test lies in /tmp."""
    sees = replace(UNIT, user="nobody", sandbox=sandbox)
    return see(replace(sees, **changes), load_config(config), config)  # type: ignore[arg-type]


def unlike_the_test(sandbox: Sandbox) -> Sandbox:
    """As shipped, but that the folder of the tests can be seen and written to."""
    here = tempfile.gettempdir()
    return replace(sandbox, shown=(*sandbox.shown, here), written=(*sandbox.written, here))


IN_REACH = unlike_the_test(SHIPPED)


@as_root
def test_what_the_service_can_read_and_write_is_well(place: Path) -> None:
    """As another user, for real: a process that became it."""
    assert seen(cabinet(place), IN_REACH) == Seen((READS_ALL,), (), looked=True)


@as_root
def test_a_configuration_that_only_root_can_read_is_wrong(place: Path) -> None:
    """As an editor leaves it, which writes a new file: root's alone."""
    config = cabinet(place)
    os.chown(config, 0, 0)
    config.chmod(0o600)
    text = f"the service's user, nobody, cannot read {config}: Permission denied"
    remedy = f"sudo chown root:nobody {config} && sudo chmod 640 {config}"
    assert seen(config, IN_REACH) == Seen((wrong(text, remedy),), (), looked=True)


@as_root
def test_a_folder_that_the_service_may_not_enter_is_named(place: Path) -> None:
    """The first on the way, for both files; each mode is right, and the service ended with 78."""
    trustme.CA().cert_pem.write_to_path(str(place / "ca.pem"))
    (place / "mine").mkdir(mode=0o700)
    (place / "ca.pem").rename(place / "mine" / "ca.pem")
    (place / "mine" / "ca.pem").chmod(0o644)
    text = NEEDED.replace("broker: {", f"broker: {{ca_file: {place}/mine/ca.pem, ")
    config = cabinet(place)
    config.write_text(config.read_text().replace(NEEDED, text))
    no_entry = f"it may not enter {place}/mine"
    why = f"the service's user, nobody, cannot read {place}/mine/ca.pem: {no_entry}"
    remedy = "Copy it to /etc/arcade-cabinet/ca.pem, and write that into broker.ca_file."
    assert seen(config, IN_REACH).reading == (wrong(why, remedy),)
    linked = place / "linked.yaml"
    config.rename(place / "mine" / "config.yaml")
    linked.symlink_to(place / "mine" / "config.yaml")
    file = f"the service's user, nobody, cannot read {linked}: {no_entry}"
    assert seen(linked, IN_REACH).reading[0] == wrong(file, "Move it to /etc/arcade-cabinet/config.yaml.")


@as_root
def test_an_authority_that_only_root_can_read_is_wrong(place: Path) -> None:
    """A certificate is no secret."""
    trustme.CA().cert_pem.write_to_path(str(place / "ca.pem"))
    (place / "ca.pem").chmod(0o600)
    config = cabinet(place)
    text = NEEDED.replace("broker: {", f"broker: {{ca_file: {place}/ca.pem, ")
    config.write_text(config.read_text().replace(NEEDED, text))
    why = f"the service's user, nobody, cannot read {place}/ca.pem: Permission denied"
    assert seen(config, IN_REACH).reading == (wrong(why, f"sudo chmod o+r {place}/ca.pem"),)


@as_root
def test_folders_that_the_service_cannot_write_are_wrong(place: Path) -> None:
    """As after a `sudo` that made them."""
    config = cabinet(place)
    for name in ("state", "run"):
        os.chown(place / name, 0, 0)
    assert seen(config, IN_REACH).writing == tuple(
        wrong(
            f"the service's user, nobody, cannot write to {place}/{name}: Permission denied",
            f"sudo chown nobody: {place}/{name}",
        )
        for name in ("state", "run")
    )


HIDDEN = {
    "/home/pi/config.yaml": ("ProtectHome", "/home"),
    "/root/config.yaml": ("ProtectHome", "/root"),
    "/run/user/1000/config.yaml": ("ProtectHome", "/run/user"),
    "/tmp/config.yaml": ("PrivateTmp", "/tmp"),  # noqa: S108
    "/var/tmp/x/config.yaml": ("PrivateTmp", "/var/tmp"),  # noqa: S108
}


@pytest.mark.parametrize("path", HIDDEN)
def test_the_shipped_unit_hides_what_it_says(path: str) -> None:
    """As systemd.exec(5) has it; a folder whose name only begins so is another."""
    directive, folder = HIDDEN[path]
    assert SHIPPED.hides([path]) == Barrier(directive, folder)
    assert SHIPPED.hides([path.replace(folder, f"{folder}s", 1), "/etc/arcade-cabinet/config.yaml"]) is None
    assert sandbox_of({}).hides([path]) is None


def test_a_link_into_a_home_is_hidden_too() -> None:
    """Whichever of its names leads there."""
    assert SHIPPED.hides(["/etc/arcade-cabinet/ca.pem", "/home/pi/ca.pem"]) == Barrier("ProtectHome", "/home")


@as_root
def test_what_is_hidden_is_told_with_its_remedy(place: Path) -> None:
    """The test's own folder is in /tmp, as a technician's first try may be; root reads it all the same."""
    config = cabinet(place)
    assert seen(config) == Seen(
        (
            wrong(
                f"the service sees nothing of {config}: PrivateTmp= of arcade-controller hides /tmp",
                "Move it to /etc/arcade-cabinet/config.yaml.",
            ),
        ),
        (
            wrong(
                f"the service sees nothing of {place}/state: PrivateTmp= of arcade-controller hides /tmp",
                "Take state_dir out of config.yaml: by itself it is in /var/lib/arcade-cabinet.",
            ),
            wrong(
                f"the service sees nothing of {place}/run: PrivateTmp= of arcade-controller hides /tmp",
                "Take screen_feed out of config.yaml: by itself it is in /run/arcade-cabinet.",
            ),
        ),
        looked=True,
    )


@as_root
def test_a_ledger_on_a_partition_that_the_unit_shuts_is_told(place: Path) -> None:
    """ProtectSystem=strict, and a state_dir of one's own."""
    strict = sandbox_of({"ProtectSystem": "strict", "ReadWritePaths": f"{place}/run"})
    shut = f"the service may not write to {place}/state: ProtectSystem= of arcade-controller shuts /"
    remedy = (
        "Take state_dir out of config.yaml: by itself it is in /var/lib/arcade-cabinet; or add "
        f"ReadWritePaths={place}/state by `sudo systemctl edit arcade-controller`."
    )
    assert seen(cabinet(place), strict).writing == (wrong(shut, remedy),)


@as_root
def test_a_demo_s_pins_are_refused_by_the_shipped_unit(place: Path) -> None:
    """It ends with 78, and a restart would do the same."""
    config = cabinet(place, "mock_pins_for_demo_only: /run/board.sock")
    refused = seen(config, IN_REACH, real_pins_only=True)
    text = "arcade-controller takes real pins only, and refuses mock_pins_for_demo_only"
    assert refused.reading == (wrong(text, "Take that line out."),)


def test_another_file_than_the_service_s_is_told(place: Path) -> None:
    """`check --config` of a copy says nothing about the original."""
    config = cabinet(place)
    text = f"arcade-controller reads /etc/x.yaml, and not {config}: look at that one too"
    assert seen(config, config_file=Path("/etc/x.yaml")) == Seen((note(text),))


@as_root
def test_who_is_neither_root_nor_the_service_says_that_it_could_not_look() -> None:
    """Here the user daemon, who is asked what nobody sees."""

    def looked() -> str:
        try:
            return str(look_as("nobody", os.geteuid))
        except NotLookedError as why:
            return str(why)

    assert look_as("daemon", looked) == "only root and nobody itself can look as nobody: sudo cabinet check"


@as_root
def test_a_look_has_the_user_s_rights_alone() -> None:
    """No group and no saved id of root's is left, by which it could come back."""
    assert look_as("nobody", lambda: [*os.getresuid(), *os.getresgid(), *os.getgroups()]) == [NOBODY] * 7
    assert os.getresuid() == (0, 0, 0)


@as_root
@pytest.mark.parametrize(
    ("user", "look", "why"),
    [
        ("no-such-user", os.getuid, "there is no user no-such-user"),
        ("nobody", lambda: 1 / 0, "looking as nobody failed: ZeroDivisionError.*"),
        ("nobody", lambda: signal.pause(), "looking as nobody took longer than 0.2 s"),
    ],
)
def test_a_look_that_does_not_come_back_is_told(user: str, look: Callable[[], object], why: str) -> None:
    """A file system may be deaf; the check has other things to say."""
    with pytest.raises(NotLookedError, match=f"^{why}$"):
        look_as(user, look, within_s=0.2 if "longer" in why else 20)


@as_root
def test_a_user_that_does_not_exist_is_a_note(place: Path) -> None:
    """What it does see nobody knows; what the unit hides is known all the same."""
    config = cabinet(place)
    not_looked = note("whether the service can read it was not looked at: there is no user gone")
    assert seen(config, IN_REACH, user="gone") == Seen((not_looked,))
    assert [each.grade for each in seen(config, user="gone").reading] == ["note", "wrong"]


@pytest.mark.parametrize(
    ("usable", "remedy", "start"),
    [
        (True, "It can be used now", "Start it"),
        (
            False,
            "Mend what is wrong with it, as under configuration; then",
            "See under configuration first, then start it",
        ),
        (None, "Whether it can be used now was not looked at, as under configuration; try", "Start it"),
    ],
)
def test_behind_a_78_nothing_is_promised_that_was_not_seen(
    usable: bool | None, remedy: str, start: str
) -> None:
    """Where the service could not read the file, it said that it can be used now."""
    ended = replace(UNIT, active="failed", sub="failed", exit_status=78)
    found = check_service(ended, None, config_usable=usable)
    assert [each.remedy for each in found if each.remedy] == [
        f"{remedy}: sudo systemctl restart arcade-controller.",
        f"{start}: sudo systemctl start arcade-controller.",
    ]


SYSTEMCTL = """
echo LoadState=loaded; echo ActiveState=failed; echo SubState=failed; echo UnitFileState=enabled
echo NRestarts=0; echo ExecMainStatus=78; echo User=nobody; echo PrivateTmp=no; echo ProtectHome=yes
echo "ExecStart={ path=/p ; argv[]=/p -P -m controller run --config CONFIG --real-pins-only ; pid=0 }"
"""


@as_root
def test_the_whole_check_looks_with_the_service_s_eyes(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By what systemd says of the unit; the exit of 78 and its reason stand on one page."""
    config = cabinet(place)
    config.chmod(0o600)
    os.chown(place / "state", 0, 0)
    on_path(place / "bin", "systemctl", SYSTEMCTL.replace("CONFIG", str(config)))
    monkeypatch.setenv("PATH", f"{place}/bin:/usr/bin:/bin")
    where = Surroundings(place, Path("/proc/self/mountinfo"), place, place)
    asked = unit("arcade-controller", place)
    assert asked is not None
    assert (asked.config_file, asked.real_pins_only, asked.user) == (config, True, "nobody")
    page = {section.name: section.findings for section in look_at_all(load_config(config), config, where)}
    assert (
        page["configuration"][1].text
        == f"the service's user, nobody, cannot read {config}: Permission denied"
    )
    assert page["configuration"][0] == note(f"{config} is well by itself: Galaga (galaga-01), board jamma")
    assert page["service"][0].remedy.startswith("Mend what is wrong with it, as under configuration; then: ")
    text = f"the service's user, nobody, cannot write to {place}/state: Permission denied"
    assert page["disk"][1] == wrong(text, f"sudo chown nobody: {place}/state")
