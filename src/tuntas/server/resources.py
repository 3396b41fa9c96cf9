"""What a server takes before it opens its door, after a look at what it needs besides.

Whatever is wrong with the settings or this machine is found here, while nothing is open yet. Little is loaded for it:
what waits for this is the server's first answer.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import structlog

from tuntas.browser import BrowserUser, Candidate, choose, version_of
from tuntas.config import Settings
from tuntas.foundation.descriptors import raise_limit
from tuntas.foundation.tasks import blocking, spawn
from tuntas.server.browser_user import open_way_to_profiles, said_of_sandbox, user_for_browsers
from tuntas.server.data_folder import DataFolder
from tuntas.server.private_modes import foreign_owner
from tuntas.whatsapp.scripts import document_script

if TYPE_CHECKING:
    from tuntas.events import Subscription
    from tuntas.whatsapp.documents import Pin

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Resources:
    """What a server has to itself before anything is joined. ``receivers``: of all sessions' events.

    ``sandbox``: what is to be said of the browsers' own one. ``pin``: the page that sessions use in place of the one
    that is given out.

    ``most_descriptors``: how many files and sockets it may have open, None where nothing limits that.
    """

    browser: Candidate
    browser_version: str
    browser_user: BrowserUser | None
    sandbox: str | None
    folder: DataFolder
    listening: socket.socket
    receivers: Sequence[Subscription]
    most_descriptors: int | None
    pin: Pin | None


async def take(settings: Settings, ends: AsyncExitStack) -> Resources:
    """Take the data folder and the port; ``ends`` lets go of them.

    Raises:
        ConfigurationError, DataFolderBusy, DataFolderUnusable, PortTaken, BrowserNotFound, BrowserUserUnusable,
            MergingImpossible, PinnedPageUnusable, AssetsMissing: nothing was changed; the message is one line for
            people.
    """
    browser = await blocking(choose, settings.browser)
    # What is needed for the port is loaded while the browser, another program, says its version.
    loading = spawn(blocking(import_module, "tuntas.server.early_settings"), name="code of the door")
    version = await blocking(version_of, browser)
    await loading
    from tuntas.foundation.http_server import bind
    from tuntas.server.early_settings import receivers_of_all, require_alert_settings, start_sessions

    receivers = receivers_of_all(settings)
    start_sessions(settings)
    require_alert_settings(settings)
    document_script()
    pin = await _pinned(settings)
    user = await blocking(user_for_browsers, settings, browser)
    sandbox = await blocking(said_of_sandbox, user)
    if settings.merge_memory:
        _require_merging()

    folder = DataFolder(settings.data_dir, way_for=user.gid if user else None)
    folder.acquire()
    ends.callback(folder.release)
    _tell_of_open(folder)
    if user is not None:
        await blocking(open_way_to_profiles, settings, user)

    listening = bind(settings.host, settings.port)
    ends.callback(listening.close)
    return Resources(browser, version, user, sandbox, folder, listening, receivers, raise_limit(), pin)


async def _pinned(settings: Settings) -> Pin | None:
    if settings.whatsapp_page is None:
        return None
    from tuntas.whatsapp.documents import Pin, read_document

    return Pin(await blocking(read_document, settings.whatsapp_page))


def _require_merging() -> None:
    from tuntas.browser.merged_memory import is_merging, require_merging

    require_merging()
    if not is_merging():
        log.warning("memory_is_not_merged", missing="the kernel's ksmd does not run", advice="tuntas doctor")


def _tell_of_open(folder: DataFolder) -> None:
    closed = [str(one) for one in folder.was_open if one.why_not is None]
    if closed:
        log.warning("data_folder_was_open", closed=closed)
    for one in folder.was_open:
        if one.why_not is not None:
            log.warning("data_folder_is_open", entry=str(one), left_because=one.why_not)
    if (owner := foreign_owner(folder.path)) is not None:
        log.warning("data_folder_is_not_ours", folder=str(folder.path), owner=owner)
