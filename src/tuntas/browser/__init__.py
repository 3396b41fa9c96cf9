"""Chromium as an OS process and a pipe: find it, install it, launch it, talk to it, and end all of it.

Knows nothing of WhatsApp, sessions or databases. It must never leave a process behind, nor end one that is not its own.
"""

from tuntas.browser.browser import Browser, BrowserVersion, StopReport, StopStage
from tuntas.browser.cdp import CdpSession, Connection
from tuntas.browser.ending import become_subreaper
from tuntas.browser.errors import (
    BrowserInstallFailed,
    BrowserNotFound,
    CallFailed,
    CallTimedOut,
    ConnectionClosed,
    LaunchFailed,
    SessionClosed,
    StillRunning,
)
from tuntas.browser.find import Candidate, candidates, choose, version_of
from tuntas.browser.install import InstallOptions, install_browser
from tuntas.browser.launch import LaunchOptions, launch
from tuntas.browser.memory import memory_bytes
from tuntas.browser.places import Kind
from tuntas.browser.process import Member, ProcessIdentity, identify, members
from tuntas.browser.tree import StopLimits, end_orphan

__all__ = [
    "Browser",
    "BrowserInstallFailed",
    "BrowserNotFound",
    "BrowserVersion",
    "CallFailed",
    "CallTimedOut",
    "Candidate",
    "CdpSession",
    "Connection",
    "ConnectionClosed",
    "InstallOptions",
    "Kind",
    "LaunchFailed",
    "LaunchOptions",
    "Member",
    "ProcessIdentity",
    "SessionClosed",
    "StillRunning",
    "StopLimits",
    "StopReport",
    "StopStage",
    "become_subreaper",
    "candidates",
    "choose",
    "end_orphan",
    "identify",
    "install_browser",
    "launch",
    "members",
    "memory_bytes",
    "version_of",
]
