"""The user agent that a browser shows. WhatsApp refuses those that call themselves headless."""

from __future__ import annotations

import platform
import sys
from typing import Any

_PLATFORMS = {
    "linux": ("X11; Linux x86_64", "Linux", ""),
    "darwin": ("Macintosh; Intel Mac OS X 10_15_7", "macOS", "15.0.0"),
    "win32": ("Windows NT 10.0; Win64; x64", "Windows", "15.0.0"),
}


def override_for(version: str) -> dict[str, Any]:
    """Return the parameters of ``Emulation.setUserAgentOverride`` for a browser of ``version`` ("156.0.8078.79").

    The user agent has the major version only and the fixed platform of Chrome's own reduced user agent; the client
    hints say the same, since a page may compare the two.
    """
    number = version.rsplit("/", 1)[-1]
    major = number.split(".", 1)[0]
    system, name, system_version = _PLATFORMS.get(sys.platform, _PLATFORMS["linux"])
    brands = (("Chromium", major, number), ("Google Chrome", major, number), ("Not)A;Brand", "24", "24.0.0.0"))
    return {
        "userAgent": (
            f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"
        ),
        "userAgentMetadata": {
            "brands": [{"brand": brand, "version": short} for brand, short, _ in brands],
            "fullVersionList": [{"brand": brand, "version": full} for brand, _, full in brands],
            "platform": name,
            "platformVersion": system_version,
            "architecture": "arm" if platform.machine() in ("arm64", "aarch64") else "x86",
            "bitness": "64",
            "model": "",
            "mobile": False,
        },
    }
