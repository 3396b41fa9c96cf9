"""What an open page can be asked: the calls of the bridge, declared here once.

The values are the bridge's own names (``whatsapp/bridge/``); a test compares the two, both ways.
"""

from __future__ import annotations

from enum import StrEnum


class PageCall(StrEnum):
    """A call of the bridge. Arguments and answers are plain JSON values, in the shapes that the bridge says."""

    # Where the page stands.
    PROBE = "probe"
    RECONNECT = "reconnect"
    ECHO = "echo"
    LOG_OUT = "logOut"
    TIMELOCK = "timelock"
    CAPPING = "capping"
    PAIRING_CODE = "pairingCode"
    ANSWER_PASSKEY = "answerPasskey"
    CONFIRM_PASSKEY = "confirmPasskey"
    EXAMINE = "examine"

    # Messages.
    SEND = "send"
    FORWARD = "forward"
    MESSAGE = "message"
    MESSAGES = "messages"
    MESSAGES_SINCE = "messagesSince"
    REACT = "react"
    STAR = "star"
    VOTE = "vote"
    EDIT = "edit"
    DELETE_MESSAGE = "deleteMessage"
    PIN = "pin"
    DELETE_STATUS = "deleteStatus"
    SEEN = "seen"
    TYPING = "typing"

    # Files, in parts.
    UPLOAD_PART = "uploadPart"
    DROP_UPLOAD = "dropUpload"
    DESCRIBE_FILE = "describeFile"
    OPEN_DOWNLOAD = "openDownload"
    DOWNLOAD_PART = "downloadPart"
    DROP_DOWNLOAD = "dropDownload"

    # Chats.
    CHATS = "chats"
    CHAT_OVERVIEW = "chatOverview"
    DELETE_CHAT = "deleteChat"
    CLEAR_CHAT = "clearChat"
    ARCHIVE_CHAT = "archiveChat"
    MARK_UNREAD = "markUnread"
    PICTURE = "picture"

    # People.
    LIDS = "lids"
    LID_COUNT = "lidCount"
    PAIR_OF = "pairOf"
    CONTACT = "contact"
    CONTACTS = "contacts"
    NUMBER_EXISTS = "numberExists"
    ABOUT = "about"
    CONTACT_PICTURE = "contactPicture"
    SAVE_CONTACT = "saveContact"
    BLOCK = "block"
    SUBSCRIBE_PRESENCE = "subscribePresence"
    PRESENCE = "presence"
    PRESENCES = "presences"
    SHOW_PRESENCE = "showPresence"

    # Channels.
    CHANNELS = "channels"
    CHANNEL = "channel"
    CREATE_CHANNEL = "createChannel"
    DELETE_CHANNEL = "deleteChannel"
    FOLLOW_CHANNEL = "followChannel"
    MUTE_CHANNEL = "muteChannel"
    CHANNEL_MESSAGES = "channelMessages"
    SEARCH_CHANNELS = "searchChannels"

    # Calls.
    REJECT_CALL = "rejectCall"

    # Groups.
    GROUP = "group"
    GROUPS = "groups"
    GROUP_COUNT = "groupCount"
    CREATE_GROUP = "createGroup"
    CHANGE_PARTICIPANTS = "changeParticipants"
    LEAVE_GROUP = "leaveGroup"
    DELETE_GROUP = "deleteGroup"
    SET_GROUP_TEXT = "setGroupText"
    GROUP_SETTING = "groupSetting"
    SET_GROUP_SETTING = "setGroupSetting"
    SET_GROUP_MODE = "setGroupMode"
    JOIN_REQUESTS = "joinRequests"
    DECIDE_JOIN_REQUESTS = "decideJoinRequests"
    INVITE_CODE = "inviteCode"
    REVOKE_INVITE_CODE = "revokeInviteCode"
    JOIN_INFO = "joinInfo"
    JOIN_GROUP = "joinGroup"
    SET_GROUP_PICTURE = "setGroupPicture"
    DELETE_GROUP_PICTURE = "deleteGroupPicture"

    # Labels.
    LABELS = "labels"
    CREATE_LABEL = "createLabel"
    CHANGE_LABEL = "changeLabel"
    DELETE_LABEL = "deleteLabel"
    CHAT_LABELS = "chatLabels"
    SET_CHAT_LABELS = "setChatLabels"
    LABELLED_CHATS = "labelledChats"

    # What the account shows of itself.
    PROFILE = "profile"
    SET_PROFILE_NAME = "setProfileName"
    SET_PROFILE_STATUS = "setProfileStatus"
    SET_PROFILE_PICTURE = "setProfilePicture"
    DELETE_PROFILE_PICTURE = "deleteProfilePicture"
