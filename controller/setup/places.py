"""EDGE. Where the first setup finds and leaves its files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from controller.setup.card import BOOT_FOLDERS


@dataclass(frozen=True)
class Places:
    """Where config.yaml is, where a card has its file, and where the screen is told what is wrong."""

    config: Path
    notice: Path
    boot: Sequence[Path] = BOOT_FOLDERS
    mounts: Path = Path("/proc/self/mountinfo")

    @property
    def before(self) -> Path:
        """The configuration that a card's file has replaced."""
        return self.config.with_name(f"{self.config.name}.before")

    @property
    def candidate(self) -> Path:
        """The card's file, while it is looked at."""
        return self.config.with_name("cabinet.yaml.candidate")

    @property
    def certificate(self) -> Path:
        """The certificate of an authority of one's own, taken from the card."""
        return self.config.with_name("ca.crt")

    @property
    def certificate_candidate(self) -> Path:
        """The card's certificate, while its file is looked at."""
        return self.config.with_name("ca.crt.candidate")

    @property
    def kept(self) -> Path:
        """The secrets of a card's file that is not right yet."""
        return self.config.with_name("cabinet.yaml.secrets")

    @property
    def taken(self) -> Path:
        """Which file was taken over, and could not be taken off the card."""
        return self.config.with_name("cabinet.yaml.taken")
