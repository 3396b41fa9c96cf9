"""Installing by download, from a small catalogue on the loopback interface."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tuntas.browser.errors import BrowserInstallFailed
from tuntas.browser.find import candidates
from tuntas.browser.install import InstallOptions, install_browser
from tuntas.browser.known_downloads import KNOWN
from tuntas.browser.places import Machine

SCRIPT = b"#!/bin/sh\necho 'Google Chrome for Testing 140.0.7339.16'\n"
EXECUTABLE = "chrome-headless-shell-linux64/chrome-headless-shell"
FILE, LINK = 0o100755, 0o120777

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the small archive is for Linux")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002
        return


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "site"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        (folder / "address").write_text(f"http://127.0.0.1:{server.server_port}/")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield folder
        server.shutdown()
        thread.join()


def publish(site: Path, entries: dict[str, tuple[int, bytes]], version: str = "140.0.7339.16") -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, (mode, content) in entries.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = mode << 16
            archive.writestr(entry, content)
    (site / "shell.zip").write_bytes(buffer.getvalue())
    downloads = {"chrome-headless-shell": [{"platform": "linux64", "url": "shell.zip"}]}
    stable = {"channel": "Stable", "version": version, "downloads": downloads}
    catalogue = site / "last-known-good-versions-with-downloads.json"
    catalogue.write_text(json.dumps({"channels": {"Stable": stable}}))


def options(site: Path, tmp_path: Path) -> InstallOptions:
    machine = Machine("linux", tmp_path / "home", {}, root=tmp_path / "root")
    address = (site / "address").read_text()
    return InstallOptions(base_url=address, archives_url=address, unverified=True, packages=False, machine=machine)


def known_archive(site: Path, entries: dict[str, tuple[int, bytes]], version: str) -> str:
    """Put an archive where its version's is looked for, without any catalogue; return its digest."""
    publish(site, entries, version)
    place = site / version / "linux64"
    place.mkdir(parents=True)
    (site / "shell.zip").rename(place / "chrome-headless-shell-linux64.zip")
    (site / "last-known-good-versions-with-downloads.json").unlink()
    return hashlib.sha256((place / "chrome-headless-shell-linux64.zip").read_bytes()).hexdigest()


def folders(tmp_path: Path) -> list[str]:
    installed = tmp_path / "home/.cache/tuntas/browsers"
    return sorted(entry.name for entry in installed.iterdir()) if installed.is_dir() else []


def test_a_download_is_executable_found_again_and_not_fetched_twice(site: Path, tmp_path: Path) -> None:
    publish(site, {EXECUTABLE: (FILE, SCRIPT), "chrome-headless-shell-linux64/data.pak": (0o100644, b"x" * 5000)})
    said: list[str] = []
    candidate = install_browser(said.append, options(site, tmp_path))
    assert os.access(candidate.path, os.X_OK)
    assert folders(tmp_path) == ["140.0.7339.16"]
    assert candidates(None, options(site, tmp_path).machine) == [candidate]
    assert "140.0.7339.16 is ready" in said[-1]
    (site / "shell.zip").unlink()
    assert install_browser(said.append, options(site, tmp_path)) == candidate
    assert any("already there" in line for line in said)


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/../../escaped", "C:/escaped", "..\\escaped"])
def test_an_archive_that_would_write_elsewhere_is_refused(name: str, site: Path, tmp_path: Path) -> None:
    publish(site, {EXECUTABLE: (FILE, SCRIPT), name: (0o100644, b"evil")})
    with pytest.raises(BrowserInstallFailed, match="unsafe entry"):
        install_browser(lambda _: None, options(site, tmp_path))
    assert folders(tmp_path) == []
    assert not list(tmp_path.rglob("escaped"))


def test_an_archive_with_a_link_is_refused(site: Path, tmp_path: Path) -> None:
    publish(site, {EXECUTABLE: (LINK, b"/bin/sh")})
    with pytest.raises(BrowserInstallFailed, match="unsafe entry"):
        install_browser(lambda _: None, options(site, tmp_path))


