"""What install.sh says, and does, where apt is busy, interrupted or far away, or the card is full."""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path

import pytest
from check_parts import on_path

INSTALLER = Path(__file__).parent.parent / "installer"
# The rest of install.sh, in small, with files and figures of the test's own.
HARNESS = """
set -eu
mode=install changes=0 app={folder}/opt/app state={folder}/var/state
say() {{ printf '%s\\n' "$*"; }}
fail() {{ printf 'install.sh: %s\\n' "$*" >&2; exit 1; }}
step() {{ said="$1: $2"; shift 2; if [ "$mode" = install ]; then "$@"; fi; say "$said"; }}
for part in trouble room apt system release; do . {installer}/$part.sh; done
boot_file() {{ :; }}
is_installed() {{ false; }}
trap forget_words EXIT
apt_locks={folder}/lock dpkg_updates={folder}/updates
"""
SOURCES = "/etc/apt/sources.list.d, /etc/apt/apt.conf.d, /etc/pip.conf"
NETWORK = (
    "There is no network, or no name server: ip address and resolvectl tell. "
    "Without a network: docs/install.md, --from"
)
SERVER = f"A server does not answer: is there a way out of this network, or a proxy to be named ({SOURCES})?"
MIRROR = (
    "The network is there, but a mirror does not have what it should: try again in an hour, "
    f"or name another ({SOURCES})"
)
OTHERWISE = (
    "A mirror or a proxy gave something else than was asked for: try again in an hour, "
    f"or name another ({SOURCES})"
)
FULL = (
    "The card is full (df -h, and df -i for the number of files). "
    "Make room (sudo apt-get clean), or take a larger one"
)
BROKEN = (
    "Packages of this system are broken: sudo dpkg --configure -a, then sudo apt-get install --fix-broken, "
    "then run this again"
)
CLOCK = "Is the clock right? Here it is NOW. timedatectl tells whether it is set by the network"
BY_PIP = "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: "
DEFAULT_TMP = "/tmp"  # noqa: S108 - where pip puts what it downloads


