"""The bodies that WAHA's document shows, as facts: for each operation that takes one, its fields as examples fill them.

Values are ours. What stands in braces is put in by the tests: ``{chat}`` an id of a person, ``{group}``, ``{message}``
an id of theirs, ``{poll}``, ``{invite}``, ``{picture}``, ``{voice}`` and ``{video}`` addresses of files, ``{png}`` one
as base64. Where two bodies are shown for one operation, each has a row.
"""

from __future__ import annotations

from typing import Any

CONFIG: dict[str, Any] = {
    "metadata": {"customer.id": "42", "customer.mail": "budi@example.com"},
    "proxy": None,
    "debug": False,
    "ignore": {"status": None, "groups": None, "channels": None},
    "client": {"browserName": "Firefox", "deviceName": "Toko"},
    "noweb": {"markOnline": True, "store": {"enabled": True, "fullSync": False}},
    "gows": {"storage": {"messages": True, "groups": True, "chats": True, "labels": True}},
    "webjs": {"tagsEventsOn": False},
    "webhooks": [
        {
            "url": "https://example.com/hook",
            "events": ["message", "session.status"],
            "hmac": None,
            "retries": None,
            "customHeaders": None,
        }
    ],
}
SIGNED = {
    "hmac": {"key": "a secret of ours"},
    "retries": {"delaySeconds": 2, "attempts": 15, "policy": "linear"},
    "customHeaders": [{"name": "X-Tenant", "value": "toko"}],
}
PICTURE = {"mimetype": "image/png", "filename": "picture.png", "url": "{picture}"}
PICTURE_HERE = {"mimetype": "image/png", "filename": "picture.png", "data": "{png}"}
VOICE = {"mimetype": "audio/ogg; codecs=opus", "filename": "voice.opus", "url": "{voice}"}
VIDEO = {"mimetype": "video/mp4", "filename": "video.mp4", "url": "{video}"}
CARD = """BEGIN:VCARD
VERSION:3.0
FN:Ani Lestari
ORG:Toko;
TEL;type=CELL;type=VOICE;waid=628111000333:+62 811 1000 333
END:VCARD"""
TO = {"session": "default", "chatId": "{chat}"}
PEOPLE = {"participants": [{"id": "{chat}"}]}
BUTTONS = [
    {"type": "reply", "text": "Yes"},
    {"type": "call", "text": "Call", "phoneNumber": "+62 811 1000 333"},
    {"type": "copy", "text": "Copy", "copyCode": "4321"},
    {"type": "url", "text": "Open", "url": "https://example.com"},
]
ROWS = [{"title": "Tea", "rowId": "tea", "description": None}]
LIST = {"title": "Menu", "description": "Choose", "footer": "Thanks", "button": "Open"}
OCCASION = {
    "name": "Opening",
    "description": "Everybody is welcome",
    "startTime": 2063137000,
    "endTime": None,
    "location": {"name": "Toko Sinar"},
    "extraGuestsAllowed": False,
}

