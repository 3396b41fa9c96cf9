"""Approvals: messages that wait for a person. A message is forgotten as soon as it can never be sent any more."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from tuntas.sessions.approvals import (
    OPEN,
    Approval,
    ApprovalFilter,
    ApprovalLimits,
    ApprovalStatus,
    Asked,
    Asker,
    Decision,
)
from tuntas.sessions.errors import QuotaReached
from tuntas.sessions.outgoing import FileSource, MessageKind, OutgoingMessage
from tuntas.storage.database import Database
from tuntas.storage.tables import approvals

_OPEN = [status.value for status in OPEN]
_SHOWN = [column for column in approvals.c if column is not approvals.c.message]


class SqlApprovalStore:
    """Implements ``tuntas.sessions.approvals.ApprovalStore``."""

    def __init__(self, database: Database) -> None:
        """Keep approvals in ``database``."""
        self._database = database

    async def add(self, approval: Approval, limits: ApprovalLimits) -> Approval:
        """Add one, unless the same asker has asked with the same key before."""
        row = _to_row(approval)
        size_bytes = row["size_bytes"]

        def work(connection: Connection) -> Approval:
            if approval.asked.key is not None:
                same = select(approvals).where(
                    approvals.c.session_id == approval.session_id,
                    approvals.c.asker == approval.asker.mark,
                    approvals.c.key == approval.asked.key,
                )
                if (known := connection.execute(same).one_or_none()) is not None:
                    return _from_row(known)
            taken = select(func.count(), func.coalesce(func.sum(approvals.c.size_bytes), 0)).where(
                approvals.c.asker == approval.asker.mark, approvals.c.status.in_(_OPEN)
            )
            count, taken_bytes = connection.execute(taken).one()
            if count >= limits.places:
                raise QuotaReached("messages that wait for approval", count, limits.places, "TUNTAS_MAX_APPROVALS")
            if count and taken_bytes + size_bytes > limits.size_bytes:
                what = "bytes of messages that wait for approval"
                raise QuotaReached(what, int(taken_bytes), limits.size_bytes, "TUNTAS_MEDIA_MAX_BYTES, as base64,")
            connection.execute(insert(approvals).values(**row))
            return approval

        return await self._database.run(work)

    async def decide(self, approval_id: str, before: ApprovalStatus, decision: Decision) -> bool:
        """Write down what became of one, if its status is ``before``; say whether it was."""
        values: dict[str, Any] = {
            "status": decision.status.value,
            "decided_by": decision.by,
            "message_id": decision.message_id,
            "error": decision.error,
        }
        if decision.status not in OPEN:
            values["message"] = None
        is_as_before = (approvals.c.id == approval_id) & (approvals.c.status == before.value)
        statement = update(approvals).where(is_as_before).values(**values)
        return await self._database.run(lambda connection: connection.execute(statement).rowcount == 1)

    async def get(self, approval_id: str) -> Approval | None:
        """Return one with its message."""
        query = select(approvals).where(approvals.c.id == approval_id)
        row = await self._database.run(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else _from_row(row)

    async def open(self) -> list[Approval]:
        """Return those that wait or are to be sent, oldest first, without their messages."""
        query = select(*_SHOWN).where(approvals.c.status.in_(_OPEN)).order_by(approvals.c.created_at, approvals.c.id)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [_from_row(row) for row in rows]

    async def recent(self, wanted: ApprovalFilter, *, limit: int) -> list[Approval]:
        """Return the newest, newest first, without their messages."""
        query = select(*_SHOWN).order_by(approvals.c.created_at.desc(), approvals.c.id.desc()).limit(limit)
        if wanted.sessions is not None:
            query = query.where(approvals.c.session.in_(wanted.sessions))
        if wanted.asker is not None:
            query = query.where(approvals.c.asker == wanted.asker)
        if wanted.status is not None:
            query = query.where(approvals.c.status == wanted.status.value)
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        return [_from_row(row) for row in rows]

    async def prune(self, before: datetime) -> None:
        """Forget those that were asked for before that time and have ended."""
        statement = delete(approvals).where(approvals.c.created_at < before, approvals.c.status.not_in(_OPEN))
        await self._database.run(lambda connection: connection.execute(statement))


def _to_row(approval: Approval) -> dict[str, Any]:
    message, asked = approval.asked.message, approval.asked
    assert message is not None
    content = {"content": dict(message.content), "converts": message.converts}
    content["file"] = None if message.file is None else asdict(message.file)
    file_bytes = 0 if message.file is None else len(message.file.data or "")
    return {
        "id": approval.id,
        "session_id": approval.session_id,
        "session": approval.session,
        "asker": approval.asker.mark,
        "asked_by": approval.asker.name,
        "key": asked.key,
        "fingerprint": asked.fingerprint,
        "token": asked.token,
        "message": content,
        "size_bytes": len(approval.text) + file_bytes,
        "chat_id": approval.chat_id,
        "kind": approval.kind.value,
        "text": approval.text,
        "status": approval.status.value,
        "created_at": approval.created_at,
        "expires_at": approval.expires_at,
    }


def _from_row(row: Row[Any]) -> Approval:
    kind, found = MessageKind(row.kind), getattr(row, "message", None)
    message = None
    if found is not None:
        file = None if found["file"] is None else FileSource(**found["file"])
        message = OutgoingMessage(kind, found["content"], file, found["converts"])
    return Approval(
        id=row.id,
        session_id=row.session_id,
        session=row.session,
        asker=Asker(row.asker, row.asked_by),
        asked=Asked(message, row.fingerprint, row.key, row.token),
        chat_id=row.chat_id,
        kind=kind,
        text=row.text,
        created_at=row.created_at,
        expires_at=row.expires_at,
        decision=Decision(ApprovalStatus(row.status), row.decided_by, row.message_id, row.error),
    )
