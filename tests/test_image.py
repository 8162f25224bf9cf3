"""The card's image: its partitions, what must not be in it, and what a new kernel leaves of config.txt."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

TOOLS = Path(__file__).parent.parent / "tools" / "image"
KEEP = TOOLS / "root/usr/local/sbin/keep-boot-files"
PARTITIONERS = ("mkfs.vfat", "mcopy", "mke2fs", "sfdisk", "debugfs")
FIRMWARE_LINES = (
    "# Do not modify this file!\narm_64bit=1\nkernel=vmlinuz-6.1\n# For details\ninitramfs initrd.img-6.1\n"
)
OURS = "# arcade-cabinet: begin (x)\n[all]\ngpio=22=op,dl\n# arcade-cabinet: end\n"
WORDS = "console=tty0 root=LABEL=cabinet-root rw fsck.repair=yes net.ifnames=0 cma=64M rootwait"
OUR_WORDS = "arcade-cabinet.begin quiet arcade-cabinet.end cfg80211.ieee80211_regdom=DE"


def run(*command: object) -> str:
    environment = {**os.environ, "SOURCE_DATE_EPOCH": "1700000000", "BOOT_MB": "40"}
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, capture_output=True, text=True, env=environment).stdout


# --- the disk ---


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A small one: a file on each partition."""
    if missing := [tool for tool in PARTITIONERS if shutil.which(tool) is None]:
        pytest.skip(f"not here: {', '.join(missing)}")
    boot, root, made = tmp_path / "boot", tmp_path / "root", tmp_path / "card.img"
    (boot / "overlays").mkdir(parents=True)
    (boot / "cabinet-example.yaml").write_text("machine_id:\n")
    (root / "etc").mkdir(parents=True)
    (root / "etc/hostname").write_text("cabinet\n")
    run("find", tmp_path, "-exec", "touch", "-d", "@1700000000", "{}", "+")
    run(TOOLS / "disk.sh", boot, root, made)
    return made


def partitions(image: Path) -> list[tuple[str, int, int]]:
    """Type, and where each begins and how long it is, in bytes."""
    listed = json.loads(run("sfdisk", "--json", image))["partitiontable"]["partitions"]
    return [(each["type"], each["start"] * 512, each["size"] * 512) for each in listed]


def test_a_card_has_a_partition_for_every_computer_and_one_that_can_grow(image: Path) -> None:
    """The root file system is the last, and fills its partition."""
    (fat, fat_at, fat_size), (linux, root_at, root_size) = partitions(image)
    assert (fat, linux) == ("c", "83")
    assert (fat_at, fat_size, root_at) == (4 << 20, 40 << 20, 44 << 20)
    assert root_at + root_size == image.stat().st_size
    assert "cabinet-example.yaml" in run("mdir", "-b", "-i", f"{image}@@{fat_at}", "::")
    assert run("mtype", "-i", f"{image}@@{fat_at}", "::cabinet-example.yaml") == "machine_id:\n"
    root = image.with_name("root-partition")
    run("dd", f"if={image}", f"of={root}", "bs=1M", f"skip={root_at >> 20}", "status=none")
    assert run("debugfs", "-R", "cat /etc/hostname", root) == "cabinet\n"


def test_the_labels_are_those_by_which_the_system_finds_them(image: Path) -> None:
    """The kernel's words, fstab, and cloud-init each name one."""
    (_, fat_at, _), (_, root_at, _) = partitions(image)
    raw = image.read_bytes()
    labels = [
        raw[fat_at + 71 : fat_at + 82].rstrip().decode(),
        raw[root_at + 1024 + 120 :][:16].rstrip(b"\0").decode(),
    ]
    assert labels == ["bootfs", "cabinet-root"]
    fstab = (TOOLS / "root/etc/fstab").read_text()
    assert re.findall("^LABEL=(.*?) (.*?) ", fstab, re.MULTILINE) == [
        ("cabinet-root", "/"),
        ("bootfs", "/boot/firmware"),
    ]
    assert "ROOTPART=LABEL=cabinet-root\n" in (TOOLS / "root/etc/default/raspi-firmware").read_text()
    cloud = yaml.safe_load((TOOLS / "root/etc/cloud/cloud.cfg.d/90-arcade-cabinet.cfg").read_text())
    assert cloud["datasource"] == {"NoCloud": {"fs_label": "bootfs"}}


