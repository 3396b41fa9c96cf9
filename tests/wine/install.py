"""Installs the test-bed for Windows semantics into ``.wine``: Wine, and a genuine CPython for Windows that runs in it.

``python tests/wine/install.py`` does it by hand; the tests do it when they first need it. CPython's DLL and extension
modules come inside the panda3d wheel (PyPI has them nowhere else), the standard library from the Python that runs this,
Tuntas' dependencies from requirements.lock. Downloads from PyPI are pinned by hash; Wine and the compiler are the
distribution's. It must never change anything outside ``.wine`` but by apt-get, and every step is bounded in time.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path

from filelock import FileLock
from packaging.requirements import Requirement

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
BED = CHECKOUT / ".wine"
SERVER = "wineserver"

# Debian's wrapper "wine" complains about the missing 32-bit half, which nothing here needs.
_WINES = ("/usr/lib/wine/wine64", "wine64", "wine")
_COMPILER = "x86_64-w64-mingw32-gcc-win32"
_OBJDUMP = "x86_64-w64-mingw32-objdump"
_PACKAGES = ("wine", "wine64", "gcc-mingw-w64-x86-64-win32")
_PANDA3D = "1.10.16"
_PANDA3D_SHA256 = {
    (3, 11): "37acfb92655c4226879f95c988e2ef1449a53c54486d6c1ebc00e2772429af82",
    (3, 12): "f6493e2ecc0d1b7c1556a999556e5278cbc9484fe5fe1e159a1ccc02b870b18f",
    (3, 13): "0e505261bb58d8402d0099c291f1a3459acfdd38f3e7d666e72aa2e1ea5dc46f",
}
# What runs there: Tuntas, and pytest with the plugins that pyproject.toml takes for granted.
_WANTED = ("tuntas", "pytest", "pytest-timeout")
_ON_WINDOWS = {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows", "platform_machine": "AMD64"}
_STDLIB_LEFT_OUT = ("__pycache__", "test", "tests", "site-packages", "lib-dynload", "idlelib", "tkinter", "config-*")
_LOCK_SECONDS = 600
_STEP_SECONDS = 300

Report = Callable[[str], None]


class NotHere(Exception):
    """The test-bed cannot be had on this machine; the message says why."""


class InstallFailed(Exception):
    """A step failed or took too long; the message holds its last words."""


def install(report: Report) -> None:
    """Install the test-bed, or find that it is there. Raises NotHere, InstallFailed."""
    if obstacle := _obstacle():
        raise NotHere(obstacle)
    BED.mkdir(exist_ok=True)
    with FileLock(BED / "install.lock", timeout=_LOCK_SECONDS):
        stamp, recipe = BED / "recipe", _recipe()
        if stamp.exists() and stamp.read_text() == recipe:
            return
        stamp.unlink(missing_ok=True)
        if not _has_wine():
            report("Installing Wine and a cross-compiler with apt-get.")
            _run(["apt-get", "update"])
            _run(
                ["apt-get", "install", "--yes", "--no-install-recommends", *_PACKAGES], DEBIAN_FRONTEND="noninteractive"
            )
            if not _has_wine():
                message = f"{', '.join(_PACKAGES)} are installed, and yet a program of theirs is missing"
                raise InstallFailed(message)
        report("Downloading CPython for Windows and the packages.")
        for old in ("python", "packages", "prefix", "bytecode", "wheels"):
            shutil.rmtree(BED / old, ignore_errors=True)
        _download_packages()
        _unpack_python()
        report("Building python.exe and making the Wine prefix.")
        _build()
        _run([_wine(), "wineboot", "--init"], **environment())
        report("Starting Python for Windows once.")
        # Compiles what the tests import, which is half of their time otherwise.
        _run([*python(), "-c", "import tuntas.cli, tuntas.server.starting, pytest"], **environment())
        _run([SERVER, "--wait"], **environment())
        stamp.write_text(recipe)


def python() -> list[str]:
    """Return the command that starts Python under Wine. Its standard handles must be pipes or files."""
    return [_wine(), str(BED / "python" / "python.exe")]


def environment() -> Mapping[str, str]:
    """Return what must be set for every command under Wine, beside the usual environment."""
    return {
        "WINEPREFIX": str(BED / "prefix"),
        "WINEARCH": "win64",
        "WINEDEBUG": "-all",
        # No .NET, no browser engine, no menu entries: all of them ask for downloads or a desktop.
        "WINEDLLOVERRIDES": "mscoree,mshtml=;winemenubuilder.exe=d",
        "PYTHONHOME": windows_path(BED / "python"),
        "PYTHONPATH": ";".join(map(windows_path, (BED / "packages", CHECKOUT / "src", CHECKOUT / "tests"))),
        "PYTHONPYCACHEPREFIX": windows_path(BED / "bytecode"),
        "PYTHONDONTWRITEBYTECODE": "",
        "PYTHONUTF8": "1",
        "TUNTAS_FAKE_BROWSER": windows_path(BED / "python" / "browser.exe"),
    }


def windows_path(path: Path) -> str:
    """Return how a program under Wine names a path of this machine."""
    return "Z:" + str(path).replace("/", "\\")


def _obstacle() -> str | None:
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return "Wine's test-bed needs Linux on x86-64"
    if sys.version_info[:2] not in _PANDA3D_SHA256:
        return "no CPython for Windows of this minor version is pinned"
    if _has_wine():
        return None
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        return f"Wine is not installed, and only root can install it: apt-get install {' '.join(_PACKAGES)}"
    return None


def _has_wine() -> bool:
    return all(shutil.which(program) for program in (_wine(), SERVER, _COMPILER, _OBJDUMP))


def _wine() -> str:
    return next((program for program in _WINES if shutil.which(program)), _WINES[0])


def _recipe() -> str:
    """Return what changes whenever the test-bed must be made anew."""
    parts = [path.read_bytes() for path in (*sorted(HERE.glob("*.c")), Path(__file__), CHECKOUT / "requirements.lock")]
    return f"{hashlib.sha256(b''.join(parts)).hexdigest()} {platform.python_version()} {CHECKOUT}\n"


def _download_packages() -> None:
    wheels = BED / "wheels"
    wheels.mkdir()
    version = sys.version_info[:2]
    (wheels / "python.txt").write_text(f"panda3d=={_PANDA3D} --hash=sha256:{_PANDA3D_SHA256[version]}\n")
    (wheels / "packages.txt").write_text("".join(_locked()))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    for_windows = ["--no-deps", "--require-hashes", "--only-binary=:all:", "--platform=win_amd64"]
    for_windows += [f"--python-version={version[0]}.{version[1]}", "--implementation=cp"]
    _run([*pip, "download", *for_windows, f"--dest={wheels}", f"--requirement={wheels / 'python.txt'}"])
    target = f"--target={BED / 'packages'}"
    _run([*pip, "install", *for_windows, "--no-compile", target, f"--requirement={wheels / 'packages.txt'}"])


def _locked() -> Iterator[str]:
    """Yield from requirements.lock the blocks, without markers, of all that is wanted on Windows."""
    wanted = _closure()
    text = (CHECKOUT / "requirements.lock").read_text()
    for block in re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE):
        name = re.match(r"[A-Za-z0-9._-]+", block)
        if name and _canonical(name[0]) in wanted:
            first, rest = block.split("\n", 1)
            yield f"{first.split(' ')[0]} \\\n{rest}"


def _closure() -> set[str]:
    """Return the names of what is wanted and all that it needs on Windows."""
    found: set[str] = set()
    waiting = list(_WANTED)
    while waiting:
        name = _canonical(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            needed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue  # needed on Windows only, so not installed here; such packages need nothing more
        for_windows = {**_ON_WINDOWS, "extra": ""}
        requirements = map(Requirement, needed)
        waiting += [one.name for one in requirements if one.marker is None or one.marker.evaluate(for_windows)]
    return found


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _unpack_python() -> None:
    home = BED / "python"
    (home / "DLLs").mkdir(parents=True)
    with zipfile.ZipFile(next((BED / "wheels").glob("panda3d-*.whl"))) as wheel:
        for entry in wheel.namelist():
            folder, _, name = entry.rpartition("/")
            # Wine has the C runtime's forwarders (api-ms-…) itself.
            if folder == "deploy_libs" and name.endswith((".pyd", ".dll")) and not name.startswith("api-ms-"):
                beside = name.lower().startswith(("python", "vcruntime"))
                (home / name if beside else home / "DLLs" / name).write_bytes(wheel.read(entry))
    shutil.rmtree(BED / "wheels")
    stdlib = sysconfig.get_path("stdlib")
    shutil.copytree(stdlib, home / "Lib", ignore=shutil.ignore_patterns(*_STDLIB_LEFT_OUT))


def _build() -> None:
    home = BED / "python"
    dll = f"python{sys.version_info[0]}{sys.version_info[1]}"
    names = re.findall(
        r"^\s*\[\s*\d+\](?: \+base\[\s*\d+\]\s+\w+)? (\w+)$",
        _run([_OBJDUMP, "-p", str(home / f"{dll}.dll")]),
        re.MULTILINE,
    )
    # The stable interface's DLL, which the wheel lacks, only passes on to the other.
    forwards = home / "python3.def"
    forwards.write_text("LIBRARY python3.dll\nEXPORTS\n" + "".join(f"{name} = {dll}.{name}\n" for name in names))
    launcher = [_COMPILER, "-municode", f'-DPYTHON_DLL=L"{dll}.dll"', str(HERE / "launcher.c"), "-o"]
    _run([*launcher, str(home / "python.exe")])
    script = windows_path(CHECKOUT / "tests" / "windows" / "fake_browser.py").replace("\\", "/")
    _run([*launcher, str(home / "browser.exe"), f'-DSCRIPT=L"{script}"'])
    _run([_COMPILER, "-shared", "-nostdlib", "-Wl,--entry=0", "-o", str(home / "python3.dll"), str(forwards)])
    primitives = str(HERE / "bcryptprimitives.c")
    _run([_COMPILER, "-shared", "-o", str(home / "bcryptprimitives.dll"), primitives, "-ladvapi32"])


def _run(command: list[str], **more: str) -> str:
    try:
        done = subprocess.run(
            command,
            env={**os.environ, **more},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_STEP_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InstallFailed(str(error)) from error
    said = done.stdout.decode(errors="replace")
    if done.returncode != 0:
        message = f"{' '.join(command)} ended with {done.returncode}: {said[-2000:]}"
        raise InstallFailed(message)
    return said


if __name__ == "__main__":
    install(lambda line: print(line, flush=True))  # noqa: T201 - for the person who runs this by hand
    print(f"The test-bed is ready in {BED}.")  # noqa: T201
