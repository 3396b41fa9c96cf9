"""``tuntas doctor``: looks at everything that sessions stand on, and says what to do. Changes nothing, ever.

One noun a file, one small function a check; here is only their order. It belongs to the composition root's room,
because it looks at everything: browser, folder, database, machine.
"""

from __future__ import annotations

from tuntas.config import Settings
from tuntas.server.doctor import browser, database, folder, leftovers, machine, needs, windows
from tuntas.server.doctor.finding import Check, Finding, Level, run_checks

__all__ = ["Finding", "Level", "examine"]

LIMIT_SECONDS = 30.0

# The name is the one that each check gives its finding; should it fail to give one, it is known by this.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("browser", browser.browser),
    ("sandboxing", browser.sandbox),
    ("parent death", browser.parent_death),
    ("shared memory", browser.shared_memory),
    ("merged memory", browser.merged_memory),
    ("data folder", folder.data_folder),
    ("file system", folder.file_system),
    ("mount", folder.mount_place),
    ("trash", folder.trash_volume),
    ("free space", folder.free_space),
    ("free inodes", folder.free_inodes),
    ("server", folder.server),
    ("troubles", needs.needs),
    ("port", machine.port),
    ("database", database.revision),
    ("database integrity", database.integrity),
    ("profiles", leftovers.missing_profiles),
    ("unknown folders", leftovers.unknown_folders),
    ("removals", leftovers.open_removals),
    ("trash size", leftovers.trash),
    ("orphan browsers", leftovers.orphans),
    ("clock", machine.clock),
    ("clock and stories", database.stories),
    ("reaping", machine.reaping),
    ("memory", machine.memory),
    ("WhatsApp's host", machine.whatsapp),
    ("Windows Defender", windows.defender),
    ("Windows rights", windows.rights),
    ("Windows long paths", windows.long_paths),
)


def examine(settings: Settings) -> list[Finding]:
    """Run every check and return one finding each, in the order of ``CHECKS``. Takes some seconds at most."""
    return run_checks(CHECKS, settings, limit_seconds=LIMIT_SECONDS)