def test_the_boot_partition_is_the_same_in_each_build(image: Path) -> None:
    """Nothing of when or where it was built is in it."""
    again = image.with_name("again.img")
    run(TOOLS / "disk.sh", image.parent / "boot", image.parent / "root", again)
    first_mb = (44 << 20) - 1  # partition table and boot partition
    sums = [hashlib.sha256(path.read_bytes()[:first_mb]).hexdigest() for path in (image, again)]
    assert sums[0] == sums[1]


# --- what must not be in it ---


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """As Debian and install.sh leave it."""
    files = {
        "etc/shadow": "root:*:1::::::\ncabinet:!*:1::::::\n",
        "etc/ssh/ssh_host_rsa_key": "a key",
        "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "etc/resolv.conf": "nameserver 192.0.2.1\n",
        "etc/arcade-cabinet/config.yaml": (TOOLS.parent.parent / "config.yaml").read_text(),
        "var/log/apt/history.log": "where it was built",
        "root/.bash_history": "what was typed",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    for name in ("tmp", "var/tmp", "run", "home", "var/cache/apt/archives", "var/lib/arcade-cabinet"):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    return tmp_path


def files(root: Path) -> list[str]:
    return sorted(
        str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() or path.is_symlink()
    )


def test_what_one_machine_has_goes(root: Path) -> None:
    """Each card makes its own: keys, number, logs."""
    run(TOOLS / "tidy.sh", root)
    assert files(root) == [
        "etc/arcade-cabinet/config.yaml",
        "etc/machine-id",
        "etc/resolv.conf",
        "etc/shadow",
    ]
    assert (root / "etc/machine-id").read_text() == ""
    assert str((root / "etc/resolv.conf").readlink()) == "/run/systemd/resolve/stub-resolv.conf"


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("etc/shadow", "root:$6$salt$hash:1::::::\n", "a user has a password, or needs none"),
        ("etc/shadow", "root::1::::::\n", "a user has a password, or needs none"),
        ("home/pi/.ssh/authorized_keys", "ssh-ed25519 AAAA", "a key for SSH is in it"),
        ("etc/arcade-cabinet/config.yaml", "broker:\n  password: x\n", "its config.yaml is filled in"),
        ("etc/arcade-cabinet/ca.crt", "x", "the configuration's folder has more than config.yaml"),
        ("var/lib/arcade-cabinet/ledger.sqlite", "x", "it has a ledger"),
    ],
)
def test_what_nobody_may_share_is_refused(root: Path, name: str, text: str, told: str) -> None:
    """It is named, and no image is made."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    done = subprocess.run([TOOLS / "tidy.sh", root], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        f"tidy.sh: {told}: that is no image for more than one cabinet\n",
    )


# --- the first initrd ---

TREE = """/dts-v1/; / { compatible = "raspberrypi,3-model-b", "brcm,bcm2837";
card { compatible = "brcm,bcm2835-sdhost"; }; sound { compatible = "brcm,bcm2835-i2s"; }; };"""
ALIASES = """alias of:N*T*Cbrcm,bcm2835-sdhostC* bcm2835
alias of:N*T*Cbrcm,bcm2835-sdhost bcm2835
alias of:N*T*Cbrcm,bcm2835-i2s snd_soc_bcm2835_i2s
alias of:N*T*Cvendor,another another
alias pci:v00001AF4d* virtio_pci
"""
DEPENDENCIES = (
    "kernel/drivers/mmc/host/bcm2835.ko:\nkernel/sound/soc/bcm/snd-soc-bcm2835-i2s.ko: kernel/x.ko\n"
)


@pytest.mark.skipif(shutil.which("dtc") is None, reason="device-tree-compiler is not here")
def test_the_first_initrd_has_the_drivers_that_the_boards_name(tmp_path: Path) -> None:
    """Without those for sound and pictures; and what holds a file system."""
    modules, boards = tmp_path / "lib/modules/6.1", tmp_path / "usr/lib/linux-image-6.1/broadcom"
    for folder in (modules, boards):
        folder.mkdir(parents=True)
    (modules / "modules.alias").write_text(ALIASES)
    (modules / "modules.dep").write_text(DEPENDENCIES)
    for name in ("bcm2837-rpi-3-b.dtb", "bcm2711-rpi-4-b.dtb"):
        command = ["dtc", "-q", "-O", "dtb", "-o", boards / name, "-"]
        subprocess.run(command, input=TREE, check=True, text=True)
    named = run(TOOLS / "board_modules.sh", tmp_path).split()
    assert (named[0], named[1:3], "snd_soc_bcm2835_i2s" in named) == (
        "bcm2835",
        ["mmc_block", "usb_storage"],
        False,
    )


# --- a new kernel ---


def written_anew(root: Path, folder: str = "etc/default") -> tuple[str, str]:
    """What Debian's raspi-firmware makes of its settings: its own lines, and what is handed to it."""
    custom, words = root / folder / "raspi-firmware-custom", root / folder / "raspi-extra-cmdline"
    config = FIRMWARE_LINES
    if custom.exists():
        config += f"\n# Inserted by /etc/default/raspi-firmware-custom\n{custom.read_text().rstrip()}\n"
    return config, f"{WORDS} {words.read_text().rstrip() if words.exists() else ''}\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("lines", "words"),
    [(OURS, OUR_WORDS), (f"hdmi_group=2\n\n{OURS}", "quiet"), ("", "")],
    ids=["ours", "more", "none"],
)
def test_a_new_kernel_keeps_what_stands_below_its_lines(
    tmp_path: Path, line_end: str, lines: str, words: str
) -> None:
    """Once and again: the coin line's pin as it is now, a technician's own lines, and no line twice."""
    boot, settings = tmp_path / "boot/firmware", tmp_path / "etc/default"
    boot.mkdir(parents=True)
    settings.mkdir(parents=True)
    (boot / "config.txt").write_bytes((FIRMWARE_LINES + lines).replace("\n", line_end).encode())
    (boot / "cmdline.txt").write_bytes(f"{WORDS} {words}{line_end}".encode())
    for _ in range(3):
        run(KEEP, tmp_path)
        config, kept_words = written_anew(tmp_path)
        (boot / "config.txt").write_text(config)
        (boot / "cmdline.txt").write_text(kept_words)
    inserted = f"\n# Inserted by /etc/default/raspi-firmware-custom\n{lines}" if lines else ""
    assert (config, kept_words) == (FIRMWARE_LINES + inserted, f"{WORDS} {words}\n")