class Machine:
    """A folder with an apt of the test's own; what was asked of it stands in `asked`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked = folder / "asked"
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.lock = folder / "lock"
        self.lock.touch()
        self.has("apt-get", "")
        self.has("dpkg", "")
        self.has("dpkg-query", "exit 1")
        self.has("apt-cache", "exit 1")

    def has(self, name: str, script: str) -> None:
        """Give it a program."""
        note = f'echo "{name} $*" >>{self.asked}\n' if name in ("apt-get", "dpkg") else ""
        on_path(self.folder / "bin", name, note + script)

    def start(self, script: str) -> subprocess.Popen[str]:
        """Begin some lines of install.sh's."""
        return subprocess.Popen(
            ["sh", "-c", HARNESS.format(folder=self.folder, installer=INSTALLER) + script],
            env={
                "PATH": f"{self.folder}/bin:/usr/bin:/bin",
                "LC_ALL": "C.UTF-8",
                "TMPDIR": str(self.scratch),
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str) -> tuple[int, str, str]:
        """Run some lines of install.sh's: how they end, what is said, and what is said of errors."""
        running = self.start(script)
        said, errors = running.communicate("typed by somebody\n", timeout=60)
        assert list(self.scratch.iterdir()) == []
        return running.returncode, said, errors


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """One on which nothing is wrong."""
    return Machine(tmp_path)


APT = (
    "apt-get -qq -y -o DPkg::Lock::Timeout=900 -o Dpkg::Options::=--force-confdef "
    "-o Dpkg::Options::=--force-confold"
)


def test_packages_come_without_a_question(machine: Machine) -> None:
    """Nobody may sit there, and a file in /etc that somebody has changed stays."""
    machine.has("apt-get", 'read -r line && echo "asked: $line" >&2; echo "$DEBIAN_FRONTEND" >>$0.said')
    assert machine.run("apt_install a b") == (0, "apt installs a b ...\n", "")
    assert machine.asked.read_text().splitlines() == [
        "dpkg --audit",
        f"{APT} update",
        f"{APT} install --no-install-recommends a b",
    ]
    assert (machine.folder / "bin" / "apt-get.said").read_text() == "noninteractive\n" * 2


def test_an_apt_in_use_is_waited_for_and_named(machine: Machine) -> None:
    """An unattended upgrade begins a minute after a Pi is switched on, when a technician begins, too."""
    with machine.lock.open("w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        running = machine.start("apt_install a")
        assert running.stdout is not None
        first = running.stdout.readline()
        assert not machine.asked.exists()
    said, errors = running.communicate("typed by somebody\n", timeout=60)
    name = Path("/proc/self/comm").read_text().strip()
    assert first == (
        f"apt is in use by {name} (process {os.getpid()}): waiting until it has ended, "
        "for up to 15 minutes ...\n"
    )
    assert (running.returncode, said, errors) == (0, "apt installs a ...\n", "")


def test_an_apt_in_use_for_ever_is_no_failure_without_a_name(machine: Machine) -> None:
    """And nothing has been changed."""
    name = Path("/proc/self/comm").read_text().strip()
    with machine.lock.open("w") as held:
        fcntl.lockf(held, fcntl.LOCK_EX)
        status, _, errors = machine.run("apt_wait_s=0; apt_install a")
    assert (status, errors, machine.asked.exists()) == (
        1,
        f"install.sh: apt is still in use by {name} (process {os.getpid()}) after 0 minutes; "
        "nothing was changed. Run this again when it has ended\n",
        False,
    )


def test_a_lock_file_that_is_only_there_holds_nobody_up(machine: Machine) -> None:
    """They always are; and a process that has it open without the lock is no holder."""
    with machine.lock.open("w"):
        assert machine.run("wait_for_apt") == (0, "", "")


INTERRUPTED = (
    "an earlier installation of packages was interrupted: finishing it first (dpkg --configure -a) ...\n"
)


@pytest.mark.parametrize("sign", ["audit", "updates"])
def test_what_was_interrupted_is_finished_first(machine: Machine, sign: str) -> None:
    """The plug was pulled while apt was at it; apt then does nothing else."""
    if sign == "audit":
        machine.has("dpkg", '[ "$1" != --audit ] || echo "The following packages are only half configured"')
    else:
        (machine.folder / "updates").mkdir()
        (machine.folder / "updates" / "0001").touch()
    assert machine.run("apt_install a") == (0, f"{INTERRUPTED}apt installs a ...\n", "")
    assert machine.asked.read_text().splitlines() == [
        "dpkg --audit",
        "dpkg --force-confdef --force-confold --configure -a",
        f"{APT} install --fix-broken",
        f"{APT} update",
        f"{APT} install --no-install-recommends a",
    ]


def test_what_cannot_be_finished_is_left_to_a_person(machine: Machine) -> None:
    """With dpkg's own words."""
    machine.has("dpkg", 'echo "dpkg: no space left on device"; [ "$1" = --audit ]')
    machine.has(
        "dpkg", 'if [ "$1" = --audit ]; then echo half; else echo "dpkg: error: broken" >&2; exit 2; fi'
    )
    assert machine.run("apt_install a") == (
        1,
        INTERRUPTED,
        "dpkg: error: broken\ninstall.sh: what was interrupted cannot be finished, as it says above; "
        "no more was done. See to that, and run this again\n",
    )


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Temporary failure resolving 'deb.debian.org'", NETWORK),
        (
            "W: Failed to fetch http://m/InRelease  Could not connect to m:80 (192.0.2.1). "
            "- connect (111: Connection refused)",
            SERVER,
        ),
        ("E: Failed to fetch http://m/a.deb  404  Not Found [IP: 192.0.2.1 80]", MIRROR),
        ("E: Failed to fetch http://m/a.deb  503  Service Unavailable [IP: 192.0.2.1 80]", MIRROR),
        ("E: Unable to locate package python3-pygame", MIRROR),
        ("E: Failed to fetch http://m/a.deb  Hash Sum mismatch", OTHERWISE),
        ("E: You don't have enough free space in /var/cache/apt/archives/.", FULL),
        (
            "dpkg: error processing archive a.deb: cannot copy: failed to write (No space left on device)",
            FULL,
        ),
        (
            "E: Release file for http://m/InRelease is not valid yet (invalid for another 200d). "
            "Updates for this repository will not be applied.",
            CLOCK,
        ),
        ("E: Unmet dependencies. Try 'apt --fix-broken install' with no packages", BROKEN),
        (
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7 (apt)",
            "Something else uses apt: run this again when it has ended",
        ),
        (
            "touch: cannot touch 'x': Read-only file system",
            "The card can only be read: it is worn out, or was mounted so (findmnt /). "
            "sudo reboot has it checked; else take a new one",
        ),
        ("E: Sub-process /usr/bin/dpkg returned an error code (1)", "See to that, and run this again"),
        # pip's
        (
            "WARNING: Retrying (Retry(total=4)) after connection broken by 'NewConnectionError(\"Failed to "
            "establish a new connection: [Errno -2] Name or service not known\")': /simple/idna/\n"
            "ERROR: No matching distribution found for idna==3.20",
            NETWORK,
        ),
        ("ERROR: No matching distribution found for idna==3.20", MIRROR),
        ("ERROR: HTTP error 502 while getting https://m/idna.whl", MIRROR),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", OTHERWISE),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", FULL),
        (
            f"{BY_PIP}certificate is not yet valid (_ssl.c:992)'))",
            CLOCK,
        ),
        (
            f"{BY_PIP}self-signed certificate in certificate chain (_ssl.c:992)'))",
            "A server could not prove who it is: somebody is in between, or an authority of your own "
            "is missing (sudo update-ca-certificates)",
        ),
    ],
)
def test_a_failure_is_told_by_its_cause(machine: Machine, words: str, why: str) -> None:
    """A network is blamed only where it is the network; the words themselves stand above."""
    (machine.folder / "words").write_text(words + "\n")
    machine.has("apt-get", f"case $* in *' install '*) cat {machine.folder}/words >&2; exit 100 ;; esac")
    machine.has("date", "echo NOW")
    assert machine.run("apt_install a") == (
        1,
        "apt installs a ...\n",
        f"{words}\ninstall.sh: apt could not install a, as it says above; no more was done. {why}\n",
    )


