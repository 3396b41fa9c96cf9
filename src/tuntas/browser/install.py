"""Gets a browser onto this machine: the distribution's package where we may, else chrome-headless-shell as a download.

A package brings its libraries and its updates along; a download is what Playwright's and Puppeteer's users know
(Chrome for Testing). A download must have the digest that is known of it (``known_downloads``), unless somebody has
said that any will do. Nothing is ever half installed: it is unpacked beside its place and renamed into it. Blocking
throughout.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import httpx

from tuntas.browser.command import CommandFailed, run_command
from tuntas.browser.errors import BrowserInstallFailed, BrowserNotFound
from tuntas.browser.find import Candidate, choose, version_of
from tuntas.browser.known_downloads import KNOWN, Digests, newest
from tuntas.browser.places import BrowserKind, Machine

# https://github.com/GoogleChromeLabs/chrome-for-testing#json-api-endpoints
CHROME_FOR_TESTING = "https://googlechromelabs.github.io/chrome-for-testing/"
ARCHIVES = "https://storage.googleapis.com/chrome-for-testing-public/"
_CATALOGUE = "last-known-good-versions-with-downloads.json"
_PRODUCT = "chrome-headless-shell"
_PACKAGES = ("chromium-headless-shell", "chromium")

_UPDATE_SECONDS = 300.0
_PACKAGE_SECONDS = 1200.0
_DOWNLOAD_SECONDS = 1800.0
_SILENCE_SECONDS = 30.0
_UNPACKED_BYTES_LIMIT = 2 << 30
_LINES_SHOWN = 12

Report = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class InstallOptions:
    """Where to install from and to; ``packages`` None: the package manager where we may, and else a download.

    A download is the newest of the ``known`` archives. ``unverified``: the newest stable version of the catalogue at
    ``base_url``, also where nothing is known of it.
    """

    base_url: str = CHROME_FOR_TESTING
    archives_url: str = ARCHIVES
    known: Digests = field(default_factory=lambda: KNOWN)
    unverified: bool = False
    packages: bool | None = None
    machine: Machine = field(default_factory=Machine.here)


def install_browser(report: Report, options: InstallOptions | None = None) -> Candidate:
    """Install a browser and return it once it has named its version. ``report`` gets one line a step.

    Raises BrowserInstallFailed with one sentence that says what to do.
    """
    options = options or InstallOptions()
    candidate = _install(report, options)
    try:
        version = version_of(candidate)
    except BrowserNotFound as error:
        message = f"{candidate.path} was installed but does not start ({error}): install the libraries that it names"
        raise BrowserInstallFailed(message) from error
    report(f"{candidate.kind.value} {version} is ready: {candidate.path}")
    return candidate


def _install(report: Report, options: InstallOptions) -> Candidate:
    if options.packages is False or (options.packages is None and not _may_install_packages()):
        return _from_download(report, options)
    try:
        return _from_packages(report)
    except BrowserInstallFailed as error:
        if options.packages:
            raise
        # Some distributions have no such package, or only a stub that fetches something else.
        report(f"No package: {error}")
        return _from_download(report, options)


def _may_install_packages() -> bool:
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _from_packages(report: Report) -> Candidate:
    report("Updating the list of packages (apt-get update).")
    _apt("update", timeout_seconds=_UPDATE_SECONDS)
    failures = []
    for package in _PACKAGES:
        report(f"Installing the package {package}.")
        try:
            _apt("install", "-y", "--no-install-recommends", package, timeout_seconds=_PACKAGE_SECONDS)
            return choose()
        except (BrowserInstallFailed, BrowserNotFound) as error:
            failures.append(error)
    raise failures[-1] if isinstance(failures[-1], BrowserInstallFailed) else BrowserInstallFailed(str(failures[-1]))


def _apt(*arguments: str, timeout_seconds: float) -> None:
    command = ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run_command(command, timeout_seconds=timeout_seconds, environment=environment)
    except CommandFailed as error:
        said = "\n".join(error.output.strip().splitlines()[-_LINES_SHOWN:])
        message = f"`apt-get {' '.join(arguments)}` failed ({error}); mend that and run it again. It said:\n{said}"
        raise BrowserInstallFailed(message) from error


def _from_download(report: Report, options: InstallOptions) -> Candidate:
    system = _download_platform()
    folder = options.machine.install_folder
    name = f"{_PRODUCT}.exe" if system.startswith("win") else _PRODUCT
    try:
        with httpx.Client(follow_redirects=True, timeout=_SILENCE_SECONDS) as client:
            version, url = _latest(client, options.base_url, system) if options.unverified else _known(options, system)
            digest = options.known.get(version, {}).get(system)
            executable = folder / version / f"{_PRODUCT}-{system}" / name
            candidate = Candidate(executable, BrowserKind.HEADLESS_SHELL, "installed by tuntas")
            if executable.is_file():
                report(f"{_PRODUCT} {version} is already there.")
                return candidate
            folder.mkdir(parents=True, exist_ok=True)
            # Beside its final place, so that the last step is one rename.
            with tempfile.TemporaryDirectory(prefix=".partial-", dir=folder) as partial:
                archive, unpacked = Path(partial) / "archive.zip", Path(partial) / "unpacked"
                report(f"Downloading {_PRODUCT} {version} for {system}.")
                _check(_fetch(client, url, archive, report), digest, url, report)
                _unpack(archive, unpacked)
                if not (unpacked / executable.relative_to(folder / version)).is_file():
                    message = f"the archive {url} holds no {executable.name}; install a browser by hand"
                    raise BrowserInstallFailed(message)
                _move_into_place(unpacked, folder / version)
    except httpx.HTTPError as error:
        where = options.base_url if options.unverified else options.archives_url
        message = (
            f"the download from {where} failed ({type(error).__name__}: {error}); "
            "try again with a connection to it, or install Chromium with the system's package manager"
        )
        raise BrowserInstallFailed(message) from error
    except (OSError, zipfile.BadZipFile) as error:
        message = f"the browser could not be unpacked into {folder} ({error}); make room there and try again"
        raise BrowserInstallFailed(message) from error
    return candidate


def _download_platform() -> str:
    machine = platform.machine().lower()
    match sys.platform, machine:
        case "linux", "x86_64" | "amd64":
            return "linux64"
        case "darwin", "arm64":
            return "mac-arm64"
        case "darwin", _:
            return "mac-x64"
        case "win32", "amd64" | "x86_64":
            return "win64"
        case _:
            pass
    message = (
        f"there is no {_PRODUCT} to download for {sys.platform} on {machine}; "
        "install Chromium with the system's package manager and name it in TUNTAS_BROWSER"
    )
    raise BrowserInstallFailed(message)


def _known(options: InstallOptions, system: str) -> tuple[str, httpx.URL]:
    """Return the newest version whose digest is known, and its archive's address."""
    version = newest(options.known, system)
    if version is None:
        message = (
            f"no {_PRODUCT} for {system} is known by its digest; `tuntas browser install --unverified` takes the "
            "newest one as it comes, or install Chromium with the system's package manager"
        )
        raise BrowserInstallFailed(message)
    base = options.archives_url if options.archives_url.endswith("/") else options.archives_url + "/"
    return version, httpx.URL(base).join(f"{version}/{system}/{_PRODUCT}-{system}.zip")


