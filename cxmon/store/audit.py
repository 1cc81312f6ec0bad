"""The audit trail of signed-in people. It is only ever added to."""

import sqlalchemy as sa

from cxmon.model import Signed
from cxmon.store import codec, schema
from cxmon.store.engine import Database

# Signatures are documents by name among the catalogue's, whose own names hold no bar.
_PREFIX = "signed|"


class AuditStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    def put(self, signed: Signed) -> None:
        """Adds an act, or says how one came out that had begun."""
        t = schema.catalogue
        name = f"{_PREFIX}{signed.subject}|{signed.at.isoformat()}|{signed.act.name}|{signed.who}"
        with self._db.write() as conn:
            conn.execute(sa.delete(t).where(t.c.name == name))
            conn.execute(sa.insert(t).values(name=name, doc=codec.dump(signed)))

    def all(self, subject: str | None = None) -> list[Signed]:
        """Oldest first; about one change or incident, or about all."""
        t = schema.catalogue.c
        begins = _PREFIX if subject is None else f"{_PREFIX}{subject}|"
        with self._db.read() as conn:
            docs = conn.execute(sa.select(t.doc).where(t.name.startswith(begins, autoescape=True))).scalars().all()
        return sorted((codec.load(Signed, doc) for doc in docs), key=lambda s: (s.at, s.subject, s.act))
