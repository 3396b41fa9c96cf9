"""States, reasons and errors in plain words. The words themselves are in the catalogues; here is which word for what.

A code that is not listed is shown as it is: a newer server's reason is better read raw than not at all. Tests hold the
tables against what the code can say.
"""

from __future__ import annotations

from dataclasses import dataclass

from tuntas.cleanup import leftovers
from tuntas.profiles import Reason
from tuntas.sessions import errors
from tuntas.sessions.access import Scope
from tuntas.sessions.capabilities import Capability
from tuntas.sessions.machine import State


def N_(message: str) -> str:  # noqa: N802 - gettext's own name, which its tools look for
    """Mark a message for the catalogues; it is translated where it is shown."""
    return message


@dataclass(frozen=True, slots=True)
class Word:
    """A state's name, the tone of its badge, and its symbol: never colour alone."""

    name: str
    tone: str
    symbol: str


STATES = {
    State.STOPPED: Word(N_("Stopped"), "idle", "stopped"),
    State.STARTING: Word(N_("Starting"), "wait", "wait"),
    State.SCAN_QR_CODE: Word(N_("Waiting for your phone"), "ask", "phone"),
    State.PASSKEY_REQUIRED: Word(N_("Waiting for a passkey"), "ask", "key"),
    State.PASSKEY_CONFIRMATION_REQUIRED: Word(N_("Compare a code"), "ask", "phone"),
    State.PAIRING: Word(N_("Loading the account"), "wait", "wait"),
    State.WORKING: Word(N_("Working"), "good", "check"),
    State.RECONNECTING: Word(N_("Reconnecting"), "wait", "wait"),
    State.STOPPING: Word(N_("Stopping"), "wait", "wait"),
    State.RECOVERING: Word(N_("Restarting"), "wait", "wait"),
    State.WAITING: Word(N_("Trying again soon"), "ask", "again"),
    State.FAILED: Word(N_("Failed"), "bad", "alert"),
    State.REMOVED: Word(N_("Deleted"), "idle", "stopped"),
}

MEANINGS = {
    State.STOPPED: N_("Nothing of it runs. Its link to the phone is kept: starting it needs no new scan."),
    State.STARTING: N_("A browser is opening WhatsApp Web."),
    State.SCAN_QR_CODE: N_("It is ready to be linked. Scan the code below with the phone."),
    State.PASSKEY_REQUIRED: N_("WhatsApp asks for the passkey of this account. What to do is below."),
    State.PASSKEY_CONFIRMATION_REQUIRED: N_("The passkey was right. Compare the code below with the one on the phone."),
    State.PAIRING: N_("The phone has agreed. WhatsApp is loading chats."),
    State.WORKING: N_("Linked and connected. Messages come in and go out."),
    State.RECONNECTING: N_("The connection to WhatsApp was lost. It comes back by itself."),
    State.STOPPING: N_("Its browser is being closed."),
    State.RECOVERING: N_("Something went wrong. Its browser is being closed and opened again."),
    State.WAITING: N_("Something went wrong. It is tried again in a moment, by itself."),
    State.FAILED: N_("It cannot go on by itself. Its story says why; then start it again."),
    State.REMOVED: N_("Nothing of it is left."),
}

NOT_LINKED = N_("Nothing of it runs, and no phone is linked with it.")

