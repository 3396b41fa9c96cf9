"""A person with a browser: Playwright on the system's own Chromium, which must load nothing from anywhere else.

Every page that a visitor opens is watched: a console error, a breach of the Content-Security-Policy or a request to
another host fails the test at its end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from support.running import KEY
from tuntas.browser import choose

PATIENCE_MS = 20_000


class Visitor:
    """One browser window with its own cookies."""

    def __init__(
        self, browser: Browser, url: str, *, width: int = 1280, language: str = "en", agent: str | None = None
    ) -> None:
        self.url = url
        self.complaints: list[str] = []
        self.expected: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=url,
            ignore_https_errors=url.startswith("https://127.0.0.1"),
            viewport={"width": width, "height": 900},
            locale=language,
            user_agent=agent,
            service_workers="block",
            reduced_motion="reduce",
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.on("request", self._watch_request)
        self.context.on("console", self._watch_console)
        self.context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        self.page: Page = self.context.new_page()

    def sign_in(self, key: str = KEY, path: str = "/") -> Page:
        """Open a page as somebody who types the key in."""
        self.page.goto(path)
        self.page.get_by_label("API key", exact=True).fill(key)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(lambda url: "sign-in" not in url)
        return self.page

    def expect_complaint(self, part: str) -> None:
        """Allow the browser's own line about an answer that the test asks for, such as a refusal."""
        self.expected.append(part)

    def close(self) -> None:
        """Close the window; fail if anything was wrong on any of its pages."""
        self.context.close()
        left = [one for one in self.complaints if not any(part in one for part in self.expected)]
        assert not left, left

    def _watch_request(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.complaints.append(f"a request to another host: {request.url}")

    def _watch_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} {message.location.get('url', '')}")


@contextmanager
def playwright_browser() -> Iterator[Browser]:
    """Run one browser, with patience in what is expected of its pages; it is gone when the block ends."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = launch(playwright)
        try:
            yield browser
        finally:
            browser.close()


def launch(playwright: Playwright) -> Browser:
    """Start the browser that Tuntas itself would take."""
    return playwright.chromium.launch(executable_path=str(choose(None).path), args=["--no-sandbox"])
