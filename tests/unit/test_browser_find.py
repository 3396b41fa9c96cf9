"""Finding a browser: the order, other systems' trees, and one clear line when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuntas.browser.errors import BrowserNotFound
from tuntas.browser.find import BrowserKind, Candidate, candidates, choose, version_of
from tuntas.browser.places import Machine


def executable(path: Path, script: str = "#!/bin/sh\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(script)
    path.chmod(0o755)
    return path


def machine(tmp_path: Path, platform: str = "linux", **environment: str) -> Machine:
    return Machine(platform, tmp_path / "home", environment, root=tmp_path / "root")


def test_headless_shell_goes_before_full_browsers_and_the_binary_before_its_wrapper(tmp_path: Path) -> None:
    wrapper = executable(tmp_path / "bin" / "chromium-headless-shell")
    chrome = executable(tmp_path / "bin" / "google-chrome")
    binary = executable(tmp_path / "root/usr/lib/chromium/chromium-headless-shell")
    full = executable(tmp_path / "root/usr/lib/chromium/chromium")
    cached = executable(tmp_path / "home/.cache/ms-playwright/chromium_headless_shell-1200/chrome-linux/headless_shell")
    found = candidates(None, machine(tmp_path, PATH=str(tmp_path / "bin")))
    assert [candidate.path for candidate in found] == [binary, wrapper, cached, full, chrome]
    assert [candidate.kind for candidate in found] == [
        *[BrowserKind.HEADLESS_SHELL] * 3,
        BrowserKind.CHROMIUM,
        BrowserKind.CHROME,
    ]


def test_the_newest_of_several_downloads_comes_first_by_number_not_by_letter(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "tuntas" / "browsers"
    for version in ("99.0.1.2", "140.0.7339.16", "140.0.7339.2"):
        executable(folder / version / "chrome-headless-shell-linux64" / "chrome-headless-shell")
    found = candidates(None, machine(tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache")))
    assert [candidate.path.parts[-3] for candidate in found] == ["140.0.7339.16", "140.0.7339.2", "99.0.1.2"]
    assert {candidate.source for candidate in found} == {"installed by tuntas"}


def test_one_binary_by_two_names_is_one_candidate(tmp_path: Path) -> None:
    binary = executable(tmp_path / "root/usr/lib/chromium/chromium")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "chromium").symlink_to(binary)
    assert len(candidates(None, machine(tmp_path, PATH=str(tmp_path / "bin")))) == 1


def test_a_mac_s_applications_and_caches_are_searched(tmp_path: Path) -> None:
    edge = executable(tmp_path / "root/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge")
    shell = executable(
        tmp_path / "home/Library/Caches/ms-playwright/chromium_headless_shell-1200/chrome-mac/headless_shell"
    )
    testing = executable(
        tmp_path / "home/.cache/puppeteer/chrome/mac_arm-140.0.7339.16/chrome-mac-arm64"
        "/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing"
    )
    found = candidates(None, machine(tmp_path, "darwin"))
    assert [candidate.path for candidate in found] == [shell, edge, testing]
    assert found[1].kind is BrowserKind.EDGE


def test_a_windows_machine_s_program_files_and_caches_are_searched(tmp_path: Path) -> None:
    chrome = executable(tmp_path / "programs/Google/Chrome/Application/chrome.exe")
    shell = executable(tmp_path / "local/ms-playwright/chromium_headless_shell-1200/chrome-win/headless_shell.exe")
    environment = {"PROGRAMFILES": str(tmp_path / "programs"), "LOCALAPPDATA": str(tmp_path / "local")}
    found = candidates(None, machine(tmp_path, "win32", **environment))
    assert [candidate.path for candidate in found] == [shell, chrome]


def test_a_named_browser_leads_whatever_else_there_is(tmp_path: Path) -> None:
    named = executable(tmp_path / "my-chromium")
    executable(tmp_path / "root/usr/lib/chromium/chromium")
    here = machine(tmp_path)
    assert choose(named, here).path == named
    assert candidates(named, here)[0].path == named
    assert len(candidates(named, here)) == 2


def test_a_named_browser_that_is_missing_or_not_executable_is_an_error_that_names_it(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    for path in (tmp_path / "missing", plain, tmp_path):
        with pytest.raises(BrowserNotFound, match=str(path)):
            choose(path, machine(tmp_path))


def test_a_home_that_cannot_be_looked_at_holds_no_browser(tmp_path: Path) -> None:
    # As root none is closed; the system refuses a name like this too, and not with "no such file".
    nowhere = Machine("linux", tmp_path / ("x" * 300), {}, root=tmp_path / "root")
    shell = executable(tmp_path / "root/usr/lib/chromium/chromium-headless-shell")
    assert [found.path for found in candidates(None, nowhere)] == [shell]
    with pytest.raises(BrowserNotFound, match="not there"):
        choose(tmp_path / ("x" * 300))


def test_no_browser_at_all_is_one_line_that_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(BrowserNotFound) as caught:
        choose(None, machine(tmp_path))
    assert "tuntas browser install" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_version_is_read_from_what_the_browser_says(tmp_path: Path) -> None:
    path = executable(tmp_path / "chromium", "#!/bin/sh\necho 'Chromium 140.0.7339.16 built on Debian'\n")
    assert version_of(Candidate(path, BrowserKind.CHROMIUM, "test")) == "140.0.7339.16"


def test_a_browser_without_its_libraries_tells_which_one_is_missing(tmp_path: Path) -> None:
    script = "#!/bin/sh\necho 'error while loading shared libraries: libnss3.so: cannot open' >&2\nexit 127\n"
    path = executable(tmp_path / "chromium", script)
    with pytest.raises(BrowserNotFound, match=r"libnss3\.so"):
        version_of(Candidate(path, BrowserKind.CHROMIUM, "test"))
