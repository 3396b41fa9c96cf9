"""What became of messages"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.add_column(sa.Column("message_token", sa.String(length=128), nullable=True))
        batch_op.create_index("ix_events_session_id_message_token", ["session_id", "message_token"], unique=False)
    with op.batch_alter_table("sends", schema=None) as batch_op:
        batch_op.add_column(sa.Column("begun_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("sent_at", sa.BigInteger(), nullable=True))
        batch_op.create_index("ix_sends_session_id_token", ["session_id", "token"], unique=False)
