"""What needs somebody is told by webhook, by mail and on WhatsApp: once, and once when it is over."""

from __future__ import annotations

import email
import email.policy
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller

from conftest import StartServer
from support.ports import free_port
from support.receiver import Receiver
from support.running import Sandbox, run, wait_for


class Mailbox:
    """A mail server's one mailbox, over real SMTP."""

    def __init__(self) -> None:
        self.mails: list[email.message.EmailMessage] = []
        self._lock = threading.Lock()

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - its name there
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self._lock:
            self.mails.append(mail)
        return "250 taken"

    def subjects(self) -> list[str]:
        with self._lock:
            return [str(one["Subject"]) for one in self.mails]


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, str]]:
    mailbox = Mailbox()
    port = free_port()
    controller = Controller(mailbox, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mailbox, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop()


LINKED_AGAIN = "toko harus ditautkan lagi: Ponsel memutus tautan perangkat ini"


def test_a_phone_that_takes_its_link_away_is_told_once_everywhere_and_once_when_it_is_back(
    start_server: StartServer, sandbox: Sandbox
) -> None:
    shop, other, owner = (sandbox.phone(f"62819700001{number}") for number in range(3))
    with Receiver() as receiver, mail_server() as (mailbox, smtp_url):
        settings = {
            "TUNTAS_ALERT_WEBHOOK_URL": receiver.url,
            "TUNTAS_ALERT_SMTP_URL": smtp_url,
            "TUNTAS_ALERT_EMAIL_TO": "admin@example.com, owner@example.com",
            "TUNTAS_ALERT_WHATSAPP": f"office:{owner}",
            "TUNTAS_ALERT_AFTER_SECONDS": "0.5",
            "TUNTAS_ALERT_LANGUAGE": "id",
        }
        server = start_server(**settings)
        assert server.http.post("/api/alerts/test").json() == [
            {"target": "webhook", "error": None},
            {"target": "email", "error": None},
            {"target": "whatsapp", "error": "Session 'office' does not exist."},
        ]
        server.pair(sandbox, "office", other)
        server.pair(sandbox, "toko", shop)
        assert server.http.get("/api/troubles").json() == []
        sandbox.call("POST", f"/phones/{shop}/unlink", {})

        told = receiver.wait_for("alert", kind="scan_needed")["payload"]
        assert (told["session"], told["resolvedAt"], told["text"]) == ("toko", None, LINKED_AGAIN)
        (trouble,) = server.http.get("/api/troubles").json()
        assert (trouble["kind"], trouble["session"], trouble["detail"]) == ("scan_needed", "toko", "unlinked")
        wait_for(lambda: len(mailbox.mails) == 2, what="the mail")
        assert mailbox.mails[1]["To"] == "admin@example.com, owner@example.com"
        wait_for(lambda: sandbox.texts(owner) == [LINKED_AGAIN], what="the message on WhatsApp")
        page = server.http.get("/api/sessions/toko").json()
        assert page["me"] is None

        wait_for(lambda: server.http.get("/api/alerts").json()["alerts"][0]["told"] == TARGETS, what="all are told")
        server.stop(signal.SIGKILL)
        server = start_server(**settings)
        server.wait_status("toko", "SCAN_QR_CODE")
        sandbox.scan(shop, server.qr("toko"))
        over = receiver.wait_for("alert.resolved", kind="scan_needed")["payload"]
        assert (over["id"], over["text"]) == (told["id"], f"Selesai: {LINKED_AGAIN}")
        wait_for(lambda: len(mailbox.mails) == 3, what="the mail of the end")
        assert mailbox.mails[2]["In-Reply-To"] == mailbox.mails[1]["Message-ID"]
        wait_for(lambda: sandbox.texts(owner) == [LINKED_AGAIN, f"Selesai: {LINKED_AGAIN}"], what="the second message")
        assert server.http.get("/api/troubles").json() == []
        (alert,) = server.http.get("/api/alerts").json()["alerts"]
        assert (alert["told"], alert["toldOfEnd"]) == (TARGETS, TARGETS)
        assert [one["event"] for one in receiver.seen if one["payload"].get("kind") != "test"] == [
            "alert",
            "alert.resolved",
        ]


TARGETS = ["email", "webhook", "whatsapp"]


def test_settings_of_alerts_that_contradict_each_other_are_refused_in_a_line() -> None:
    for settings, said in (
        ({"TUNTAS_ALERT_EMAIL_TO": "a@example.com"}, "needs TUNTAS_ALERT_SMTP_URL"),
        ({"TUNTAS_ALERT_SMTP_URL": "smtp://h"}, "needs TUNTAS_ALERT_EMAIL_TO"),
        ({"TUNTAS_ALERT_SMTP_URL": "http://u:geheim@h", "TUNTAS_ALERT_EMAIL_TO": "a@example.com"}, "must look like"),
        ({"TUNTAS_ALERT_LANGUAGE": "fr"}, "there is en, id, and no fr"),
        ({"TUNTAS_ALERT_WHATSAPP": "0811"}, "must be a session's name, a colon"),
    ):
        done = run("serve", "--port", "0", timeout_seconds=60, **settings)
        assert done.returncode == 1, done.stderr
        assert said in " ".join(done.stderr.split())
        assert "geheim" not in done.stderr
        assert "Traceback" not in done.stderr
