"""EDGE. The secret of an authenticator app as a picture that its camera reads."""

from __future__ import annotations

import base64
from io import BytesIO, StringIO

import qrcode
from qrcode.image.svg import SvgPathFillImage


def as_picture(otpauth_url: str) -> str:
    """The address as an image within a page: `data:image/svg+xml;base64,...`, kept nowhere."""
    drawn = BytesIO()
    qrcode.make(otpauth_url, image_factory=SvgPathFillImage).save(drawn)
    return "data:image/svg+xml;base64," + base64.b64encode(drawn.getvalue()).decode()


def as_text(otpauth_url: str) -> str:
    """The address as lines for a terminal, dark on light whatever its colours are."""
    code, drawn = qrcode.QRCode(border=2), StringIO()
    code.add_data(otpauth_url)
    code.print_ascii(out=drawn, invert=True)
    # It writes spaces that do not break, which a terminal of ours shows as what they are.
    return drawn.getvalue().replace("\xa0", " ")
