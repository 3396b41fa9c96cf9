"""On what a run was made: processor, memory, system, versions. No name of a host and no path."""

from __future__ import annotations

import json
import platform
import subprocess
from pathlib import Path

import psutil

from bench.peers.world import Browsers
from support.whatsapp_web_js import NODE, node_modules
from tuntas import __version__

GIBIBYTE = 1024**3


def machine() -> dict[str, str]:
    """Describe this machine, and what else keeps it busy."""
    load = psutil.getloadavg()[0]
    return {
        "processor": f"{_processor()}, {psutil.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / GIBIBYTE:.0f} GiB",
        "system": f"{_system()}, kernel {platform.release().split('-')[0].split('+')[0]}",
        "load at the start": f"{load:.1f}",
    }


def versions(browsers: Browsers) -> dict[str, str]:
    """Name the versions of all that takes part."""
    node = subprocess.run([str(NODE), "--version"], capture_output=True, text=True, check=True, timeout=30)
    return {
        "tuntas": __version__,
        "whatsapp-web.js": _package("whatsapp-web.js"),
        "puppeteer": _package("puppeteer"),
        "python": platform.python_version(),
        "node": node.stdout.strip().removeprefix("v"),
        "chrome-headless-shell": browsers.shell_version,
        "chromium": browsers.full_version,
    }


def _package(name: str) -> str:
    return str(json.loads((node_modules() / name / "package.json").read_text())["version"])


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", "Linux")