def test_lists_that_could_not_be_had_tell_why_a_package_is_unknown(machine: Machine) -> None:
    """On a fresh card apt knows no package at all."""
    machine.has(
        "apt-get",
        "case $* in *update) echo \"W: Temporary failure resolving 'm'\" >&2; exit 100 ;; esac\n"
        "echo 'E: Unable to locate package a' >&2; exit 100",
    )
    assert machine.run("apt_install a")[2].endswith(f"no more was done. {NETWORK}\n")


def test_old_lists_do_where_a_mirror_is_away(machine: Machine) -> None:
    """What apt has may be enough."""
    machine.has("apt-get", "case $* in *update) echo away >&2; exit 100 ;; esac")
    assert machine.run("apt_install a") == (0, "apt installs a ...\n", "away\n")


@pytest.mark.parametrize(
    "python", ["/usr/local/bin/python3.9", "/root/.pyenv/versions/3.13.0/bin/python3.13", ""]
)
def test_a_python_that_is_not_the_system_s_is_told(machine: Machine, python: str) -> None:
    """It has neither pygame nor the system's pip; PATH is install.sh's own, so only a link can lead there."""
    machine.has("readlink", f"echo {python}")
    assert machine.run("check_python") == (
        1,
        "",
        f"install.sh: /usr/bin/python3 leads to {python}, which is not the system's own; "
        "nothing was replaced. Put that back: sudo apt-get install --reinstall python3-minimal\n",
    )
    machine.has("readlink", "echo /usr/bin/python3.11")
    assert machine.run("check_python") == (0, "", "")


@pytest.mark.parametrize(
    ("log", "why"),
    [
        ("connection error: NewConnectionError('[Errno -3] Temporary failure in name resolution')", NETWORK),
        ("connection error: NewConnectionError('[Errno 111] Connection refused')", SERVER),
        ("404 Client Error: Not Found for url: https://m/simple/idna/", MIRROR),
    ],
)
def test_what_pip_says_in_its_log_alone_counts_too(machine: Machine, log: str, why: str) -> None:
    """Of a server that does not answer it says that there is no such package."""
    new = machine.folder / "new"
    on_path(
        new / "venv" / "bin",
        "python",
        'while [ "$1" != --log ]; do shift; done; cat >"$2" <<\\END\n'
        "Looking in indexes: https://timed.out.example/simple, connection refused\n"
        f"Could not fetch URL https://m/simple/idna/: {log} - skipping\nEND\n"
        "echo 'ERROR: No matching distribution found for idna==3.20'; exit 1",
    )
    script = f'new={new} words=$(mktemp); pip_install || say "$(why_of "$words")"'
    assert machine.run(script) == (0, f"{why}\n", "ERROR: No matching distribution found for idna==3.20\n")


