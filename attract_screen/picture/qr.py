"""An address -> the modules of its QR code, quiet zone included."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from qrcode.constants import ERROR_CORRECT_L, ERROR_CORRECT_M
from qrcode.main import QRCode

QUIET_ZONE_MODULES = 4  # ISO/IEC 18004


@dataclass(frozen=True)
class QrCode:
    """A square of modules, True where dark, with its quiet zone around it."""

    modules: tuple[tuple[bool, ...], ...]

    @property
    def side(self) -> int:
        """Modules from edge to edge, quiet zone included."""
        return len(self.modules)


@lru_cache(maxsize=4)
def encode(text: str, *, sturdy: bool = True) -> QrCode:
    """The smallest QR code that holds the text at error correction level M; at L, if it need not be sturdy.

    Remembered, because choosing its mask takes longer than drawing the picture.
    """
    level = ERROR_CORRECT_M if sturdy else ERROR_CORRECT_L
    code = QRCode(error_correction=level, border=QUIET_ZONE_MODULES)
    code.add_data(text)
    code.make(fit=True)
    return QrCode(tuple(tuple(bool(dark) for dark in row) for row in code.get_matrix()))
