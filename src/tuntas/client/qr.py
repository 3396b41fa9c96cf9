"""A QR to scan, drawn in a terminal or a notebook."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass, field
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Qr:
    """A QR. It is a secret of some seconds: whoever scans it owns the session. A notebook shows it as a picture."""

    session: str
    value: str = field(repr=False)

    def draw(self, out: TextIO | None = None) -> None:
        """Draw it with block letters; ``out`` None is the standard output."""
        import segno

        out = out or sys.stdout
        segno.make(self.value, error="l", micro=False).terminal(out, compact=True, border=2)
        out.write(f"Scan it for session {self.session}: WhatsApp, Linked devices, Link a device.\n")
        out.flush()

    def _repr_svg_(self) -> str:
        """Return the picture that Jupyter asks for."""
        import segno

        picture = io.BytesIO()
        segno.make(self.value, error="l", micro=False).save(picture, kind="svg", scale=4, border=4, xmldecl=False)
        return picture.getvalue().decode()


def show(qr: Qr) -> None:
    """Show a QR where the program runs: as a picture in a notebook, else with block letters."""
    notebook = sys.modules.get("IPython")
    if notebook is not None and getattr(notebook.get_ipython(), "kernel", None) is not None:
        display = sys.modules["IPython.display"].display
        display(qr)
    else:
        qr.draw()
