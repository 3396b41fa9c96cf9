"""A user's project that tests its bot with the kit: a folder of its own, its own pytest, mypy strict."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.running import environment

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")

BOT = """
from tuntas.client import Client, Event


def answer(tuntas: Client, event: Event) -> None:
    if event.message is not None:
        said = f"You said: {event.message.text}"
        tuntas.send_text(event.session, event.message.chat, said, idempotency_key=event.id)
"""

TESTS = """
from collections.abc import Callable

import pytest

from bot import answer
from tuntas.client import Client
from tuntas.testing import LinkedSession, SandboxPart, SandboxPhone, WebhookReceiver, wait_for

Link = Callable[..., LinkedSession]
MakePhone = Callable[..., SandboxPhone]


def test_the_bot_answers(tuntas_client: Client, tuntas_link: Link, tuntas_phone: MakePhone) -> None:
    shop, budi = tuntas_link("echo"), tuntas_phone("Budi")
    with tuntas_client.events("echo", "message") as events:
        budi.send(shop.phone, "halo")
        answer(tuntas_client, next(events))
    budi.wait_for_text("You said: halo")


def test_webhooks_come_signed_and_after_the_receiver_was_down(
    tuntas_webhooks: WebhookReceiver, tuntas_link: Link, tuntas_phone: MakePhone
) -> None:
    shop, budi = tuntas_link("hooked", tuntas_webhooks.config("message")), tuntas_phone("Budi")
    tuntas_webhooks.refuses = True
    budi.send(shop.phone, "one")
    tuntas_webhooks.refuses = False
    assert tuntas_webhooks.wait_for("message", body="one").session == "hooked"


def test_a_fault_strikes_and_ends(
    tuntas_fault: Callable[..., None], tuntas_client: Client, tuntas_link: Link, tuntas_phone: MakePhone
) -> None:
    shop, budi = tuntas_link("faulty"), tuntas_phone("Budi")
    tuntas_fault("crash_page", number=shop.phone.number)
    budi.send(shop.phone, "while it was gone")
    tuntas_client.send_text("faulty", budi.number, "back")
    budi.wait_for_text("back")


def test_sessions_of_other_tests_are_gone(tuntas_client: Client) -> None:
    assert tuntas_client.sessions() == []


def test_an_unlinked_phone_is_seen(tuntas_client: Client, tuntas_link: Link) -> None:
    shop = tuntas_link("unlinked")
    shop.phone.unlink()
    wait_for(lambda: tuntas_client.session("unlinked").status == "SCAN_QR_CODE", what="it asks for a scan")


def test_what_the_sandbox_refuses_fails_the_test(tuntas_sandbox: SandboxPart) -> None:
    with pytest.raises(AssertionError, match="of_next_year"):
        tuntas_sandbox.fault("of_next_year")
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "bot.py").write_text(BOT, encoding="utf-8")
    (folder / "test_bot.py").write_text(TESTS, encoding="utf-8")
    (shown,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (folder / "test_shown.py").write_text(shown, encoding="utf-8")
    return folder


def test_a_project_with_a_bot_of_its_own_is_tested_and_leaves_nothing(project: Path) -> None:
    kit = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--basetemp={project}/pytest", "."]
    done = subprocess.run(kit, cwd=project, env=environment(), capture_output=True, text=True, timeout=250, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "7 passed" in done.stdout


def test_the_project_is_well_typed(project: Path) -> None:
    mypy = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={project}/cache", "."]
    done = subprocess.run(
        mypy, cwd=project, env=environment(), capture_output=True, text=True, timeout=250, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_fixture_is_on_the_page() -> None:
    plugin = (ROOT / "src" / "tuntas" / "testing" / "plugin.py").read_text(encoding="utf-8")
    names = re.findall(r"^def (tuntas_\w+)", plugin, re.MULTILINE)
    assert names
    assert [name for name in names if f"| `{name}` |" not in PAGE] == []
