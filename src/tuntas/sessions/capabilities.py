"""What a page may or may not be able to do, and which call and which message needs what. Pure.

WhatsApp's page changes, loads some modules late and leaves some out for some accounts. What every session needs is not
here: without it there is no session. What is here may be missing, and then only the calls that need it are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tuntas.sessions.outgoing import MessageKind, OutgoingMessage
from tuntas.sessions.page_calls import PageCall

Asked = PageCall | OutgoingMessage
"""What may need something of the page."""


class Capability(StrEnum):
    """The values are the bridge's names (``whatsapp/bridge/capabilities.js``) and the API's; a test compares."""

    FILES = "files"
    DOWNLOADS = "downloads"
    LOCATIONS = "locations"
    CONTACT_CARDS = "contact_cards"
    POLLS = "polls"
    EVENTS = "events"
    STATUS_POSTS = "status_posts"
    FORWARDS = "forwards"
    REACTIONS = "reactions"
    EDITS = "edits"
    DELETIONS = "deletions"
    PINS = "pins"
    STARS = "stars"
    SEEN = "seen"
    UNREAD = "unread"
    TYPING = "typing"
    PRESENCE = "presence"
    ARCHIVE = "archive"
    CLEAR_CHATS = "clear_chats"
    DELETE_CHATS = "delete_chats"
    PICTURES = "pictures"
    ABOUT = "about"
    NUMBER_CHECK = "number_check"
    SAVE_CONTACTS = "save_contacts"
    BLOCKING = "blocking"
    PAIRING_CODE = "pairing_code"
    GROUPS = "groups"
    CREATE_GROUPS = "create_groups"
    GROUP_PARTICIPANTS = "group_participants"
    GROUP_TEXTS = "group_texts"
    GROUP_SETTINGS = "group_settings"
    GROUP_INVITATIONS = "group_invitations"
    GROUP_REQUESTS = "group_requests"
    LEAVE_GROUPS = "leave_groups"
    CHANNELS = "channels"
    CHANNEL_SEARCH = "channel_search"
    CALLS = "calls"
    LABELS = "labels"
    TIMELOCK = "timelock"
    CAPPING = "capping"
    PROFILE_NAME = "profile_name"
    PROFILE_ABOUT = "profile_about"
    PROFILE_PICTURE = "profile_picture"


_CALLS = {
    PageCall.FORWARD: Capability.FORWARDS,
    PageCall.REACT: Capability.REACTIONS,
    PageCall.STAR: Capability.STARS,
    PageCall.VOTE: Capability.POLLS,
    PageCall.EDIT: Capability.EDITS,
    PageCall.DELETE_MESSAGE: Capability.DELETIONS,
    PageCall.PIN: Capability.PINS,
    PageCall.DELETE_STATUS: Capability.STATUS_POSTS,
    PageCall.SEEN: Capability.SEEN,
    PageCall.TYPING: Capability.TYPING,
    PageCall.UPLOAD_PART: Capability.FILES,
    PageCall.OPEN_DOWNLOAD: Capability.DOWNLOADS,
    PageCall.DELETE_CHAT: Capability.DELETE_CHATS,
    PageCall.CLEAR_CHAT: Capability.CLEAR_CHATS,
    PageCall.ARCHIVE_CHAT: Capability.ARCHIVE,
    PageCall.MARK_UNREAD: Capability.UNREAD,
    PageCall.PICTURE: Capability.PICTURES,
    PageCall.NUMBER_EXISTS: Capability.NUMBER_CHECK,
    PageCall.ABOUT: Capability.ABOUT,
    PageCall.CONTACT_PICTURE: Capability.PICTURES,
    PageCall.SAVE_CONTACT: Capability.SAVE_CONTACTS,
    PageCall.BLOCK: Capability.BLOCKING,
    PageCall.SUBSCRIBE_PRESENCE: Capability.PRESENCE,
    PageCall.PRESENCE: Capability.PRESENCE,
    PageCall.PRESENCES: Capability.PRESENCE,
    PageCall.PAIRING_CODE: Capability.PAIRING_CODE,
    PageCall.GROUP: Capability.GROUPS,
    PageCall.GROUPS: Capability.GROUPS,
    PageCall.GROUP_COUNT: Capability.GROUPS,
    PageCall.CREATE_GROUP: Capability.CREATE_GROUPS,
    PageCall.CHANGE_PARTICIPANTS: Capability.GROUP_PARTICIPANTS,
    PageCall.LEAVE_GROUP: Capability.LEAVE_GROUPS,
    PageCall.DELETE_GROUP: Capability.LEAVE_GROUPS,
    PageCall.SET_GROUP_TEXT: Capability.GROUP_TEXTS,
    PageCall.GROUP_SETTING: Capability.GROUPS,
    PageCall.SET_GROUP_SETTING: Capability.GROUP_SETTINGS,
    PageCall.SET_GROUP_MODE: Capability.GROUP_SETTINGS,
    PageCall.JOIN_REQUESTS: Capability.GROUP_REQUESTS,
    PageCall.DECIDE_JOIN_REQUESTS: Capability.GROUP_REQUESTS,
    PageCall.INVITE_CODE: Capability.GROUP_INVITATIONS,
    PageCall.REVOKE_INVITE_CODE: Capability.GROUP_INVITATIONS,
    PageCall.JOIN_INFO: Capability.GROUP_INVITATIONS,
    PageCall.JOIN_GROUP: Capability.GROUP_INVITATIONS,
    PageCall.SET_GROUP_PICTURE: Capability.PROFILE_PICTURE,
    PageCall.DELETE_GROUP_PICTURE: Capability.PROFILE_PICTURE,
    PageCall.CHANNELS: Capability.CHANNELS,
    PageCall.CHANNEL: Capability.CHANNELS,
    PageCall.CREATE_CHANNEL: Capability.CHANNELS,
    PageCall.DELETE_CHANNEL: Capability.CHANNELS,
    PageCall.FOLLOW_CHANNEL: Capability.CHANNELS,
    PageCall.MUTE_CHANNEL: Capability.CHANNELS,
    PageCall.CHANNEL_MESSAGES: Capability.CHANNELS,
    PageCall.SEARCH_CHANNELS: Capability.CHANNEL_SEARCH,
    PageCall.REJECT_CALL: Capability.CALLS,
    PageCall.LABELS: Capability.LABELS,
    PageCall.CREATE_LABEL: Capability.LABELS,
    PageCall.CHANGE_LABEL: Capability.LABELS,
    PageCall.DELETE_LABEL: Capability.LABELS,
    PageCall.CHAT_LABELS: Capability.LABELS,
    PageCall.SET_CHAT_LABELS: Capability.LABELS,
    PageCall.LABELLED_CHATS: Capability.LABELS,
    PageCall.TIMELOCK: Capability.TIMELOCK,
    PageCall.CAPPING: Capability.CAPPING,
    PageCall.SET_PROFILE_NAME: Capability.PROFILE_NAME,
    PageCall.SET_PROFILE_STATUS: Capability.PROFILE_ABOUT,
    PageCall.SET_PROFILE_PICTURE: Capability.PROFILE_PICTURE,
    PageCall.DELETE_PROFILE_PICTURE: Capability.PROFILE_PICTURE,
}

_MESSAGES = {
    MessageKind.LOCATION: Capability.LOCATIONS,
    MessageKind.CONTACTS: Capability.CONTACT_CARDS,
    MessageKind.POLL: Capability.POLLS,
    MessageKind.EVENT: Capability.EVENTS,
    MessageKind.IMAGE: Capability.FILES,
    MessageKind.VIDEO: Capability.FILES,
    MessageKind.VOICE: Capability.FILES,
    MessageKind.STICKER: Capability.FILES,
    MessageKind.DOCUMENT: Capability.FILES,
    MessageKind.FORWARD: Capability.FORWARDS,
}


def needed_for(asked: Asked) -> Capability | None:
    """Return what a call or a message needs, None where every session can do it."""
    if isinstance(asked, PageCall):
        return _CALLS.get(asked)
    return Capability.STATUS_POSTS if asked.is_status else _MESSAGES.get(asked.kind)


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What a page told about itself. ``version``: WhatsApp Web's; both versions are empty where they are not known.

    ``lacking``: what it cannot do now, and for each the names that it does not have; None while that is not known.
    """

    version: str = ""
    wa_js: str = ""
    lacking: Mapping[Capability, tuple[str, ...]] | None = field(default=None)

    @property
    def sentence(self) -> str | None:
        """Which versions are at work, for people."""
        return f"WhatsApp Web {self.version}, WA-JS {self.wa_js}" if self.version else None

    def names_missing_for(self, asked: Asked) -> tuple[Capability, tuple[str, ...]] | None:
        """Return what a call or message needs and this page lacks; None where nothing is known to be in the way."""
        needed = needed_for(asked)
        if needed is None or self.lacking is None or needed not in self.lacking:
            return None
        return needed, self.lacking[needed]


NOTHING_KNOWN = PageFacts()
