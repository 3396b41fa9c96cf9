"""What a backup may answer instead of a result; each is one line that says what to do."""

from __future__ import annotations

from tuntas.foundation.user_error import UserError


class BackupFailed(UserError):
    """A backup was not made; nothing is at its place, and sessions go on as before."""


class BackupUnderWay(UserError):
    """Another backup of this data folder is being made."""


class ArchiveRefused(UserError):
    """A file is no archive that can be used: foreign, damaged, cut off, of a newer version, or of another key."""


class RestoreRefused(UserError):
    """Nothing was restored and nothing was changed."""


class PlaceUnusable(UserError):
    """Where backups are cannot be reached, read or written."""