def test_a_version_that_is_a_path_is_refused(site: Path, tmp_path: Path) -> None:
    publish(site, {EXECUTABLE: (FILE, SCRIPT)}, version="../../140")
    with pytest.raises(BrowserInstallFailed, match="strange version"):
        install_browser(lambda _: None, options(site, tmp_path))


def test_a_broken_archive_leaves_nothing_half_installed(site: Path, tmp_path: Path) -> None:
    publish(site, {EXECUTABLE: (FILE, SCRIPT)})
    (site / "shell.zip").write_bytes((site / "shell.zip").read_bytes()[:-30])
    with pytest.raises(BrowserInstallFailed, match="could not be unpacked"):
        install_browser(lambda _: None, options(site, tmp_path))
    assert folders(tmp_path) == []


def test_a_missing_catalogue_and_an_unreachable_host_say_what_to_do(site: Path, tmp_path: Path) -> None:
    with pytest.raises(BrowserInstallFailed, match="install Chromium with the system's package manager"):
        install_browser(lambda _: None, options(site, tmp_path))
    (site / "address").write_text("http://127.0.0.1:9/")  # discard: nobody listens there
    with pytest.raises(BrowserInstallFailed, match="try again with a connection"):
        install_browser(lambda _: None, options(site, tmp_path))


def test_a_browser_that_lacks_a_library_after_its_installation_says_which(site: Path, tmp_path: Path) -> None:
    script = b"#!/bin/sh\necho 'error while loading shared libraries: libnss3.so' >&2\nexit 127\n"
    publish(site, {EXECUTABLE: (FILE, script)})
    with pytest.raises(BrowserInstallFailed, match=r"installed but does not start.*libnss3\.so"):
        install_browser(lambda _: None, options(site, tmp_path))


def test_the_newest_version_that_is_known_is_installed_when_it_has_its_digest(site: Path, tmp_path: Path) -> None:
    digest = known_archive(site, {EXECUTABLE: (FILE, SCRIPT)}, "140.0.7339.16")
    known = {"9.0.0.1": {"linux64": "0" * 64}, "140.0.7339.16": {"linux64": digest}, "141.0.0.0": {"win64": "0" * 64}}
    candidate = install_browser(lambda _: None, replace(options(site, tmp_path), unverified=False, known=known))
    assert os.access(candidate.path, os.X_OK)
    assert folders(tmp_path) == ["140.0.7339.16"]


@pytest.mark.parametrize("unverified", [False, True])
def test_an_archive_with_another_digest_than_the_known_one_is_not_installed(
    unverified: bool, site: Path, tmp_path: Path
) -> None:
    if unverified:
        publish(site, {EXECUTABLE: (FILE, SCRIPT)})
    else:
        known_archive(site, {EXECUTABLE: (FILE, SCRIPT)}, "140.0.7339.16")
    known = {"140.0.7339.16": {"linux64": "0" * 64}}
    asked = replace(options(site, tmp_path), unverified=unverified, known=known)
    with pytest.raises(BrowserInstallFailed, match="nothing was installed"):
        install_browser(lambda _: None, asked)
    assert folders(tmp_path) == []


def test_where_nothing_is_known_it_is_refused_and_the_flag_is_named(site: Path, tmp_path: Path) -> None:
    publish(site, {EXECUTABLE: (FILE, SCRIPT)})
    with pytest.raises(BrowserInstallFailed, match="--unverified"):
        install_browser(lambda _: None, replace(options(site, tmp_path), unverified=False, known={}))
    assert folders(tmp_path) == []
    said: list[str] = []
    install_browser(said.append, replace(options(site, tmp_path), known={}))
    assert any("Nothing is known of" in line and "SHA-256" in line for line in said)


def test_every_known_digest_is_one_and_there_is_one_for_each_platform() -> None:
    for version, archives in KNOWN.items():
        assert all(part.isdigit() for part in version.split("."))
        assert archives.keys() == {"linux64", "mac-arm64", "mac-x64", "win64"}
        assert all(len(digest) == 64 and int(digest, 16) for digest in archives.values())
