"""Names without regard to case"""

import sqlalchemy as sa
import structlog
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

log = structlog.get_logger(__name__)


def upgrade() -> None:
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.add_column(sa.Column("folded_name", sa.String(length=64), nullable=True))
    _fill(op.get_bind())
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.alter_column("folded_name", existing_type=sa.String(length=64), nullable=False)
        batch_op.create_unique_constraint(batch_op.f("uq_sessions_folded_name"), ["folded_name"])


def _fill(connection: sa.Connection) -> None:
    """Give each session its folded name. Of those that clash one gets it, the others keep the name that they have.

    That one is the one that is written in small letters, else the oldest: no very name can then be a folded one.
    """
    sessions = sa.table("sessions", sa.column("name"), sa.column("folded_name"), sa.column("created_at"))
    owners: dict[str, str] = {}
    names = list(connection.execute(sa.select(sessions.c.name).order_by(sessions.c.created_at)).scalars())
    for name in sorted(names, key=lambda one: one != one.lower()):
        owner = owners.setdefault(name.lower(), name)
        if owner != name:
            advice = "both go on; before the data folder moves to a disk that is blind to case, delete one"
            log.warning("session_names_differ_only_in_case", names=[owner, name], advice=advice)
        value = name.lower() if owner == name else name
        connection.execute(sessions.update().where(sessions.c.name == name).values(folded_name=value))
