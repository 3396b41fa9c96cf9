"""The systemd unit: checked by systemd, and run by it on the image's files, with all its restrictions in force."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from support import booted, images
from support.ports import free_port
from support.running import KEY, Sandbox, wait_for

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy/systemd/tuntas.service"
HIGHEST_EXPOSURE = 3.0
_BOOT = images.why_not() or booted.why_not()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_it_right_and_little_exposed(tmp_path: Path) -> None:
    known = tmp_path / "tuntas.service"
    known.write_text(UNIT.read_text().replace("/opt/tuntas/bin/tuntas", "/bin/true"))
    checked = subprocess.run(["systemd-analyze", "verify", str(known)], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    asked = ["systemd-analyze", "security", "--offline=true", str(UNIT)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    match = re.search(r"Overall exposure level for tuntas.service: ([0-9.]+)", said)
    assert match is not None
    print("exposure by systemd-analyze security:", match.group(1))
    assert float(match.group(1)) <= HIGHEST_EXPOSURE


@pytest.fixture
def root(image: images.Image) -> Iterator[Path]:
    """The image's files with systemd added; the product is where the guide puts it."""
    with images.with_package("systemd") as root:
        yield root


@pytest.mark.skipif(_BOOT is not None, reason=_BOOT or "")
@pytest.mark.timeout(900)
def test_a_session_lives_under_it_through_a_kill_and_ends_at_a_stop(root: Path, sandbox: Sandbox) -> None:
    port = free_port()
    run_in(root, "userdel", "tuntas")
    run_in(root, "useradd", "--system", "--home-dir", "/var/lib/tuntas", "--shell", "/usr/sbin/nologin", "tuntas")
    folder = root / "etc/tuntas"
    folder.mkdir(mode=0o700)
    (folder / "api-key").write_text(f"{KEY}\n")
    (folder / "api-key").chmod(0o600)
    (folder / "environment").write_text(f"TUNTAS_WHATSAPP_URL={sandbox.url}/\nTUNTAS_PORT={port}\n")
    units = root / "etc/systemd/system"
    shutil.copy(UNIT, units)
    # There is no journal.
    (units / "tuntas.service.d").mkdir()
    (units / "tuntas.service.d/said.conf").write_text("[Service]\nStandardOutput=append:/said\nStandardError=inherit\n")
    # Of the rest of a machine nothing is started: a unit's usual first steps are those of whole machines.
    for folder in (units, root / "lib/systemd/system"):
        for wants in folder.glob("*.wants"):
            shutil.rmtree(wants)
    with (
        booted.booted(root, "tuntas.service") as machine,
        httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"X-Api-Key": KEY}, timeout=90, trust_env=False
        ) as http,
    ):

        def is_ready() -> bool:
            try:
                return http.get("/readyz").is_success
            except httpx.TransportError:
                return False

        def status() -> str:
            return str(http.get("/api/sessions/served").json()["status"])

        try:
            wait_for(is_ready, what="the server is ready")
        except AssertionError as error:
            error.add_note(machine.said() + (root / "said").read_text())
            raise
        number = sandbox.phone("628137000001")
        http.post("/api/sessions", json={"name": "served"}).raise_for_status()
        wait_for(lambda: status() == "SCAN_QR_CODE", what="a QR")
        sandbox.scan(number, http.get("/api/served/auth/qr", params={"format": "raw"}).json()["value"])
        wait_for(lambda: status() == "WORKING", what="it works")

        main = the_server(machine)
        rights = Path(f"/proc/{main.pid}/status").read_text()
        assert "NoNewPrivs:\t1" in rights
        assert "CapBnd:\t0000000000000000" in rights
        lines = [" ".join(one.cmdline()) for one in machine.processes()]
        assert any("--user-data-dir=/var/lib/tuntas/profiles/" in line for line in lines)
        assert not any("--no-sandbox" in line for line in lines), "the browsers' own sandbox is in force"

        main.send_signal(signal.SIGKILL)
        wait_for(lambda: machine.shows("tuntas", "NRestarts") == "1", what="it is started again")
        wait_for(is_ready, what="it answers again")
        wait_for(lambda: status() == "WORKING", what="it works again")
        history = http.get("/api/sessions/served/history").json()
        assert [one["reason"] for one in history].count("qr_shown") == 1

        machine.run("systemctl", "stop", "tuntas")
        assert machine.shows("tuntas", "Result") == "success"
        assert machine.shows("tuntas", "ExecMainStatus") == "0"
        assert machine.processes() == []
        assert (root / "var/lib/tuntas").stat().st_mode & 0o777 == 0o700


def the_server(machine: booted.Booted) -> psutil.Process:
    (found,) = (one for one in machine.processes() if one.cmdline()[-1:] == ["serve"])
    return found


def run_in(root: Path, *command: str) -> None:
    subprocess.run(["chroot", str(root), *command], check=True, capture_output=True, timeout=60)
