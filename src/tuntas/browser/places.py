"""Where browsers lie on Linux, macOS and Windows, best first. Looks at disk and registry; starts nothing."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from glob import glob
from pathlib import Path

_NUMBERS = re.compile(r"\d+")


class BrowserKind(Enum):
    """What sort of browser an executable is; flags differ by it."""

    HEADLESS_SHELL = "chrome-headless-shell"
    CHROMIUM = "chromium"
    CHROME = "chrome"
    EDGE = "edge"


@dataclass(frozen=True, slots=True)
class Place:
    """A path that may hold a browser, and in words why we looked there."""

    path: Path
    kind: BrowserKind
    source: str


@dataclass(frozen=True, slots=True)
class Machine:
    """What the search depends on, so that a test can search a Mac's or a Windows tree on Linux."""

    platform: str
    home: Path
    environment: Mapping[str, str]
    root: Path = Path("/")

    @classmethod
    def here(cls) -> Machine:
        """Return this machine."""
        return cls(sys.platform, Path.home(), os.environ)

    @property
    def cache(self) -> Path:
        """The folder for things that can be fetched again."""
        if self.platform == "win32":
            return self._folder("LOCALAPPDATA", self.home / "AppData" / "Local")
        return self._folder("XDG_CACHE_HOME", self.home / ".cache")

    @property
    def install_folder(self) -> Path:
        """Where ``tuntas browser install`` puts browsers, a folder a version."""
        return self.cache / "tuntas" / "browsers"

    def _folder(self, variable: str, fallback: Path) -> Path:
        named = Path(self.environment.get(variable, ""))
        return named if named.is_absolute() else fallback


def places(machine: Machine) -> Iterator[Place]:
    """Yield every place that exists and may hold a browser, best first."""
    yield from _system_shells(machine)
    yield from _cached(machine, BrowserKind.HEADLESS_SHELL)
    match machine.platform:
        case "win32":
            yield from _windows(machine)
        case "darwin":
            yield from _mac(machine)
        case _:
            yield from _linux(machine)
    yield from _cached(machine, BrowserKind.CHROME)


def _system_shells(machine: Machine) -> Iterator[Place]:
    if machine.platform == "linux":
        # Debian's /usr/bin name is a shell script that does not exec: the binary behind it comes first.
        yield Place(
            machine.root / "usr/lib/chromium/chromium-headless-shell", BrowserKind.HEADLESS_SHELL, "Debian package"
        )
    for name in ("chrome-headless-shell", "chromium-headless-shell", "headless_shell"):
        yield from _on_path(machine, name, BrowserKind.HEADLESS_SHELL)


def _linux(machine: Machine) -> Iterator[Place]:
    yield Place(machine.root / "usr/lib/chromium/chromium", BrowserKind.CHROMIUM, "Debian package")
    for name, kind in (
        ("chromium", BrowserKind.CHROMIUM),
        ("chromium-browser", BrowserKind.CHROMIUM),
        ("google-chrome-stable", BrowserKind.CHROME),
        ("google-chrome", BrowserKind.CHROME),
        ("microsoft-edge-stable", BrowserKind.EDGE),
        ("microsoft-edge", BrowserKind.EDGE),
    ):
        yield from _on_path(machine, name, kind)


def _mac(machine: Machine) -> Iterator[Place]:
    for folder in (machine.root / "Applications", machine.home / "Applications"):
        for name, kind in (
            ("Chromium", BrowserKind.CHROMIUM),
            ("Google Chrome", BrowserKind.CHROME),
            ("Microsoft Edge", BrowserKind.EDGE),
        ):
            yield Place(folder / f"{name}.app" / "Contents" / "MacOS" / name, kind, "Applications folder")


def _windows(machine: Machine) -> Iterator[Place]:
    for name, kind in (("chrome.exe", BrowserKind.CHROME), ("msedge.exe", BrowserKind.EDGE)):
        for registered in _app_paths(name):
            yield Place(registered, kind, "registry")
    for variable in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA"):
        if folder := machine.environment.get(variable):
            yield Place(Path(folder) / "Chromium" / "Application" / "chrome.exe", BrowserKind.CHROMIUM, variable)
            yield Place(Path(folder) / "Google" / "Chrome" / "Application" / "chrome.exe", BrowserKind.CHROME, variable)
            yield Place(Path(folder) / "Microsoft" / "Edge" / "Application" / "msedge.exe", BrowserKind.EDGE, variable)


def _app_paths(name: str) -> Iterator[Path]:
    if sys.platform == "win32":
        import winreg

        key = rf"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\{name}"
        for hive in (winreg.HKEY_CURRENT_USER, winreg.HKEY_LOCAL_MACHINE):
            try:
                yield Path(winreg.QueryValue(hive, key).strip('"'))
            except OSError:
                continue  # not installed for this hive
    yield from ()


def _on_path(machine: Machine, name: str, kind: BrowserKind) -> Iterator[Place]:
    if found := shutil.which(name, path=machine.environment.get("PATH", "")):
        yield Place(Path(found), kind, "PATH")


def _cached(machine: Machine, kind: BrowserKind) -> Iterator[Place]:
    """Yield what we, Playwright or Puppeteer have downloaded; the newest version of each first."""
    suffix = ".exe" if machine.platform == "win32" else ""
    if kind is BrowserKind.HEADLESS_SHELL:
        names = [f"chrome-headless-shell{suffix}", f"headless_shell{suffix}"]
        ours, playwright, puppeteer = (
            "*/chrome-headless-shell-*",
            "chromium_headless_shell-*/*",
            "chrome-headless-shell/*/*",
        )
    else:
        names = [f"chrome{suffix}", "*.app/Contents/MacOS/Chromium", "*.app/Contents/MacOS/Google Chrome for Testing"]
        ours, playwright, puppeteer = "*/chrome-*", "chromium-*/*", "chrome/*/*"
    for folder, pattern, source in (
        (machine.install_folder, ours, "installed by tuntas"),
        (_playwright_folder(machine), playwright, "Playwright's cache"),
        (_puppeteer_folder(machine), puppeteer, "Puppeteer's cache"),
    ):
        # Not by pathlib, which fails where a folder may not be looked at: somebody else's home holds no browser for us.
        found = [folder / path for name in names for path in glob(f"{pattern}/{name}", root_dir=folder)]  # noqa: PTH207
        for path in sorted(found, key=lambda path: _version_key(path.relative_to(folder)), reverse=True):
            yield Place(path, kind, source)


def _playwright_folder(machine: Machine) -> Path:
    if (named := Path(machine.environment.get("PLAYWRIGHT_BROWSERS_PATH", ""))).is_absolute():
        return named
    if machine.platform == "darwin":
        return machine.home / "Library" / "Caches" / "ms-playwright"
    return machine.cache / "ms-playwright"


def _puppeteer_folder(machine: Machine) -> Path:
    if (named := Path(machine.environment.get("PUPPETEER_CACHE_DIR", ""))).is_absolute():
        return named
    return machine.home / ".cache" / "puppeteer"  # on every system


def _version_key(path: Path) -> tuple[int, ...]:
    return tuple(int(number) for number in _NUMBERS.findall(str(path)))
