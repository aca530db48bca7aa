"""What survives a restart: models with all that belongs to them, segments and scores, in SQLite.

One process writes (a lock on the folder sees to it), each write is one BEGIN IMMEDIATE, and WAL
keeps what was committed through a kill -9. Models are also held in memory: ML List never waits
for the disk.
"""

import fcntl
import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from sandbox.clock import Clock
from sandbox.errors import SettingsError
from sandbox.models import Model

OF_MODELS = ("models", "summaries", "predictions", "scores")
"""Tables whose keys are model ids."""
TABLES = (*OF_MODELS, "profile_scores", "segments", "clock")
TABLE = "CREATE TABLE IF NOT EXISTS {} (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;"
BUSY_TIMEOUT_S = 5.0


class Store:
    """The models of all accounts, in the order in which they were created, and the clock."""

    def __init__(self, folder: Path | None) -> None:
        """Open the store.

        Args:
            folder: made if missing; None keeps everything in memory.

        Raises:
            SettingsError: another sandbox works on the folder, or it can't be written.
        """
        self._lock = _lock_folder(folder) if folder else None
        place = folder / "sandbox.db" if folder else ":memory:"
        self._db = sqlite3.connect(
            place, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript("".join(TABLE.format(name) for name in TABLES))
        rows = self._db.execute("SELECT record FROM models ORDER BY rowid")
        self.models = {model.id: model for model in (_read_model(row[0]) for row in rows)}
        self.versions: dict[str, int] = {}
        self.clock = Clock(**self.kept_all("clock").get("clock", {}))

    def close(self) -> None:
        """Close the database and release the folder."""
        self._db.close()
        if self._lock:
            self._lock.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def save(
        self,
        model: Model,
        summary: dict[str, Any] | None = None,
        predictions: dict[str, Any] | None = None,
        scores: str | None = None,
    ) -> None:
        """Store a model, with what its build came to, in one transaction."""
        packed = {"packed": scores} if scores else None
        came_to = {"summaries": summary, "predictions": predictions, "scores": packed}
        with self._writing():
            self._put("models", model.id, model.as_record())
            for table, record in came_to.items():
                if record is not None:
                    self._put(table, model.id, record)
        self.models[model.id] = model
        self.versions[model.id] = self.versions.get(model.id, 0) + 1

    def _put(self, table: str, key: str, record: dict[str, Any]) -> None:
        self._db.execute(
            f"INSERT INTO {table} VALUES (?, ?)"  # noqa: S608 - the names are ours
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            (key, json.dumps(record)),
        )

    def delete(self, model_id: str) -> None:
        """Forget a model and all that belongs to it."""
        with self._writing():
            for table in OF_MODELS:
                self._db.execute(
                    f"DELETE FROM {table} WHERE id = ?",  # noqa: S608 - the names are ours
                    (model_id,),
                )
        self.models.pop(model_id, None)
        # Kept: a model that comes back under its id mustn't be taken for the one before.
        self.versions[model_id] = self.versions.get(model_id, 0) + 1

    def clear(self) -> None:
        """Forget all models of all accounts."""
        for model_id in list(self.models):
            self.delete(model_id)

    def summary(self, model_id: str) -> dict[str, Any] | None:
        """Return a model's summary in the sandbox's own words; None before it is built."""
        return self._get("summaries", model_id)

    def predictions(self, model_id: str) -> dict[str, Any] | None:
        """Return a trained model's held-out users; None if it wasn't trained."""
        return self._get("predictions", model_id)

    def scores(self, model_id: str) -> str:
        """Return a trained model's scores of its source's users, packed; empty if not trained."""
        kept = self._get("scores", model_id)
        return str(kept["packed"]) if kept else ""

    def move_clock(self, moved_ns: int) -> None:
        """Set how far the sandbox's clock is ahead of the machine's, in nanoseconds."""
        self.clock.moved_ns = moved_ns
        self.keep("clock", "clock", {"moved_ns": moved_ns})

    def keep(self, table: str, key: str, record: dict[str, Any]) -> None:
        """Store what belongs to no model, under a key of its own."""
        with self._writing():
            self._put(table, key, record)

    def drop(self, table: str, key: str) -> None:
        """Forget what was kept under a key."""
        with self._writing():
            self._db.execute(f"DELETE FROM {table} WHERE id = ?", (key,))  # noqa: S608 - the names are ours

    def kept_all(self, table: str) -> dict[str, dict[str, Any]]:
        """Return all that a table keeps, by key, in the order in which it was first kept."""
        rows = self._db.execute(f"SELECT id, record FROM {table} ORDER BY rowid")  # noqa: S608 - the names are ours
        return {key: json.loads(record) for key, record in rows}

    def _get(self, table: str, key: str) -> dict[str, Any] | None:
        query = f"SELECT record FROM {table} WHERE id = ?"  # noqa: S608 - the names are ours
        row = self._db.execute(query, (key,)).fetchone()
        record: dict[str, Any] | None = json.loads(row[0]) if row else None
        return record

    def of_account(self, aid: int) -> list[Model]:
        """Return an account's models, oldest first."""
        return [model for model in self.models.values() if model.aid == aid]

    def live_count(self, aid: int) -> int:
        """Return how many models of an account are live."""
        return sum(model.is_active for model in self.models.values() if model.aid == aid)


def _read_model(text: str) -> Model:
    return Model.from_record(json.loads(text))


def _lock_folder(folder: Path) -> IO[str]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as problem:
        message = f"Can't write to the data folder {folder}: {problem}. Choose another --data."
        raise SettingsError(message) from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        lock.close()
        message = f"Another sandbox works on {folder}. Stop it, or choose another --data."
        raise SettingsError(message) from problem
    return lock
