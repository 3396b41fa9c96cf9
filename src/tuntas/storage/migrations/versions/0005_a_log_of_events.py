"""A log of events"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("session_id", sa.String(length=26), nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_events_event_id")),
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_created_at"), ["created_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_session_sequence"), ["session", "sequence"], unique=False)
    # What is on its way keeps its event; a lane begins with the session's id.
    op.execute(
        """
        INSERT INTO events (event_id, session_id, session, event, body, created_at)
        SELECT event_id, substr(min(lane), 1, 26), min(session), min(event), min(body), min(created_at)
        FROM deliveries GROUP BY event_id ORDER BY min(sequence)
        """
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        for column in ("session", "event", "body", "created_at"):
            batch_op.drop_column(column)
