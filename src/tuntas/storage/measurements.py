"""What was measured, in the database: three buckets for each sample, and nothing older than a month."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, and_, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from tuntas.measurements import Bucket, Curve, Sample, Series, Span
from tuntas.storage.database import Database
from tuntas.storage.tables import measurements


class SqlMeasurementStore:
    """Implements ``tuntas.measurements.MeasurementStore``."""

    def __init__(self, database: Database) -> None:
        """Keep measurements in ``database``."""
        self._database = database

    async def add(self, at: datetime, samples: Sequence[Sample], sessions: Collection[str]) -> None:
        """Add each sample to the bucket of each span, in one transaction."""
        rows = [
            {
                "series": one.series.value,
                "session": one.session,
                "step_seconds": _seconds(span.step),
                "at": span.bucket(at),
                "total": one.total,
                "samples": one.count,
            }
            for one in samples
            for span in Span
        ]
        old = or_(
            *(
                and_(measurements.c.step_seconds == _seconds(span.step), measurements.c.at < at - span.length)
                for span in Span
            ),
            measurements.c.session.not_in({"", *sessions}),
        )

        def work(connection: Connection) -> None:
            connection.execute(delete(measurements).where(old))
            if rows:
                _put(connection, rows)

        await self._database.run(work)

    async def read(self, span: Span, now: datetime) -> Mapping[tuple[Series, str], Curve]:
        """Read the buckets of one span."""
        query = (
            select(measurements)
            .where(measurements.c.step_seconds == _seconds(span.step), measurements.c.at > now - span.length)
            .order_by(measurements.c.at)
        )
        found: defaultdict[tuple[Series, str], list[Bucket]] = defaultdict(list)
        for row in await self._database.run(lambda connection: connection.execute(query).all()):
            found[Series(row.series), row.session].append(Bucket(row.at, row.total, row.samples))
        return found


def _put(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    put = dialect.insert(measurements)
    added = {name: measurements.c[name] + put.excluded[name] for name in ("total", "samples")}
    keys = ["series", "session", "step_seconds", "at"]
    connection.execute(put.on_conflict_do_update(index_elements=keys, set_=added), rows)


def _seconds(step: timedelta) -> int:
    return int(step.total_seconds())