DF = """
for path; do :; done
case $path in {small}*) left={left}; mount=/small ;; *) left=9000; mount=/ ;; esac
printf 'Filesystem 1024-blocks Used Available Capacity Mounted on\\n/dev/x 99 9 %s 9%% %s\\n' \\
    $((left * 1024)) $mount
"""
MAKE_ROOM = (
    "Make room (sudo apt-get clean; sudo du -xhd 2 / | sort -h shows what is large), or take a larger card"
)


def test_a_full_card_is_found_before_anything_is_changed(machine: Machine) -> None:
    """With 60 MB left the first word of it was about a network."""
    machine.has("df", DF.format(small="/", left=60))
    assert machine.run("check_room; install_packages") == (
        1,
        "",
        "install.sh: no room: /small has 60 MB left, and 610 are needed (340 for packages of apt, "
        "160 for their download, 60 for the release, 20 for its download, 30 for the ledger). "
        f"{MAKE_ROOM}. Nothing was changed\n",
    )
    assert not machine.asked.exists()


def test_each_file_system_is_looked_at_for_what_goes_there(machine: Machine) -> None:
    """A small /tmp, or an /opt of its own."""
    machine.has("df", DF.format(small=DEFAULT_TMP, left=19))
    (machine.folder / "opt").mkdir()
    app = "app=/opt/x state=/var/lib/x; "
    assert machine.run(f"{app} check_room") == (
        1,
        "",
        f"install.sh: no room: /small has 19 MB left, and 20 are needed (20 for its download). {MAKE_ROOM}. "
        "Nothing was changed\n",
    )
    machine.has("df", DF.format(small=DEFAULT_TMP, left=20))
    assert machine.run(f"{app} check_room") == (0, "", "")


def test_a_machine_that_has_all_needs_no_room(machine: Machine) -> None:
    """Its card may be as full as it is: this changes nothing."""
    machine.has("df", DF.format(small="/", left=0))
    machine.has("dpkg-query", "echo 'install ok installed'")
    assert machine.run("is_installed() { true; }; check_room") == (0, "", "")


def test_an_upgrade_needs_room_for_itself_alone(machine: Machine) -> None:
    """No packages come with it."""
    machine.has("df", DF.format(small="/", left=60))
    machine.has("dpkg-query", "echo 'install ok installed'")
    assert machine.run("check_room")[2] == (
        "install.sh: no room: /small has 60 MB left, and 110 are needed (60 for the release, "
        f"20 for its download, 30 for the ledger). {MAKE_ROOM}. Nothing was changed\n"
    )


def test_a_check_says_that_there_is_no_room(machine: Machine) -> None:
    """And goes on, for it changes nothing."""
    machine.has("df", DF.format(small="/", left=0))
    machine.has("dpkg-query", "echo 'install ok installed'")
    assert machine.run("mode=check; check_room; say on") == (
        0,
        "no room: /small has 0 MB left, and 110 are needed (60 for the release, "
        f"20 for its download, 30 for the ledger). {MAKE_ROOM}\non\n",
        "",
    )


NO_LGPIO = (
    "install.sh: this Debian has no package of lgpio, which drives the pins, and lgpio's makers have no "
    "wheel of it for Python 3.13; nothing was changed. Take Raspberry Pi OS (Trixie or Bookworm), which has "
    "that package, or Debian 12. If an archive of your own has python3-lgpio: sudo apt-get update, then run "
    "this again\n"
)
NO_WHEELS = (
    "install.sh: there are packages for Python 3.11 and 3.13, and this system has {}; nothing was changed. "
    "Take Raspberry Pi OS (Trixie or Bookworm) or Debian 12\n"
)


@pytest.mark.parametrize(
    ("version", "packaged", "said"),
    [
        ("Python 3.11.2", "false", ""),
        ("Python 3.13.5", "true", ""),
        ("Python 3.13.5", "false", NO_LGPIO),
        ("Python 3.10.12", "true", NO_WHEELS.format("3.10")),
        ("Python 3.12.3", "true", NO_WHEELS.format("3.12")),
        ("Python 3.14.0", "true", NO_WHEELS.format("3.14")),
        ("", "false", ""),
    ],
)
def test_a_python_for_which_there_are_no_packages_is_named(
    tmp_path: Path, version: str, packaged: str, said: str
) -> None:
    """Plain Debian 13 was told that a mirror did not have what it should; before anything is changed."""
    machine = f'python3() {{ echo "{version}"; }}; has_packaged_lgpio() {{ {packaged}; }}; check_wheels'
    script = HARNESS.format(folder=tmp_path, installer=INSTALLER) + machine
    ended = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (int(said != ""), "", said)