REASONS = {
    "created": N_("Created"),
    "start_requested": N_("Start asked for"),
    "stop_requested": N_("Stop asked for"),
    "restart_requested": N_("Restart asked for"),
    "logout_requested": N_("Logout asked for"),
    "delete_requested": N_("Deletion asked for"),
    "export_requested": N_("Exported: it goes on where its file is imported"),
    "server_started": N_("The server has started"),
    "server_stopping": N_("The server is stopping"),
    "restart_after_fault": N_("Started again after a fault"),
    "pinned_page_refused": N_("WhatsApp does not take the pinned page any more; the one that it gives out is used"),
    "deaf": N_("WhatsApp Web was connected and heard nothing any more"),
    "page_changed": N_("WhatsApp Web has changed; it is tried again"),
    "recycled": N_("Its browser had grown too large; a fresh one takes over"),
    "qr_shown": N_("The code to scan is shown"),
    "qr_not_scanned": N_("Nobody scanned the code; start it to get another one"),
    "qr_asked": N_("Its code was asked for"),
    "passkey_asked": N_("WhatsApp asks for the account's passkey"),
    "passkey_code_shown": N_("The passkey was right; a code is to be compared"),
    "passkey_refused": N_("WhatsApp did not take the passkey's answer"),
    "passkey_not_answered": N_("Nobody answered with the passkey"),
    "scanned": N_("A phone has scanned the code"),
    "account_loaded": N_("The account that it is linked with is loading"),
    "connected": N_("Connected to WhatsApp"),
    "disconnected": N_("The connection to WhatsApp was lost"),
    "unlinked": N_("The phone has unlinked this device"),
    "page_silent": N_("WhatsApp Web did not come up in time"),
    "qr_not_renewed": N_("WhatsApp stopped renewing the code"),
    "pairing_stalled": N_("The account did not finish loading"),
    "connection_lost": N_("The connection did not come back in time"),
    "page_hung": N_("WhatsApp Web no longer answered"),
    "page_crashed": N_("WhatsApp Web crashed"),
    "page_flooded": N_("WhatsApp Web reported more than it may"),
    "page_closed": N_("The page was closed"),
    "page_unreachable": N_("WhatsApp Web could not be reached"),
    "proxy_unreachable": N_("Its proxy does not answer"),
    "proxy_refused": N_("Its proxy refuses the username or password"),
    "page_did_not_load": N_("WhatsApp Web did not load"),
    "browser_ended": N_("The browser ended by itself"),
    "browser_did_not_start": N_("The browser did not start"),
    "whatsapp_web_changed": N_("WhatsApp Web has changed in a way that this version does not know: update Tuntas"),
    "disk_full": N_("The disk is full"),
    "temporary_ban": N_("WhatsApp has banned this account for a time"),
    "service_unavailable": N_("WhatsApp is out of service for a moment"),
    "storage_failure": N_("WhatsApp Web cannot store anything in the browser: is the disk full?"),
    "unsupported_browser": N_("WhatsApp Web does not take this browser: update it"),
    "terms_not_accepted": N_("WhatsApp asks on the phone to accept its new terms"),
    "update_required": N_("WhatsApp Web asks for a newer version of itself"),
    "replaced": N_("WhatsApp Web was opened elsewhere with this login; start the session to use it here"),
    "reachout_timelock": N_("WhatsApp lets this account write only to people who have written to it"),
    "message_capping": N_("WhatsApp lets this account begin no more chats for now"),
    "message_capping_warning": N_("WhatsApp warns that this account begins too many chats"),
    "restriction_lifted": N_("WhatsApp does not restrict this account any more"),
    "damaged": N_("Its entry in the database could not be read"),
    "profile_unusable": N_("Its folder cannot be used"),
    "internal_error": N_("A defect of Tuntas; the server's log has the details"),
}

ASKERS = {
    "api": N_("by a program"),
    "dashboard": N_("from the dashboard"),
    "phone": N_("by the phone"),
    "cleanup": N_("by a clean-up"),
    "system": N_("by itself"),
}

