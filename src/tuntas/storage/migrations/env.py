"""Run by Alembic: migrates over the connection that ``Database`` hands in, inside its transaction."""

from alembic import context

from tuntas.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
