"""EDGE. The SD card of QEMU's Raspberry Pi: a cabinet as installed, and configured for the cloud here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import cloud
import yaml
from cabinet import settings
from userland import Userland

HERE = Path(__file__).parent
CONFIG = "/etc/arcade-cabinet/config.yaml"
SIZE = "2G"  # QEMU wants a power of two
# What a machine that lives for minutes does without.
UNWANTED = (
    *("getty.target", "console-getty.service", "serial-getty@ttyAMA0.service", "mosquitto.service"),
    *("systemd-networkd.service", "systemd-networkd.socket", "systemd-timesyncd.service"),
    *("systemd-binfmt.service", "e2scrub_reap.service", "e2scrub_all.timer", "fstrim.timer"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer"),
)


def make_card(made: Path, folder: Path, payload: Path, clouds: Path) -> Path:
    """The cabinet as installed, configured for the cloud here, on a card.

    Raises:
        RuntimeError: install.sh did not install it.
    """
    card = folder / "card.img"
    with Userland(made / "bookworm", folder / "bookworm", payload) as userland:
        status, said = userland.install()
        if status:
            raise RuntimeError(f"install.sh ended with {status}: {said}")
        root = userland.root
        shutil.copytree(HERE / "guest", root, dirs_exist_ok=True)
        for name in ("cloud@.service", "cloud@.socket"):
            shutil.copy(HERE.parent / "vm/guest/etc/systemd/system" / name, root / "etc/systemd/system")
        with cloud.broker_in(clouds) as broker:
            shutil.copy(broker.ca_file, root / "etc/arcade-cabinet/ca.crt")
        _configure(root / CONFIG[1:], settings(clouds))
        _set_up(root)
        card.unlink(missing_ok=True)
        subprocess.run(["truncate", "-s", SIZE, card], check=True)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-d", root, card], check=True)
    return card


def _configure(file: Path, filled_in: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(yaml.safe_load(file.read_text()) | filled_in, sort_keys=False))


def _set_up(root: Path) -> None:
    systemctl = ["systemctl", "-q", f"--root={root}"]
    for words in (["set-default", "multi-user.target"], ["enable", "agent.service"], ["mask", *UNWANTED]):
        subprocess.run([*systemctl, *words], check=True)
    (root / "etc/fstab").write_text("")
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    for folder in ("etc", "var"):
        (root / folder / ".updated").touch()
