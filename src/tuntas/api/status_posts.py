"""``/api/{session}/status``: posts that an account shows for a day."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends
from pydantic import AfterValidator, Field, StringConstraints

from tuntas.api.context import ApiContext, ContextHere, ask_page
from tuntas.api.errors import FieldNotSupported, problems
from tuntas.api.inputs import Input
from tuntas.api.json_requests import json_router
from tuntas.api.media import FileInput, source_of
from tuntas.api.more_messages import NewId
from tuntas.api.parameters import SessionHere
from tuntas.api.plain_writing import not_blank
from tuntas.api.schemas import Done, MessageId, MessageOut, NewMessageId
from tuntas.api.sending import SendDoor
from tuntas.sessions.outgoing import STATUS, MessageKind, OutgoingMessage, require_type
from tuntas.sessions.page_calls import PageCall
from tuntas.sessions.sending import new_message_token

router = json_router(prefix="/api/{session}/status", tags=["status"])
file_router = json_router(prefix="/api/{session}/status", tags=["status"])

ERRORS = problems(404, 409, 422, 429, 501, 503)
FILE_ERRORS = problems(404, 409, 413, 422, 429, 501, 502, 503)

MOST_TEXT = 700
"""As many characters as WhatsApp's clients show of a status."""


# WA-JS could put a list of its own in the place of the account's setting and take it back after the post. Other posts,
# the phone's too, would have that audience meanwhile, and for ever if the page died in between.
_NO_LIST = (
    "WhatsApp Web shows a post to those whom the account's own privacy settings name, and takes no list for one post. "
    "Leave contacts out, and choose on the phone who sees status posts."
)


class Post(Input):
    """A post. Who sees it is what the account has set on its phone."""

    contacts: list[str] | None = Field(
        None, description="With anybody in it 501: a post goes to those whom the account's privacy settings name."
    )

    def require_no_list(self) -> None:
        """Raise FieldNotSupported where the post is meant for some only: to more it must not go."""
        if self.contacts:
            raise FieldNotSupported("body.contacts", _NO_LIST)


class TextStatus(Post):
    """A text on a coloured ground."""

    without_effect = frozenset({"linkPreview", "linkPreviewHighQuality"})

    id: NewMessageId | None = None
    text: Annotated[str, StringConstraints(min_length=1, max_length=MOST_TEXT), AfterValidator(not_blank)] = Field(
        examples=["Open until ten!"]
    )
    backgroundColor: str = Field("#38b42f", pattern=r"^#[0-9A-Fa-f]{6}$", examples=["#38b42f"])  # noqa: N815 - WAHA's name
    font: int = Field(0, ge=0, le=5, description="One of WhatsApp's fonts.", examples=[0])


class FilePost(Post):
    """A post with a file; WhatsApp Web makes its id."""

    without_effect = frozenset({"id"})

    file: FileInput


class ImageStatus(FilePost):
    """A picture."""

    caption: str | None = Field(None, max_length=MOST_TEXT, examples=["Fresh today"])


class VoiceStatus(FilePost):
    """A voice message. WhatsApp's clients play Opus in Ogg (`audio/ogg; codecs=opus`)."""

    without_effect = frozenset({"id", "backgroundColor"})

    convert: bool = Field(False, description="Make Opus in Ogg of it, if it is something else.")


class VideoStatus(ImageStatus):
    """A video. WhatsApp's clients play MP4 with H.264 and AAC."""

    convert: bool = Field(False, description="Make MP4 with H.264 and AAC of it, if it is something else.")


class DeleteStatus(Input):
    """Which post to take back."""

    without_effect = frozenset({"contacts"})

    id: MessageId


@router.post("/text", status_code=201, responses=ERRORS, summary="Post a text")
async def post_text(
    context: ContextHere, session: SessionHere, body: TextStatus, door: Annotated[SendDoor, Depends()]
) -> MessageOut:
    """Post a text as a status."""
    body.require_no_list()
    look = {"backgroundColor": body.backgroundColor, "font": body.font}
    content = {"chatId": STATUS, "body": body.text} | look
    return await door.send(context, session, body, OutgoingMessage(MessageKind.TEXT, content))


@file_router.post("/image", status_code=201, responses=FILE_ERRORS, summary="Post a picture")
async def post_image(
    context: ContextHere, session: SessionHere, body: ImageStatus, door: Annotated[SendDoor, Depends()]
) -> MessageOut:
    """Post a picture as a status, with a caption."""
    return await _post(context, session, door, body, MessageKind.IMAGE, caption=body.caption)


@file_router.post("/voice", status_code=201, responses=FILE_ERRORS, summary="Post a voice message")
async def post_voice(
    context: ContextHere, session: SessionHere, body: VoiceStatus, door: Annotated[SendDoor, Depends()]
) -> MessageOut:
    """Post a voice message as a status."""
    return await _post(context, session, door, body, MessageKind.VOICE, converts=body.convert)


@file_router.post("/video", status_code=201, responses=FILE_ERRORS, summary="Post a video")
async def post_video(
    context: ContextHere, session: SessionHere, body: VideoStatus, door: Annotated[SendDoor, Depends()]
) -> MessageOut:
    """Post a video as a status, with a caption."""
    return await _post(context, session, door, body, MessageKind.VIDEO, caption=body.caption, converts=body.convert)


@router.post("/delete", status_code=201, responses=problems(404, 422, 503), summary="Take a post back")
async def delete(context: ContextHere, session: SessionHere, body: DeleteStatus) -> Done:
    """Take back a post of the last day; nobody sees it any more."""
    await ask_page(context, session, PageCall.DELETE_STATUS, messageId=body.id)
    return Done()


@router.get("/new-message-id", responses=problems(404, 422, 503), summary="An id for a post to come")
async def new_message_id(context: ContextHere, session: SessionHere) -> NewId:
    """Return an id for `id` of a text that is posted later: however often that is asked, it is posted once."""
    context.sessions.get(session)
    return NewId(id=new_message_token())


async def _post(
    context: ApiContext,
    session: str,
    door: SendDoor,
    body: FilePost,
    kind: MessageKind,
    *,
    caption: str | None = None,
    converts: bool = False,
) -> MessageOut:
    body.require_no_list()
    if body.file.mimetype is not None and not converts:
        require_type(kind, body.file.mimetype)
    content: dict[str, Any] = {"chatId": STATUS, "caption": caption}
    file = await source_of(context, body.file)
    return await door.send(context, session, body, OutgoingMessage(kind, content, file, converts))
