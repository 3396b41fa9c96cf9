"""The browsers that a cleanup finds on a set of folders, with their owners, and the end of one of them.

Only when a browser has no owner is it an orphan; who an owner is, is said in ``tuntas.processes.owners``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tuntas.cleanup.leftovers import FoundBrowser
from tuntas.processes import StillRunning, StopLimits, end_orphan
from tuntas.processes.browsers import browsers_on
from tuntas.processes.members import matches
from tuntas.processes.owners import owner_of
from tuntas.processes.tree import end_tree
from tuntas.profiles import Holder

_LIMITS = StopLimits()


def found_on(is_ours: Callable[[Path], bool]) -> Iterator[FoundBrowser]:
    """Yield each browser whose profile ``is_ours`` says yes to, with its owner. Blocking, some ms."""
    for browser in browsers_on(is_ours):
        identity, owner = browser.identity, owner_of(browser)
        yield FoundBrowser(identity.profile.name, identity, len(browser.tree), browser.known, owner)


async def end_browser(browser: FoundBrowser, limits: StopLimits) -> bool:
    """End a browser's whole tree, if it is still the same one; whether it was. Raises StillRunning."""
    if not browser.known:
        return bool(await end_orphan(browser.identity, limits))
    if not matches(browser.identity):
        return False
    return bool(await end_tree(browser.identity, browser.known, limits.forced_seconds))


async def end_and_name(browser: FoundBrowser) -> tuple[Holder, ...]:
    """End a browser; return what survived, as holders of its profile (empty: all of it is gone)."""
    try:
        await end_browser(browser, _LIMITS)
    except StillRunning as error:
        profile = str(browser.identity.profile)
        return tuple(Holder(one.pid, one.name, "still running", profile) for one in error.survivors)
    return ()