EVENTS = {
    "session.status": N_("Status changed"),
    "message": N_("Message received"),
    "message.any": N_("Message sent"),
    "message.waiting": N_("Message that cannot be read yet"),
    "message.ack": N_("Message progress"),
    "message.ack.group": N_("Receipt of one of many readers"),
    "message.reaction": N_("Reaction"),
    "message.edited": N_("Message edited"),
    "message.revoked": N_("Message deleted"),
    "poll.vote": N_("Vote in a poll"),
    "event.response": N_("Answer to an event"),
    "chat.archive": N_("Chat archived"),
    "group.v2.join": N_("Group joined"),
    "group.v2.leave": N_("Group left"),
    "group.v2.participants": N_("Group members changed"),
    "group.v2.participants.join-request": N_("Somebody asks to be let into a group"),
    "group.v2.update": N_("Group changed"),
    "group.join": N_("Somebody came into a group"),
    "group.leave": N_("Somebody left a group"),
    "presence.update": N_("Presence"),
    "call.received": N_("Incoming call"),
    "call.accepted": N_("Call accepted"),
    "call.rejected": N_("Call rejected"),
    "label.upsert": N_("Label changed"),
    "label.deleted": N_("Label deleted"),
    "label.chat.added": N_("Label put on a chat"),
    "label.chat.deleted": N_("Label taken off a chat"),
    "state.change": N_("WhatsApp Web's connection changed"),
    "removal.quarantined": N_("Files set aside for removal"),
    "removal.stuck": N_("Removal is held up"),
    "removal.purged": N_("Files removed"),
}

ACKS = {
    "ERROR": N_("could not be sent"),
    "PENDING": N_("waiting"),
    "SERVER": N_("sent"),
    "DEVICE": N_("arrived"),
    "READ": N_("read"),
    "PLAYED": N_("played"),
}

# The statuses that clients of the API see.
STATUSES = {
    "STOPPED": N_("Stopped"),
    "STARTING": N_("Starting"),
    "SCAN_QR_CODE": N_("Waiting for your phone"),
    "PASSKEY_REQUIRED": N_("Waiting for a passkey"),
    "PASSKEY_CONFIRMATION_REQUIRED": N_("Compare a code"),
    "WORKING": N_("Working"),
    "FAILED": N_("Failed"),
}

DELIVERIES = {
    "waiting": Word(N_("Waiting"), "wait", "wait"),
    "delivered": Word(N_("Delivered"), "good", "check"),
    "dead": Word(N_("Given up"), "bad", "alert"),
}

LEFT = {
    Reason.IN_USE: N_("The files are in use."),
    Reason.MOUNT_POINT: N_("A mount point stands in the way; unmount it."),
    Reason.CROSS_DEVICE: N_("The folder cannot be renamed away and is being emptied where it is."),
    Reason.READ_ONLY: N_("The disk is mounted read-only."),
    Reason.IMMUTABLE: N_("A file is marked as one that must not change (chattr -i takes the mark away)."),
    Reason.NO_SPACE: N_("The disk is full or a quota is used up."),
    Reason.IO_ERROR: N_("The disk reports errors."),
    Reason.PERMISSION: N_("The system denies access to the files."),
    Reason.OUT_OF_FILES: N_("The system's limit of open files is reached."),
    Reason.NAME_TOO_LONG: N_("A path is too long for the system."),
    Reason.NOT_ANSWERING: N_("The file system does not answer."),
    Reason.REFUSED: N_("The folder is not one that may be removed."),
    Reason.OTHER: N_("The system gave an unexpected error."),
}

KEPT = {
    leftovers.UNKNOWN_FOLDER: N_("No session has this folder. It is left alone until somebody names it."),
    leftovers.LIVE_SESSION: N_("A session uses it."),
    leftovers.SESSION_EXISTS: N_("It belongs to a session that exists."),
    leftovers.IN_USE: N_("A program uses it."),
    leftovers.FOREIGN_HOST: N_("A browser on another computer uses it."),
    leftovers.STILL_RUNNING: N_("Its browser could not be ended."),
    leftovers.BEING_REMOVED: N_("It is being removed, and that goes on by itself."),
    leftovers.REFUSED: N_("It is not a folder that may be removed."),
    **{reason.value: sentence for reason, sentence in LEFT.items()},
}

SCOPES = {
    Scope.READ: (N_("Look"), N_("Sees sessions, chats, messages and events.")),
    Scope.ASK: (N_("Ask to send"), N_("Each message waits until a person approves it.")),
    Scope.SEND: (N_("Send"), N_("Writes messages and acts in chats and groups.")),
    Scope.CONTROL: (N_("Control"), N_("Creates, links, starts, stops and deletes sessions.")),
    Scope.ADMIN: (N_("Administer"), N_("All of it, and keys, clean-up and deliveries.")),
}