BODIES: tuple[tuple[str, Any], ...] = (
    ("POST /api/sessions", {"name": "made", "apps": None, "start": False, "config": CONFIG}),
    ("POST /api/sessions", {"start": False, "config": {"webhooks": [CONFIG["webhooks"][0] | SIGNED]}}),
    ("PUT /api/sessions/{session}", {"apps": [], "config": CONFIG}),
    ("POST /api/sessions/{session}/logout", {"apps": {"purge": False}}),
    ("POST /api/sessions/start", {"name": "other", "config": CONFIG}),
    ("POST /api/sessions/stop", {"name": "other", "logout": False}),
    ("POST /api/sessions/logout", {"name": "other"}),
    ("POST /api/{session}/auth/request-code", {"phoneNumber": "628111000999", "method": None}),
    (
        "POST /api/keys",
        {"isAdmin": False, "session": "default", "isActive": True, "actions": {"read": True, "send": True}},
    ),
    ("PUT /api/{session}/profile/name", {"name": "Toko Sinar"}),
    ("PUT /api/{session}/profile/status", {"status": "🎉 Open until nine"}),
    ("PUT /api/{session}/profile/picture", {"file": PICTURE}),
    ("PUT /api/{session}/profile/picture", {"file": PICTURE_HERE}),
    (
        "POST /api/sendText",
        TO | {"text": "Halo", "reply_to": None, "mentions": None, "linkPreview": True, "linkPreviewHighQuality": False},
    ),
    ("POST /api/sendText", TO | {"id": "BBBBBBBBBBBBBBBBB", "text": "Halo", "reply_to": "{message}"}),
    ("POST /api/sendText", TO | {"chatId": "{group}", "text": "Halo", "mentions": ["all"]}),
    ("POST /api/sendImage", TO | {"file": PICTURE, "reply_to": None, "mentions": None, "caption": "Look"}),
    ("POST /api/sendImage", TO | {"file": PICTURE_HERE, "reply_to": None, "mentions": None, "caption": "Look"}),
    ("POST /api/sendFile", TO | {"file": PICTURE, "reply_to": None, "mentions": None, "caption": None}),
    ("POST /api/sendVoice", TO | {"file": VOICE, "reply_to": None, "convert": True}),
    (
        "POST /api/sendVideo",
        TO | {"file": VIDEO, "reply_to": None, "mentions": None, "asNote": False, "convert": True, "caption": "Watch"},
    ),
    ("POST /api/sendSticker", TO | {"file": PICTURE, "reply_to": None}),
    (
        "POST /api/send/link-custom-preview",
        TO
        | {
            "text": "See https://example.com",
            "reply_to": None,
            "linkPreviewHighQuality": True,
            "preview": {
                "url": "https://example.com",
                "title": "Toko",
                "description": "Lamps",
                "image": {"data": "{png}"},
            },
        },
    ),
    (
        "POST /api/sendButtons",
        TO | {"header": "Hi", "headerImage": PICTURE, "body": "Well?", "footer": "Bye", "buttons": BUTTONS},
    ),
    (
        "POST /api/sendList",
        TO | {"message": LIST | {"sections": [{"title": "Drinks", "rows": ROWS}]}, "reply_to": None},
    ),
    ("POST /api/forwardMessage", TO | {"id": "CCCCCCCCCCCCCCCCC", "messageId": "{message}"}),
    ("POST /api/sendSeen", TO | {"messageId": None, "messageIds": ["{message}"], "participant": "{chat}"}),
    ("POST /api/startTyping", TO),
    ("POST /api/stopTyping", TO),
    ("PUT /api/reaction", {"session": "default", "messageId": "{message}", "reaction": "👍"}),
    ("PUT /api/star", TO | {"messageId": "{message}", "star": True}),
    (
        "POST /api/sendPoll",
        TO
        | {
            "id": "DDDDDDDDDDDDDDDDD",
            "reply_to": None,
            "poll": {"name": "When?", "options": ["Mon", "Tue", "Wed"], "multipleAnswers": None},
        },
    ),
    ("POST /api/sendPollVote", TO | {"pollMessageId": "{poll}", "pollServerId": None, "votes": ["Mon"]}),
    (
        "POST /api/sendLocation",
        TO
        | {"id": "EEEEEEEEEEEEEEEEE", "latitude": -6.1754, "longitude": 106.8272, "title": "Monas", "reply_to": None},
    ),
    ("POST /api/sendContactVcard", TO | {"id": "FFFFFFFFFFFFFFFFF", "contacts": [{"vcard": CARD}], "reply_to": None}),
    (
        "POST /api/sendContactVcard",
        TO
        | {
            "contacts": [
                {
                    "fullName": "Ani",
                    "organization": "Toko",
                    "phoneNumber": "+62 811 1000 333",
                    "whatsappId": "628111000333",
                    "vcard": None,
                }
            ]
        },
    ),
    (
        "POST /api/send/buttons/reply",
        TO | {"replyTo": None, "selectedDisplayText": "Yes", "selectedButtonID": "button:id"},
    ),
    (
        "POST /api/reply",
        TO
        | {
            "text": "Yes",
            "reply_to": "{message}",
            "mentions": None,
            "linkPreview": True,
            "linkPreviewHighQuality": False,
        },
    ),
    ("POST /api/sendLinkPreview", TO | {"url": "https://example.com", "title": "Toko"}),
    (
        "POST /api/{session}/chats/overview",
        {"pagination": {"merge": True, "limit": 20, "offset": None}, "filter": {"ids": ["{chat}"]}},
    ),
    ("POST /api/{session}/chats/{chat_id}/messages/{message_id}/pin", {"duration": 86400}),
    (
        "PUT /api/{session}/chats/{chat_id}/messages/{message_id}",
        {"text": "Changed", "mentions": None, "linkPreview": True, "linkPreviewHighQuality": False},
    ),
    ("POST /api/{session}/calls/reject", {"from": "{chat}", "id": "ABCDEFGABCDEFGABCDEFGABCDEFG"}),
    ("POST /api/{session}/channels", {"name": "Toko", "description": "News", "picture": PICTURE}),
    ("POST /api/{session}/channels/search/by-text", {"text": "tea", "categories": [], "limit": 50, "startCursor": ""}),
    (
        "POST /api/{session}/channels/search/by-view",
        {"view": "RECOMMENDED", "countries": ["ID"], "categories": [], "limit": 50, "startCursor": ""},
    ),
    (
        "POST /api/{session}/status/text",
        {
            "id": "GGGGGGGGGGGGGGGGG",
            "contacts": None,
            "text": "Open",
            "backgroundColor": "#38b42f",
            "font": 0,
            "linkPreview": True,
            "linkPreviewHighQuality": False,
        },
    ),
    ("POST /api/{session}/status/image", {"id": None, "contacts": None, "file": PICTURE, "caption": "Open"}),
    (
        "POST /api/{session}/status/voice",
        {"id": None, "contacts": None, "file": VOICE, "convert": True, "backgroundColor": "#38b42f"},
    ),
    (
        "POST /api/{session}/status/video",
        {"id": None, "contacts": None, "file": VIDEO, "convert": True, "caption": "Open"},
    ),
    ("POST /api/{session}/status/delete", {"id": "GGGGGGGGGGGGGGGGG", "contacts": None}),
    ("POST /api/{session}/labels", {"name": "Lead", "colorHex": "#ff9485", "color": None}),
    ("PUT /api/{session}/labels/{label_id}", {"name": "Lead", "colorHex": "#ff9485", "color": None}),
    ("PUT /api/{session}/labels/chats/{chat_id}", {"labels": [{"id": "1"}]}),
    ("POST /api/contacts/block", {"session": "default", "contactId": "{chat}"}),
    ("POST /api/contacts/unblock", {"session": "default", "contactId": "{chat}"}),
    ("PUT /api/{session}/contacts/{chat_id}", {"firstName": "Budi", "lastName": "Santoso"}),
    ("POST /api/{session}/groups", {"name": "Street", **PEOPLE}),
    ("POST /api/{session}/groups/join", {"code": "{invite}"}),
    ("PUT /api/{session}/groups/{id}/picture", {"file": PICTURE}),
    ("PUT /api/{session}/groups/{id}/description", {"description": "All of us"}),
    ("PUT /api/{session}/groups/{id}/subject", {"subject": "Our street"}),
    ("PUT /api/{session}/groups/{id}/settings/security/info-admin-only", {"adminsOnly": True}),
    ("PUT /api/{session}/groups/{id}/settings/security/messages-admin-only", {"adminsOnly": False}),
    ("PUT /api/{session}/groups/{id}/settings/security/member-add-mode", {"membersCanAddNewMember": True}),
    ("PUT /api/{session}/groups/{id}/settings/security/member-share-history-mode", {"membersCanShareHistory": True}),
    ("PUT /api/{session}/groups/{id}/settings/security/membership-approval", {"newMembersApprovalRequired": False}),
    ("POST /api/{session}/groups/{id}/participants/join-requests/approve", PEOPLE),
    ("POST /api/{session}/groups/{id}/participants/join-requests/reject", PEOPLE),
    ("POST /api/{session}/groups/{id}/admin/promote", PEOPLE),
    ("POST /api/{session}/groups/{id}/admin/demote", PEOPLE),
    ("POST /api/{session}/groups/{id}/participants/remove", PEOPLE),
    ("POST /api/{session}/groups/{id}/participants/add", PEOPLE),
    ("POST /api/{session}/presence", {"chatId": "{chat}", "presence": "typing"}),
    ("POST /api/{session}/presence", {"presence": "offline"}),
    ("POST /api/{session}/events", {"chatId": "{chat}", "reply_to": None, "event": OCCASION}),
    ("POST /api/server/stop", {"force": False}),
    ("POST /api/{session}/media/convert/voice", {"url": "{voice}", "data": None}),
    ("POST /api/{session}/media/convert/video", {"url": "{video}", "data": None}),
)

# What is taken and means nothing here; the answer's header names it.
WITHOUT_EFFECT: dict[str, tuple[str, ...]] = {
    "POST /api/sessions": ("config.client",),
    "PUT /api/sessions/{session}": ("apps", "config.client"),
    "POST /api/sendText": ("linkPreviewHighQuality",),
    "POST /api/sendVideo": ("asNote",),
    "POST /api/send/link-custom-preview": ("linkPreviewHighQuality",),
    "POST /api/forwardMessage": ("id",),
    "POST /api/sendSeen": ("messageIds", "participant"),
    "POST /api/reply": ("linkPreviewHighQuality",),
    "POST /api/{session}/chats/overview": ("merge",),
    "PUT /api/{session}/chats/{chat_id}/messages/{message_id}": ("linkPreviewHighQuality",),
    "POST /api/{session}/status/text": ("linkPreview", "linkPreviewHighQuality"),
    "POST /api/{session}/status/voice": ("backgroundColor",),
    "POST /api/{session}/events": ("extraGuestsAllowed",),
}
