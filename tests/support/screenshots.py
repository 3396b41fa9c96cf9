"""``make screenshots``: every page in every state, light and dark, wide and narrow, for people to look at.

Plays the story against a sandbox in a folder of its own, and leaves nothing running.
"""

from __future__ import annotations

import base64
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page

from support.receiver import Receiver
from support.running import Sandbox, Server, running, wait_for
from support.visitor import Visitor, playwright_browser

ROOT = Path(__file__).parents[2]
ALL = ROOT / "build" / "screenshots"
# The few that documents show; the others are for looking at, and not kept.
PUBLISHED = {"07-overview-wide-light": "overview", "05-session-qr-wide-light": "link"}
WIDE, NARROW = 1280, 390
SHOP, SALES, BUDI, SITI = "628111000111", "628111000222", "628111000333", "628111000444"


class Camera:
    """Takes a page's four pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, page: Page, name: str) -> None:
        """Photograph the whole page in both schemes and both widths."""
        for width, size in ((WIDE, "wide"), (NARROW, "narrow")):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.screenshot(path=self.folder / f"{name}-{size}-{scheme}.png", full_page=True)
        page.set_viewport_size({"width": WIDE, "height": 900})


def story(browser: Browser, server: Server, sandbox: Sandbox, receiver: Receiver, camera: Camera) -> None:
    """Go through the whole of it, and photograph each page on the way."""
    for number, name in ((SHOP, "Toko Sinar"), (SALES, "Sinar Grosir"), (BUDI, "Budi"), (SITI, "Siti")):
        sandbox.phone(number, name)
    visitor = Visitor(browser, server.url)
    page = visitor.page
    visitor.expect_complaint("422")
    visitor.expect_complaint("404")
    page.goto("/")
    camera.take(page, "01-sign-in")
    page.get_by_label("API key", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    camera.take(page, "02-sign-in-wrong")
    visitor.sign_in()
    camera.take(page, "03-overview-empty")
    page.get_by_role("link", name="New session").first.click()
    camera.take(page, "04-new-session")

    config = {"webhooks": [{"url": receiver.url, "events": ["session.status", "message"]}]}
    pair(server, sandbox, "shop", SHOP, config=config)
    page.goto("/")
    page.get_by_role("link", name="New session").click()
    page.get_by_label("Name").fill("sales")
    page.get_by_role("button", name="Create and show the code").click()
    page.get_by_role("img", name="QR code").wait_for()
    camera.take(page, "05-session-qr")
    page.get_by_text("Link with a phone number instead").click()
    page.get_by_label("Number of the phone").fill(f"+{SALES}")
    page.get_by_role("button", name="Show a code to type in").click()
    code = page.locator(".code").inner_text().removeprefix("Code:").strip()
    camera.take(page, "06-session-pairing-code")
    sandbox.call("POST", f"/phones/{SALES}/link", {"code": code})
    page.locator("#state").get_by_text("Working", exact=True).wait_for()

    sandbox.call("POST", f"/phones/{BUDI}/send", {"to": SHOP, "text": "Selamat pagi, buka sampai jam berapa?"})
    server.send("shop", BUDI, "Selamat pagi! Sampai jam sembilan malam.")
    sandbox.call("POST", f"/phones/{BUDI}/send", {"to": SALES, "text": "Dua dus kopi, dikirim besok bisa?"})
    server.create("night-bot", start=False)
    pair(server, sandbox, "warehouse", SITI)
    server.create("trial")
    server.wait_status("trial", "SCAN_QR_CODE")
    sandbox.fault("crash_page", number=SITI)
    server.wait_status("warehouse", "FAILED")
    page.goto("/")
    page.locator(".row-memory").get_by_text("MB").first.wait_for()
    camera.take(page, "07-overview")
    page.get_by_role("link", name="Act on many").click()
    camera.take(page, "07b-many")
    page.get_by_role("button", name="Delete").click()
    camera.take(page, "07c-many-delete")
    page.goto("/dashboard/sessions/shop")
    page.locator("#events").get_by_text("Message progress").first.wait_for()
    page.get_by_role("button", name="Take a picture").click()
    page.locator("img.screen").wait_for()
    page.get_by_label("To", exact=True).fill(f"+{BUDI}")
    page.get_by_label("Text").fill("Halo!")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator(".notice.good").wait_for()
    camera.take(page, "08-session-working")
    page.locator("#events").get_by_role("link").last.click()
    page.get_by_role("heading", name="What became of this message").wait_for()
    camera.take(page, "08b-message")
    inbox(page, server, sandbox, camera)
    page.goto("/dashboard/sessions/shop/settings")
    page.locator("details.webhook summary").first.click()
    camera.take(page, "08e-settings")
    for path, name in (("deliveries?state=", "08f-deliveries"), ("events", "08g-events")):
        page.goto(f"/dashboard/{path}")
        camera.take(page, name)
    page.goto("/dashboard/sessions/night-bot")
    camera.take(page, "09-session-stopped")
    page.goto("/dashboard/sessions/warehouse")
    camera.take(page, "10-session-failed")
    page.goto("/dashboard/sessions/shop/logout")
    camera.take(page, "11-log-out")
    page.goto("/dashboard/sessions/shop/delete")
    camera.take(page, "12-delete")
    sandbox.fault("hang_page", number=SALES)
    page.goto("/dashboard/sessions/sales/delete")
    page.get_by_role("button", name="Delete sales").click()
    page.locator("#ending .now").wait_for()
    camera.take(page, "13-deleting")
    page.locator("#ending h1").wait_for()
    # Until its record is closed too, which takes a look at each process of this machine, something still waits.
    wait_for(lambda: server.http.get("/api/removals").json() == [], what="the deletion is done")
    page.goto("/dashboard/cleanup")
    page.get_by_text("There is nothing to clean").wait_for()
    camera.take(page, "14-cleanup-nothing")

    profile = next(server.profiles.glob("trial*"))
    with (profile / "held.txt").open("w"):
        page.goto("/dashboard/sessions/trial/delete")
        page.get_by_role("button", name="Delete trial").click()
        page.locator("#ending h1").wait_for()
        camera.take(page, "15-deleted")
        page.goto("/dashboard/cleanup")
        page.locator("#report .icon, #report p").first.wait_for()
        wait_for(lambda: not page.get_by_text("Looking at the data folder").count(), what="the plan")
        camera.take(page, "16-cleanup-waiting")
    page.goto("/dashboard/statistics")
    camera.take(page, "17-statistics")
    page.goto("/dashboard/health")
    page.locator(".verdict").wait_for(timeout=40_000)
    camera.take(page, "17-health")
    page.goto("/dashboard/keys")
    page.get_by_label("Whose it is").fill("Bot of the shop")
    page.locator("input[value=send]").check()
    page.get_by_label("Only these sessions").fill("shop")
    page.get_by_role("button", name="Make the key").click()
    page.locator("#secret").wait_for()
    camera.take(page, "18-keys")
    page.goto("/dashboard/nothing-here")
    camera.take(page, "19-error")
    page.goto("/")
    page.get_by_role("button", name="Indonesia").click()
    page.locator(".row-memory").get_by_text("MB").first.wait_for()
    camera.take(page, "20-overview-indonesian")
    page.get_by_role("button", name="English").click()
    visitor.expect_complaint("ERR_")
    visitor.expect_complaint("503")
    server.stop()
    page.locator("#away").wait_for()
    camera.take(page, "21-away")
    visitor.close()


def inbox(page: Page, server: Server, sandbox: Sandbox, camera: Camera) -> None:
    """Photograph the inbox: the chats, one of them with a picture and a file, and what cannot be sent."""
    picture = base64.b64encode((ROOT / "docs" / "screenshots" / "link.png").read_bytes()).decode()
    for kind, mimetype, name, data in (
        ("image", "image/png", "kopi.png", picture),
        ("document", "application/pdf", "pesanan.pdf", base64.b64encode(b"%PDF-1.7").decode()),
    ):
        media = {"kind": kind, "mimetype": mimetype, "filename": name, "data": data}
        sandbox.call("POST", f"/phones/{BUDI}/send", {"to": SHOP, "text": "Yang ini masih ada?", "media": media})
    server.send("shop", SITI, "Pesanan Ibu sudah siap.")
    page.goto("/dashboard/sessions/shop/inbox")
    page.locator(".unread-count").first.wait_for()
    camera.take(page, "08c-inbox")
    page.get_by_role("link", name="Budi").click()
    page.locator(".picture img").first.wait_for()
    page.get_by_label("Attach a file").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"no"})
    page.get_by_role("button", name="Send").click()
    page.locator("#reply-result .error").wait_for()
    camera.take(page, "08d-inbox-chat")


def pair(server: Server, sandbox: Sandbox, name: str, number: str, **more: Any) -> None:
    """Make a session and let a phone scan it; the phone is there already, and keeps its name."""
    server.create(name, **more)
    sandbox.scan(number, server.qr(name))
    server.wait_status(name, "WORKING")


def main() -> int:
    """Take all pictures."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tuntas-screenshots-")))
        sandbox = Sandbox(folder)
        stack.enter_context(running(sandbox))
        server = Server(folder / "data", sandbox.url, TUNTAS_RESTART_ATTEMPTS="0", TUNTAS_LOGOUT_TIMEOUT_SECONDS="4")
        stack.enter_context(running(server))
        receiver = stack.enter_context(Receiver([204, 204, 500]))
        browser = stack.enter_context(playwright_browser())
        story(browser, server, sandbox, receiver, Camera(ALL))
    for taken, name in PUBLISHED.items():
        shutil.copyfile(ALL / f"{taken}.png", ROOT / "docs" / "screenshots" / f"{name}.png")
    print(f"{len(list(ALL.glob('*.png')))} pictures in {ALL}")  # noqa: T201 - a program for the terminal
    return 0


if __name__ == "__main__":
    sys.exit(main())
