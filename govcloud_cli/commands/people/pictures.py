"""A QR code in the terminal, which a telephone can take without anybody typing a secret."""

from __future__ import annotations

import io

import segno


def qr(text: str) -> str:
    """`text` as a QR code of half blocks, with the quiet zone that readers need."""
    drawn = io.StringIO()
    segno.make_qr(text, error="m").terminal(drawn, compact=True, border=4)
    return drawn.getvalue()
