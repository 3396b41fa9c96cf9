"""Parameters of paths and queries that several routers have."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AfterValidator

from tuntas.api.chat_ids import normal_chat_id
from tuntas.api.schemas import MessageId
from tuntas.sessions.model import SESSION_NAME_PATTERN

SessionHere = Annotated[str, Path(pattern=SESSION_NAME_PATTERN, description="The session's name.", examples=["shop"])]
ChatIdHere = Annotated[
    str, AfterValidator(normal_chat_id), Path(description="The chat.", examples=["628111000222@c.us"])
]
SessionInQuery = Annotated[
    str, Query(pattern=SESSION_NAME_PATTERN, description="The session's name.", examples=["shop"])
]
ChatIdInQuery = Annotated[
    str, AfterValidator(normal_chat_id), Query(description="The chat.", examples=["628111000222@c.us"])
]
MessageIdHere = Annotated[MessageId, Path(description="The message.")]

SortOrder = Annotated[Literal["asc", "desc"], Query(description="In which direction.")]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many.")]
Offset = Annotated[int, Query(ge=0, le=1_000_000, description="Leave out so many.")]
