"""`check` and the machine: disk, ledger, service and display, on real files and a stand-in systemctl."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from cabinets import payment, train
from check_parts import on_path
from test_config import NEEDED, load
from test_full_disk import inside_a_small_disk

from attract_screen.model.feed_format import State
from controller.check.disk import check_disk
from controller.check.display import check_display, may_write
from controller.check.ledger import check_ledger
from controller.check.marquee import check_marquee
from controller.check.service import check_service
from controller.control.running import Running
from controller.ledger.ledger import Ledger
from controller.model.effects import ClosePayment, RecordAnswer, RecordPayment
from controller.model.fault import Fault, FaultKind
from controller.model.payment import Outcome, Receipt
from controller.pages.findings import Finding, note, ok, warning, wrong
from controller.system.mounts import Mount, mount_of
from controller.system.systemd_units import Unit, unit

# Disk

REAL_ROOT = "25 1 179:2 / / rw,noatime shared:1 - ext4 /dev/mmcblk0p2 rw"
OVERLAY_ROOT = "25 1 0:23 / / rw,relatime shared:1 - overlay overlay rw,lowerdir=/lower,upperdir=/upper/data"
PARTITION = "31 25 179:3 / {at} rw,noatime shared:9 - ext4 /dev/mmcblk0p3 rw"


def mounts(tmp_path: Path, *lines: str) -> Path:
    """The kernel's list, as it is on another machine."""
    path = tmp_path / "mountinfo"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def state(tmp_path: Path) -> Path:
    (tmp_path / "state").mkdir()
    return tmp_path / "state"


def place(state: Path, *lines: str) -> Finding:
    return check_disk(state, "", mounts(state.parent, *lines))[0]


def remedy(state: Path) -> str:
    return f"Give {state} a small ext4 partition of its own: docs/read-only-root.md tells how."


def test_a_card_that_is_written_to_is_well(state: Path) -> None:
    """The whole section."""
    found = check_disk(state, "", mounts(state.parent, REAL_ROOT))
    assert found[:2] == [
        ok(f"{state} is on / (ext4), which keeps what is written"),
        ok(f"{state} can be written to"),
    ]
    assert [each.text.split(" ", 1)[1] for each in found[2:]] == ["MB are free"]


def test_a_ledger_on_an_overlay_is_wrong(state: Path) -> None:
    """It would be new after every power cut, and its sales of the last minutes undelivered."""
    text = f"{state} is on / (overlay), which forgets everything with the power, payments too"
    assert place(state, OVERLAY_ROOT) == wrong(text, remedy(state))


def test_a_partition_of_its_own_under_an_overlay_is_well(state: Path) -> None:
    """What docs/read-only-root.md tells to do."""
    own = PARTITION.format(at=state)
    assert place(state, OVERLAY_ROOT, own) == ok(f"{state} is on {state} (ext4), which keeps what is written")


def test_a_partition_that_is_mounted_read_only_is_wrong(state: Path) -> None:
    """As the kernel leaves one that has errors."""
    own = PARTITION.format(at=state).replace(" rw,noatime", " ro,noatime")
    text = f"{state} is on {state} (ext4), which is mounted read-only"
    assert place(state, OVERLAY_ROOT, own) == wrong(text, remedy(state))


def test_of_two_mounts_at_one_place_the_last_lies_on_top(tmp_path: Path) -> None:
    """And a space in a path is written as an octal number."""
    lines = mounts(
        tmp_path,
        REAL_ROOT,
        PARTITION.format(at="/my\\040state"),
        PARTITION.format(at="/my\\040state").replace("ext4", "tmpfs"),
    )
    found = [mount_of(path, lines) for path in (Path("/my state/x"), Path("/my states"))]
    assert found == [Mount(Path("/my state"), "tmpfs", False), Mount(Path("/"), "ext4", False)]


def test_before_the_first_start_there_is_only_the_place(state: Path) -> None:
    """The controller makes its directory itself."""
    later = state / "later"
    found = check_disk(later, "", mounts(state.parent, REAL_ROOT))
    assert found[1] == ok(f"{later} will be made by the controller's first start")


def test_a_directory_of_somebody_else_is_wrong(state: Path) -> None:
    """The daemon could not write its ledger there."""
    state.chmod(0o700)
    found = check_disk(state, "nobody", mounts(state.parent, REAL_ROOT))
    assert found[1] == wrong(f"the user nobody may not write to {state}", f"sudo chown nobody: {state}")


SMALL_DISK_CHECK = """
import sys
from pathlib import Path
from controller.check.disk import check_disk
folder = Path(sys.argv[1])
for name, size in (("", 0), ("filler", int(sys.argv[2]))):
    try:
        (folder / name).write_bytes(bytes(size)) if name else None
    except OSError:
        pass
for finding in check_disk(folder, "", Path("/proc/self/mountinfo")):
    print(finding.grade, finding.text)
"""