LEVELS = {
    "fine": Word(N_("Fine"), "good", "check"),
    "warning": Word(N_("Look at this"), "ask", "alert"),
    "broken": Word(N_("Broken"), "bad", "cross"),
}

CHECKS = {
    "browser": N_("Browser"),
    "sandboxing": N_("Browser's own protection"),
    "parent death": N_("Browsers end with the server"),
    "shared memory": N_("Shared memory"),
    "merged memory": N_("Memory kept once for all browsers"),
    "data folder": N_("Data folder"),
    "file system": N_("File system"),
    "mount": N_("Place of the data folder"),
    "trash": N_("Folder for removals"),
    "free space": N_("Free space"),
    "free inodes": N_("Room for files"),
    "server": N_("Server"),
    "troubles": N_("What needs somebody"),
    "port": N_("Port"),
    "database": N_("Database"),
    "database integrity": N_("Database is whole"),
    "profiles": N_("Folders of the sessions"),
    "unknown folders": N_("Unknown folders"),
    "removals": N_("Deletions that wait"),
    "trash size": N_("Size of what waits"),
    "orphan browsers": N_("Browsers left over"),
    "clock": N_("Clock"),
    "clock and stories": N_("Clock and stories"),
    "reaping": N_("Ended processes"),
    "memory": N_("Memory"),
    "WhatsApp's host": N_("WhatsApp's address"),
    "Windows Defender": N_("Windows Defender"),
    "Windows rights": N_("Windows rights"),
    "Windows long paths": N_("Windows long paths"),
}

CAPABILITIES = {
    Capability.FILES: N_("sending files"),
    Capability.DOWNLOADS: N_("downloading files"),
    Capability.LOCATIONS: N_("sending locations"),
    Capability.CONTACT_CARDS: N_("sending contacts"),
    Capability.POLLS: N_("polls"),
    Capability.EVENTS: N_("invitations to events"),
    Capability.STATUS_POSTS: N_("status posts"),
    Capability.FORWARDS: N_("forwarding"),
    Capability.REACTIONS: N_("reactions"),
    Capability.EDITS: N_("editing messages"),
    Capability.DELETIONS: N_("deleting messages"),
    Capability.PINS: N_("pinning messages"),
    Capability.STARS: N_("starring messages"),
    Capability.SEEN: N_("marking as read"),
    Capability.UNREAD: N_("marking as unread"),
    Capability.TYPING: N_("showing that one types"),
    Capability.PRESENCE: N_("presence"),
    Capability.ARCHIVE: N_("archiving chats"),
    Capability.CLEAR_CHATS: N_("clearing chats"),
    Capability.DELETE_CHATS: N_("deleting chats"),
    Capability.PICTURES: N_("pictures of people"),
    Capability.ABOUT: N_("what people say about themselves"),
    Capability.NUMBER_CHECK: N_("checking numbers"),
    Capability.SAVE_CONTACTS: N_("saving contacts"),
    Capability.BLOCKING: N_("blocking people"),
    Capability.PAIRING_CODE: N_("linking by code"),
    Capability.GROUPS: N_("groups"),
    Capability.CREATE_GROUPS: N_("making groups"),
    Capability.GROUP_PARTICIPANTS: N_("changing who is in a group"),
    Capability.GROUP_TEXTS: N_("renaming groups"),
    Capability.GROUP_SETTINGS: N_("settings of groups"),
    Capability.GROUP_INVITATIONS: N_("invitations to groups"),
    Capability.GROUP_REQUESTS: N_("letting people into groups"),
    Capability.LEAVE_GROUPS: N_("leaving groups"),
    Capability.CHANNELS: N_("channels"),
    Capability.CHANNEL_SEARCH: N_("searching channels"),
    Capability.CALLS: N_("rejecting calls"),
    Capability.LABELS: N_("labels"),
    Capability.TIMELOCK: N_("asking whether it may write to strangers"),
    Capability.CAPPING: N_("asking how many chats it may begin"),
    Capability.PROFILE_NAME: N_("changing the own name"),
    Capability.PROFILE_ABOUT: N_("changing what one says about oneself"),
    Capability.PROFILE_PICTURE: N_("changing the own picture"),
}

