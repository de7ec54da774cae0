"""Run by alembic: applies the migrations within the transaction of `app.storage.schema`."""

from alembic import context

from app.storage.tables import metadata

# SQLite can roll back changes of the schema; alembic assumes that it cannot.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
