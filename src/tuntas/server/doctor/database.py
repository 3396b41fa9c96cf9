"""The database: whose version wrote it, is it whole, and does it agree with the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from tuntas.config import Settings
from tuntas.server.data_folder import DataFolder
from tuntas.server.doctor.finding import Finding, broken, fine, warning
from tuntas.storage import DatabaseUnusable
from tuntas.storage.inspection import NoDatabase, inspect_database, newest_revision

INTEGRITY_SECONDS = 15.0
# Rows carry the time before their transaction began to wait for the disk, and clocks are slewed a little all the time.
AHEAD_SECONDS = 5.0

_NO_DATABASE = "none yet; made at the first start"


def revision(settings: Settings) -> Finding:
    """Whether this Tuntas can work with the database."""
    check = "database"
    try:
        with inspect_database(settings.database) as database:
            current = database.revision()
            is_half_made = database.is_half_made()
    except NoDatabase:
        return fine(check, _NO_DATABASE)
    except DatabaseUnusable as error:
        advice = "Mend TUNTAS_DATABASE_URL or the file's rights; a file that is no database any more: from a backup."
        return broken(check, str(error), advice)
    if is_half_made:
        advice = "If it is Tuntas's: nothing is in it, its first start was cut off. Move the file away and start again."
        return broken(check, "it has tables, but no revision", advice)
    newest, known = newest_revision()
    if current is not None and current not in known:
        advice = "Install the Tuntas that wrote it, or a newer one."
        return broken(check, f"revision {current} is not known to this Tuntas (newest: {newest})", advice)
    if current != newest:
        if DataFolder(settings.data_dir).running_server() is not None:
            advice = "Restart the server with this version, or run this doctor from the server's own."
            return warning(check, f"revision {current}, the newest is {newest}", advice)
        return fine(check, f"revision {current}; the next start brings it to {newest}")
    return fine(check, f"revision {current}, the newest")


def integrity(settings: Settings) -> Finding:
    """Whether SQLite finds its file whole."""
    check = "database integrity"
    advice = "Stop the server, keep a copy, then: sqlite3 tuntas.db .recover | sqlite3 new.db; or use a backup."
    try:
        with inspect_database(settings.database) as database:
            damage = database.damage(limit_seconds=INTEGRITY_SECONDS)
    except NoDatabase:
        return fine(check, _NO_DATABASE)
    except TimeoutError as error:
        return warning(check, str(error), 'Stop the server and run: sqlite3 tuntas.db "PRAGMA integrity_check"')
    except DatabaseUnusable as error:
        return broken(check, str(error), advice)
    if damage is not None:
        return broken(check, damage, advice)
    return fine(check, "no damage found")


def stories(settings: Settings) -> Finding:
    """Whether the newest thing that happened lies in the past."""
    check = "clock and stories"
    try:
        with inspect_database(settings.database) as database:
            newest = database.newest_history()
    except (NoDatabase, DatabaseUnusable):
        return fine(check, "no stories to compare with")  # the check of the database itself says why
    if newest is None:
        return fine(check, "no stories yet")
    ahead = (newest - datetime.now(UTC)).total_seconds()
    if ahead > AHEAD_SECONDS:
        advice = "The clock went back. Switch on time synchronisation (timedatectl set-ntp true)."
        return warning(check, f"the newest change of a session is {ahead:.0f} s in the future", advice)
    return fine(check, f"the newest change of a session is {-ahead:.0f} s old")
