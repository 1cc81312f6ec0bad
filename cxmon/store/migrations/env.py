"""Alembic runs this file; `cxmon.store.migrate` hands it a connection whose transaction is already open."""

from alembic import context

context.configure(connection=context.config.attributes["connection"], transactional_ddl=True)
context.run_migrations()