# --- what a technician finds ---


def test_wi_fi_by_hand_is_a_matter_of_the_marks_in_front() -> None:
    """As it is shipped it names the cable; without the marks, the Wi-Fi as well."""
    shipped = (TOOLS / "boot/network-config").read_text()
    assert yaml.safe_load(shipped)["network"].keys() == {"version", "ethernets"}
    filled_in = yaml.safe_load(re.sub("^#(?=  )", "", shipped, flags=re.MULTILINE))["network"]["wifis"][
        "wlan0"
    ]
    assert filled_in["access-points"] == {"NAME OF THE NETWORK": {"password": "ITS PASSWORD"}}


def test_imager_s_settings_are_waited_for() -> None:
    """It takes an image with this file for one that cloud-init sets up, and writes into these."""
    for name, begins in (
        ("user-data", "#cloud-config\n"),
        ("meta-data", "instance-id: "),
        ("network-config", "#"),
    ):
        assert (TOOLS / "boot" / name).read_text().startswith(begins)


def test_imager_is_told_what_it_checks(tmp_path: Path) -> None:
    """Size and sum, or it does not write the image; and how it hands over its settings."""
    image = tmp_path / "card.img"
    image.write_bytes(b"an image")
    told = json.loads(
        run(sys.executable, TOOLS / "manifest.py", image, "https://example.com/card.img", 1700000000)
    )
    (system,) = told["os_list"]
    assert {
        key: system[key]
        for key in ("url", "extract_size", "image_download_size", "release_date", "init_format")
    } == {
        "url": "https://example.com/card.img",
        "extract_size": 8,
        "image_download_size": 8,
        "release_date": "2023-11-14",
        "init_format": "cloudinit",
    }
    assert system["extract_sha256"] == hashlib.sha256(b"an image").hexdigest()


def test_the_card_s_own_words_fit_any_notepad() -> None:
    """Plain letters, and lines that no window breaks."""
    text = (TOOLS / "boot/README.txt").read_text()
    assert text.isascii()
    assert max(map(len, text.splitlines())) <= 80
