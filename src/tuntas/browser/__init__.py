"""Chromium as an OS process and a pipe: find it, install it, launch it, talk to it, and end all of it.

Knows nothing of WhatsApp, sessions or databases. It must never leave a process behind, nor end one that is not its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuntas.foundation.fronts import on_demand

if TYPE_CHECKING:
    from tuntas.browser.browser import Browser, BrowserVersion, StopReport, StopStage
    from tuntas.browser.cdp import CdpConnection, CdpSession
    from tuntas.browser.errors import (
        BrowserInstallFailed,
        BrowserNotFound,
        CallFailed,
        CallTimedOut,
        ConnectionClosed,
        LaunchFailed,
        SessionClosed,
    )
    from tuntas.browser.find import Candidate, candidates, choose, version_of
    from tuntas.browser.flags import NOT_AS_DRIVEN
    from tuntas.browser.places import BrowserKind
    from tuntas.browser.proxy_relay import ProxyRelay
    from tuntas.browser.user import (
        BrowserUser,
        BrowserUserUnusable,
        browser_user,
        can_reach,
        is_in_container,
        is_root,
        runs_without_sandbox,
    )
else:
    __getattr__ = on_demand(
        __name__,
        {
            "browser": "Browser BrowserVersion StopReport StopStage",
            "cdp": "CdpConnection CdpSession",
            "errors": "BrowserInstallFailed BrowserNotFound CallFailed CallTimedOut "
            "ConnectionClosed LaunchFailed SessionClosed",
            "find": "Candidate candidates choose version_of",
            "flags": "NOT_AS_DRIVEN",
            "places": "BrowserKind",
            "proxy_relay": "ProxyRelay",
            "user": "BrowserUser BrowserUserUnusable browser_user can_reach "
            "is_in_container is_root runs_without_sandbox",
        },
    )

__all__ = [
    "NOT_AS_DRIVEN",
    "Browser",
    "BrowserInstallFailed",
    "BrowserKind",
    "BrowserNotFound",
    "BrowserUser",
    "BrowserUserUnusable",
    "BrowserVersion",
    "CallFailed",
    "CallTimedOut",
    "Candidate",
    "CdpConnection",
    "CdpSession",
    "ConnectionClosed",
    "LaunchFailed",
    "ProxyRelay",
    "SessionClosed",
    "StopReport",
    "StopStage",
    "browser_user",
    "can_reach",
    "candidates",
    "choose",
    "is_in_container",
    "is_root",
    "runs_without_sandbox",
    "version_of",
]