@pytest.mark.parametrize(
    ("fill", "said"),
    [
        (0, ["ok {at} can be written to", "wrong 1 MB are free"]),
        (2_000_000, ["wrong {at} cannot be written to: No space left on device", "wrong 0 MB are free"]),
    ],
)
def test_a_disk_that_is_full_is_wrong(tmp_path: Path, fill: int, said: list[str]) -> None:
    """A real one, of 1 MiB, and in memory: on a card it would be none at all."""
    folder = tmp_path / "disk"
    command = [*inside_a_small_disk(folder), sys.executable, "-c", SMALL_DISK_CHECK, str(folder), str(fill)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    forgets = f"wrong {folder} is on {folder} (tmpfs), which forgets everything with the power, payments too"
    assert ended.stdout.splitlines() == [forgets, *(line.format(at=folder) for line in said)]


# Ledger

WHEN = "2026-06-01T12:00:00.000Z"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """One sale in conflict, and one whose receipt has been owed since June."""
    path = tmp_path / "ledger.sqlite"
    with closing(Ledger(path, lambda: WHEN)) as opened:
        for name in ("pi_1", "pi_2"):
            receipt = Receipt(name, Outcome.DELIVERED, 1, 1)
            opened.write(
                [
                    RecordPayment(train(payment(name))),
                    ClosePayment(name, Outcome.DELIVERED, 1, "its last pulse was fired", receipt),
                ]
            )
        opened.write([RecordAnswer("pi_1", "conflict")])
    return path


def test_a_ledger_is_told_with_what_waits_in_it(ledger: Path) -> None:
    """Also beside a controller that has it open."""
    with closing(Ledger(ledger, lambda: WHEN)):
        assert check_ledger(ledger) == [
            ok(f"{ledger} is whole: 2 payments"),
            warning(
                "receipts owed to the relay: 1, one for over 10 min",
                "They are sent by themselves once the relay answers: see under relay.",
            ),
            warning(
                "receipts that came too late, and whose money was given back: 1",
                "Tell the operator: `sudo cabinet payments --state conflict` names them.",
            ),
        ]


def test_a_damaged_ledger_is_told_and_left_as_it_is(ledger: Path) -> None:
    """Setting it aside is for the controller, which then asks the relay what was open."""
    whole = ledger.read_bytes()
    damaged = whole[:4096] + b"\xff" * 4096 + whole[8192:]
    ledger.write_bytes(damaged)
    (finding,) = check_ledger(ledger)
    assert (finding.grade, finding.text.partition(": ")[0]) == ("wrong", f"{ledger} is damaged")
    assert finding.remedy == (
        "Restart the controller: it sets the file aside, and begins a new one behind a fence."
    )
    assert ledger.read_bytes() == damaged


def test_a_fault_of_an_earlier_ledger_is_told(ledger: Path) -> None:
    """Until somebody has seen to it."""
    ledger.write_bytes(b"no database" * 1000)
    with closing(Ledger(ledger, lambda: WHEN)) as opened:
        (fault,) = opened.faults()
    assert check_ledger(ledger)[1] == wrong(fault, "See to the card, then `sudo cabinet clear`.")


def test_no_ledger_yet_is_no_fault(tmp_path: Path) -> None:
    """The daemon was never started."""
    path = tmp_path / "ledger.sqlite"
    assert check_ledger(path) == [note(f"{path}: none yet; the controller makes it when it first starts")]


def test_a_ledger_of_a_newer_version_is_told(ledger: Path) -> None:
    """Somebody went back to an older release."""
    with closing(sqlite3.connect(ledger)) as db:
        db.execute("PRAGMA user_version = 99")
    (finding,) = check_ledger(ledger)
    assert finding.text.startswith(f"{ledger}: written by a newer version (schema 99")


# Service

UNIT = Unit("arcade-controller", "active", "running", "enabled", 0, 0, "cabinet")
RUNNING = Running(0.5, State.ATTRACT, True, 0, 0, (), "")
SELLS = ok("the controller is running: waiting for a player, selling")
SYSTEMCTL = """
[ "$4" != gone ] || { echo LoadState=not-found; exit; }
echo NRestarts=3; echo ExecMainStatus=78; echo User=cabinet; echo LoadState=loaded; echo "StatusText=a = b"
echo ActiveState=failed; echo SubState=failed; echo UnitFileState=disabled
"""


def test_systemd_is_asked_about_a_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that it does not have, and any where it does not run, is none."""
    script = SYSTEMCTL.replace("$4", "$3")
    on_path(tmp_path / "bin", "systemctl", script)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:/usr/bin:/bin")
    assert [unit("a", tmp_path), unit("gone", tmp_path), unit("a", tmp_path / "no")] == [
        Unit("a", "failed", "failed", "disabled", 3, 78, "cabinet", "a = b"),
        None,
        None,
    ]


def test_a_service_that_runs_is_well() -> None:
    """The whole section."""
    assert check_service(UNIT, RUNNING) == [
        ok("arcade-controller is active"),
        ok("it starts at boot"),
        SELLS,
    ]


def test_a_service_that_ended_over_its_configuration_is_told() -> None:
    """That has been mended since, or the check would have ended over it too."""
    stopped = replace(UNIT, active="failed", sub="failed", exit_status=78, enabled="disabled", restarts=2)
    assert check_service(stopped, None) == [
        wrong(
            "arcade-controller ended over config.yaml, and is not started again",
            "It can be used now: sudo systemctl restart arcade-controller.",
        ),
        wrong("it does not start at boot: it is disabled", "sudo systemctl enable arcade-controller"),
        warning("systemd had to start it again 2 times", "`sudo cabinet logs` says why it ended."),
        wrong("no controller is running", "Start it: sudo systemctl start arcade-controller."),
    ]


def test_a_service_that_fails_is_told() -> None:
    """With where to look."""
    failed = replace(UNIT, active="activating", sub="auto-restart", exit_status=1, restarts=1)
    assert check_service(failed, RUNNING) == [
        wrong(
            "arcade-controller is activating (auto-restart), its last exit status 1",
            "`sudo cabinet logs` says why it ended; then: sudo systemctl start arcade-controller.",
        ),
        ok("it starts at boot"),
        warning("systemd had to start it again once", "`sudo cabinet logs` says why it ended."),
        SELLS,
    ]


@pytest.mark.parametrize(
    ("kinds", "kept_out"),
    [
        ([], False),
        ([FaultKind.BROKER], True),
        # It stays away of itself, and looks whether anybody disturbs it when it is back.
        ([FaultKind.TWIN], False),
        ([FaultKind.COIN_METER, FaultKind.BROKER], True),
    ],
)
def test_a_second_login_ends_nothing_only_where_the_broker_keeps_the_first_out(
    kinds: list[FaultKind], kept_out: bool
) -> None:
    """Also a controller that has only just begun may be connected in the next moment."""
    faults = tuple(Fault(kind, "as it is") for kind in kinds)
    for state in (State.STARTING, State.ATTRACT, State.OFFLINE):
        assert replace(RUNNING, state=state, faults=faults).is_kept_out == kept_out


def test_what_the_controller_itself_says_is_told() -> None:
    """Each fault with what to do about it, and what it did not take over from config.yaml."""
    faults = (
        Fault(FaultKind.COIN_METER, "the last 3 coin pulses were not counted by the board"),
        Fault(FaultKind.BROKER, "refused us"),
        Fault(FaultKind.CONFLICT, "2 receipts in conflict with Stripe"),
        Fault(FaultKind.DAMAGED_LEDGER, "the ledger of 2026-06-01 was damaged"),
    )
    told = replace(RUNNING, selling=False, faults=faults, configuration="restart to apply broker.host")
    assert check_service(None, told) == [
        note("systemd has no arcade-controller here"),
        ok("the controller is running: waiting for a player, not selling"),
        wrong(
            "it reports: the last 3 coin pulses were not counted by the board",
            "Change the key if it names one; else see to the coin wire and the coin meter. Then "
            "`sudo cabinet pulse 1`, `sudo cabinet clear`.",
        ),
        wrong("it reports: refused us", "See under broker."),
        wrong(
            "it reports: 2 receipts in conflict with Stripe",
            "Tell the operator: `sudo cabinet payments --state conflict` names them.",
        ),
        wrong(
            "it reports: the ledger of 2026-06-01 was damaged",
            "See to the card, then `sudo cabinet clear`.",
        ),
        warning(
            "restart to apply broker.host",
            "Mend what is wrong, if anything is; then: sudo systemctl restart arcade-controller.",
        ),
    ]


# Display

SCREEN = Unit("arcade-attract-screen", "active", "running", "enabled", 0, 0, "nobody")
DESKTOP = Unit("display-manager", "active", "running", "enabled", 0, 0, "")


@pytest.fixture
def dri(tmp_path: Path) -> Path:
    """A graphics card with two sockets, and a monitor at one of them."""
    for name, status in (("card0-HDMI-A-1", "connected"), ("card0-HDMI-A-2", "disconnected")):
        (tmp_path / "drm" / name).mkdir(parents=True)
        (tmp_path / "drm" / name / "status").write_text(f"{status}\n")
    (tmp_path / "dri").mkdir()
    (tmp_path / "dri" / "card0").touch()
    (tmp_path / "dri" / "card0").chmod(0o666)
    return tmp_path / "dri"


def test_a_screen_with_a_monitor_is_well(dri: Path) -> None:
    """The whole section."""
    assert check_display(SCREEN, replace(DESKTOP, active="inactive"), dri, dri.parent / "drm") == [
        ok("arcade-attract-screen is active"),
        ok(f"{dri}/card0 may be used by the user nobody"),
        ok("a monitor is connected: card0-HDMI-A-1"),
    ]


def test_a_screen_that_cannot_draw_is_told(dri: Path) -> None:
    """A desktop, a card of others, and no monitor."""
    (dri / "card0").chmod(0o600)
    (dri.parent / "drm" / "card0-HDMI-A-1" / "status").write_text("disconnected\n")
    failed = replace(SCREEN, active="failed", sub="failed")
    assert check_display(failed, DESKTOP, dri, dri.parent / "drm") == [
        wrong(
            "arcade-attract-screen is failed (failed)",
            "journalctl -u arcade-attract-screen -n 20 says why; start it: "
            "sudo systemctl start arcade-attract-screen.",
        ),
        wrong("a desktop holds the display", "sudo systemctl set-default multi-user.target, then reboot."),
        wrong(
            f"{dri}/card0 may not be used by the user nobody",
            "Put it into its groups, and restart the screen: run install.sh again.",
        ),
        warning(
            "no monitor is connected (card0-HDMI-A-1, card0-HDMI-A-2)",
            "Switch the monitor on and check its cable; the screen finds it by itself.",
        ),
    ]


def test_a_screen_that_waits_is_not_well(dri: Path) -> None:
    """Its process runs; in front of it nobody sees anything."""
    reason = "Waiting for a display: cannot open the display (kmsdrm): something else. A remedy."
    found = check_display(replace(SCREEN, status_text=reason), None, dri, dri.parent / "drm")
    assert found[0] == wrong("arcade-attract-screen has no display yet", reason)


def test_a_machine_without_a_graphics_card_is_told(tmp_path: Path) -> None:
    """The overlay is what Raspberry Pi OS ships with."""
    found = check_display(SCREEN, None, tmp_path, tmp_path)
    assert found[1] == wrong(
        f"there is no graphics card in {tmp_path}",
        "Have dtoverlay=vc4-kms-v3d in /boot/firmware/config.txt, and reboot.",
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", []),
        ("marquee: {display: DSI-1}", [ok("the marquee's monitor is connected: card1-DSI-1")]),
        (
            "marquee: {display: HDMI-A-2}",
            [
                warning(
                    "the marquee has no monitor: no monitor is connected to HDMI-A-2 "
                    "(card0-HDMI-A-1 connected, card0-HDMI-A-2 disconnected, card1-DSI-1 connected)",
                    "Plug it in, or mend marquee.display.",
                )
            ],
        ),
        (
            "screen: {display: card1}\nmarquee: {display: card1-DSI-1}",
            [
                wrong(
                    "the marquee at card1-DSI-1 is on the main screen's card",
                    "On the bare console a card shows the picture of one program. Plug one of the monitors "
                    "into another card, or have a desktop show both: docs/screens.md, Two monitors.",
                )
            ],
        ),
    ],
)
def test_a_marquee_needs_a_card_of_its_own(
    dri: Path, tmp_path: Path, words: str, found: list[Finding]
) -> None:
    """Two connectors of one card have one owner."""
    drm = dri.parent / "drm"
    (drm / "card1-DSI-1").mkdir()
    (drm / "card1-DSI-1" / "status").write_text("connected\n")
    config = load(tmp_path, NEEDED + words + "\n")
    assert check_marquee(config, drm) == found


def test_without_its_unit_there_is_no_screen_to_check(tmp_path: Path) -> None:
    """A demo's window is nobody's service."""
    assert check_display(None, None, tmp_path, tmp_path) == [
        note("systemd has no arcade-attract-screen here")
    ]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
@pytest.mark.parametrize(
    ("owner", "group", "mode", "may"),
    [
        ("nobody", "root", 0o600, True),
        ("nobody", "root", 0o060, False),
        ("root", "nogroup", 0o660, True),
        ("root", "root", 0o660, False),
        ("root", "root", 0o662, True),
    ],
)
def test_who_may_write_goes_by_owner_group_and_others(
    tmp_path: Path, owner: str, group: str, mode: int, may: bool
) -> None:
    """In this order, as the kernel has it."""
    import shutil

    path = tmp_path / "file"
    path.touch()
    shutil.chown(path, owner, group)
    path.chmod(mode)
    assert may_write(path, "nobody") == may