ERRORS: dict[type[errors.SessionError], tuple[int, str]] = {
    errors.UnknownSession: (404, N_("There is no such session.")),
    errors.NotYours: (403, N_("Your key is not good for this session.")),
    errors.NameRefused: (422, N_("No session may have this name. Choose another.")),
    errors.NameTaken: (422, N_("A session of this name exists already.")),
    errors.QuotaReached: (422, N_("There are as many of these as the administrator allows. Delete some first.")),
    errors.WrongStatus: (422, N_("The session cannot do this in its present state.")),
    errors.BeingRemoved: (409, N_("The session is being deleted.")),
    errors.MovedAway: (
        409,
        N_("This session was exported and never starts here again. It runs where its file is imported."),
    ),
    errors.Superseded: (409, N_("Somebody else asked for something different in between. Look at the session again.")),
    errors.AnswerRefused: (422, N_("This is not what the passkey signed for this challenge. Do it again.")),
    errors.NotThere: (404, N_("WhatsApp does not know this number, chat or message.")),
    errors.NotAllowed: (403, N_("WhatsApp does not allow this account to do it.")),
    errors.AnswerTooLarge: (422, N_("That is more than one answer holds.")),
    errors.AccountRestricted: (
        429,
        N_("WhatsApp does not let this account write to this person for now. People who wrote to it can be answered."),
    ),
    errors.NotTaken: (422, N_("WhatsApp has refused it.")),
    errors.PageRefused: (422, N_("WhatsApp has refused it.")),
    errors.OutcomeUnknown: (503, N_("Whether the message was sent is not known. Look at the chat on the phone.")),
    errors.NothingKnown: (404, N_("Nothing is known of this message; what is long ago is not kept.")),
    errors.ConverterMissing: (501, N_("This server does not convert files.")),
    errors.DiskFull: (507, N_("The disk is full. Free some space, then try again.")),
    errors.NotConvertible: (422, N_("Nothing that WhatsApp plays can be made of this file.")),
    errors.PageUnavailable: (503, N_("WhatsApp Web did not answer. Try again in a moment.")),
    errors.NotCapable: (501, N_("WhatsApp Web cannot do this now. It is looked for again by itself.")),
    errors.FileRefused: (422, N_("This file cannot be sent.")),
    errors.FileTooLarge: (413, N_("The file is too large.")),
    errors.FileUnreachable: (502, N_("The file could not be fetched from its address.")),
    errors.UnknownApproval: (404, N_("There is no such message to approve.")),
    errors.ApprovalEnded: (409, N_("This message does not wait any more: somebody has decided, or it was too late.")),
    errors.TryLater: (503, N_("It is not done yet and goes on by itself. Look again in a moment.")),
    errors.Overloaded: (429, N_("Too many messages wait to be sent. Try again later.")),
    errors.QuotaReached: (422, N_("There are as many as this server allows. Delete some first.")),
    errors.KeyReused: (422, N_("This form was sent before with other words. Load the page again.")),
    errors.ServerStopping: (503, N_("The server is stopping. Try again when it is back.")),
}


def reason(code: str) -> str:
    """Return the words for a reason of a state change."""
    return REASONS.get(code, code)


def asker(name: str) -> str:
    """Return the words for who asked for something."""
    return ASKERS.get(name, name)


def event(name: str) -> str:
    """Return the words for an event's name."""
    return EVENTS.get(name, name)


def left(why: Reason | None) -> str:
    """Return why files still wait to be removed."""
    return N_("It is being removed.") if why is None else LEFT[why]


def kept(code: str) -> str:
    """Return why a clean-up leaves something alone."""
    return KEPT.get(code, code)


def capability(which: Capability) -> str:
    """Return the words for what a page may not be able to do."""
    return CAPABILITIES[which]


def check(name: str) -> str:
    """Return the words for what the doctor looked at."""
    return CHECKS.get(name, name)
