"""The command line of a browser: few flags, each with its reason, and none that weakens the rules for a page.

Not here on purpose: ``--disable-web-security`` (the page would no longer be the real one), ``--single-process``
(unsupported upstream), ``--in-process-gpu`` (saves 2 MB, and moves drawing code into the process that has no
sandbox), a limit on renderers (no gain for one page).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tuntas.browser.find import BrowserKind
from tuntas.browser.user import BrowserUser, runs_without_sandbox
from tuntas.processes.arguments import profile_argument

_ALWAYS = (
    # Nothing may be asked of a person.
    "--no-first-run",
    "--no-default-browser-check",
    # No request may leave for anywhere but the page's own hosts: no update pings, no component downloads, no sync.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-default-apps",
    # Crash handlers detach themselves (own session, foreign parent, no sign of the profile), so that no kill of the
    # tree reaches them: two for each full Chromium, which --disable-breakpad alone does not prevent. The name says
    # testing, the switch is in every build.
    "--disable-breakpad",
    "--disable-crashpad-for-testing",
    # The desktop's key ring may ask for a password, or be another one at the next start, and the cookies unreadable.
    "--password-store=basic",
    # Nobody looks: what little is drawn (a screenshot) the processor draws. Without its stand-in for a graphics card a
    # browser is some 16 MB smaller (measured with Chromium 156, `python -m bench.peers --only memory`).
    "--disable-gpu",
    "--disable-software-rasterizer",
    # Ring tones on a server's sound card help nobody.
    "--mute-audio",
    # The page is never in front, yet must keep its timers and its socket going.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
)

# The network service is not sandboxed on Linux anyhow; inside the browser process it saves a process and some 10 MB.
_FEATURES_ON = ("NetworkServiceInProcess2",)

# Pages are told by navigator.webdriver that a program drives the browser. Chromium's own switch takes that away, as all
# that drive WhatsApp Web do; nothing that a page sees is forged.
NOT_AS_DRIVEN = "--disable-blink-features=AutomationControlled"

_ENABLE_FEATURES = "--enable-features="


def command_line(
    executable: Path,
    kind: BrowserKind,
    profile: Path,
    *,
    headed: bool = False,
    extra_flags: Iterable[str] = (),
    user: BrowserUser | None = None,
) -> list[str]:
    """Return the whole argument vector. ``profile`` must be absolute and resolved: the tree is found again by it.

    ``user``: whom the browser will run as, None for us.
    """
    arguments = [str(executable), "--remote-debugging-pipe", profile_argument(profile), *_ALWAYS]
    if not headed and kind is not BrowserKind.HEADLESS_SHELL:
        # headless-shell is always headless; the full browsers' new mode is the only one that they still have.
        arguments.append("--headless=new")
    if runs_without_sandbox(user):
        # Chromium refuses to start as root with its sandbox, and anybody's where there is nothing to build it of.
        arguments.append("--no-sandbox")
    extra, features = [], list(_FEATURES_ON)
    for flag in extra_flags:
        # Chromium heeds only the last --enable-features, so ours and the caller's go into one.
        if flag.startswith(_ENABLE_FEATURES):
            features += flag.removeprefix(_ENABLE_FEATURES).split(",")
        else:
            extra.append(flag)
    # Without an address headless-shell opens no page at all.
    return [*arguments, _ENABLE_FEATURES + ",".join(features), *extra, "about:blank"]
