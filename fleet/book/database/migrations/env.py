"""EDGE. What Alembic runs: each step in the transaction that `open_book` has begun."""

from alembic import context

from fleet.book.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transactional_ddl=False,
)
context.run_migrations()