def _check(found: str, known: str | None, url: httpx.URL, report: Report) -> None:
    if known is None:
        report(f"Nothing is known of {url}: its SHA-256 is {found}.")
    elif found != known:
        message = (
            f"{url} has the SHA-256 {found}, not {known}: nothing was installed from it. Try again; if that stays, "
            "somebody between here and there changes it: install Chromium with the system's package manager"
        )
        raise BrowserInstallFailed(message)


def _latest(client: httpx.Client, base_url: str, system: str) -> tuple[str, httpx.URL]:
    """Return the version and the archive's address of the stable channel."""
    catalogue = httpx.URL(base_url if base_url.endswith("/") else base_url + "/").join(_CATALOGUE)
    response = client.get(catalogue)
    response.raise_for_status()
    try:
        stable = response.json()["channels"]["Stable"]
        version = str(stable["version"])
        found = [item["url"] for item in stable["downloads"][_PRODUCT] if item["platform"] == system]
        address = catalogue.join(found[0])
    except (ValueError, KeyError, TypeError, IndexError) as error:
        message = f"{catalogue} does not name a {_PRODUCT} for {system}; install a browser by hand"
        raise BrowserInstallFailed(message) from error
    if not all(part.isdigit() for part in version.split(".")):
        message = f"{catalogue} names a strange version {version!r}; install a browser by hand"
        raise BrowserInstallFailed(message)
    return version, address


def _fetch(client: httpx.Client, url: httpx.URL, target: Path, report: Report) -> str:
    """Download to ``target`` and return the SHA-256 of what came."""
    digest = hashlib.sha256()
    deadline = time.monotonic() + _DOWNLOAD_SECONDS
    with client.stream("GET", url) as response, target.open("wb") as file:
        response.raise_for_status()
        total = int(response.headers.get("content-length", 0))
        received, told = 0, 0
        for chunk in response.iter_bytes():
            file.write(chunk)
            digest.update(chunk)
            received += len(chunk)
            tenths = 10 * received // total if total else 0
            if tenths > told:
                told = tenths
                report(f"{received / 1e6:.0f} of {total / 1e6:.0f} MB")
            if time.monotonic() > deadline:
                message = f"the download took more than {_DOWNLOAD_SECONDS:g} s"
                raise httpx.ReadTimeout(message)
    return digest.hexdigest()


def _unpack(archive: Path, target: Path) -> None:
    """Unpack without ever writing outside ``target``, and keep the bits that make a file executable."""
    with zipfile.ZipFile(archive) as source:
        entries = source.infolist()
        if sum(entry.file_size for entry in entries) > _UNPACKED_BYTES_LIMIT:
            raise BrowserInstallFailed("the archive is far too big for a browser; install a browser by hand")
        for entry in entries:
            _refuse_escape(entry)
            path = Path(source.extract(entry, target))
            if (mode := (entry.external_attr >> 16) & 0o777) and not entry.is_dir():
                path.chmod(mode | 0o600)


def _refuse_escape(entry: zipfile.ZipInfo) -> None:
    name = PurePosixPath(entry.filename.replace("\\", "/"))
    is_link = (entry.external_attr >> 28) == 0o12
    if name.is_absolute() or ".." in name.parts or ":" in entry.filename or is_link:
        message = f"the archive holds the unsafe entry {entry.filename!r}; nothing was installed from it"
        raise BrowserInstallFailed(message)


def _move_into_place(unpacked: Path, target: Path) -> None:
    # What is there without its executable is the rest of something broken.
    if target.exists():
        shutil.rmtree(target)
    unpacked.rename(target)
