"""A table of numbered rows, each with a time before and after its commit: what a copy has to hold at an instant."""

import subprocess
import threading
import time
from datetime import datetime, timedelta, timezone


def psql(url, sql, check=True):
    """What PostgreSQL answers, unaligned, without headings."""
    done = subprocess.run(
        ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", url, "-c", sql], capture_output=True, text=True, timeout=60)
    if check and done.returncode != 0:
        raise RuntimeError(f"psql: {done.stderr.strip()}")
    return done.stdout.strip() if check else done


class Ledger:
    """Rows that were committed, in order, as (number, before, after); the commit lies between the two times."""

    def __init__(self, url):
        self.url = url
        self.rows = []
        self._stop = threading.Event()
        self._thread = None
        psql(url, "CREATE TABLE ledger (number int PRIMARY KEY, before timestamptz NOT NULL)")

    def write(self, seconds):
        """Writes rows, some twenty a second, for so long."""
        self._run(time.monotonic() + seconds)

    def start(self):
        """Writes rows until `stop`."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, args=(float("inf"),))
        self._thread.start()

    def stop(self):
        self._stop.set()
        self._thread.join()

    def _run(self, until):
        session = subprocess.Popen(
            ["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", self.url], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, env={**__import__("os").environ, "PGTZ": "UTC"})
        try:
            while time.monotonic() < until and not self._stop.is_set():
                number = len(self.rows) + 1
                session.stdin.write(
                    f"INSERT INTO ledger VALUES ({number}, clock_timestamp()) RETURNING before;\n"
                    "SELECT clock_timestamp();\n")
                session.stdin.flush()
                before, after = (self._time(session.stdout.readline()) for _ in range(2))
                self.rows.append((number, before, after))
                time.sleep(0.05)
        finally:
            self._stop.clear()
            session.stdin.close()
            session.wait(timeout=30)

    @staticmethod
    def _time(text):
        return datetime.fromisoformat(text.strip().replace("+00", "+00:00"))

    def second(self):
        """A whole second with rows on both sides of it and none whose commit may be on either."""
        start = self.rows[len(self.rows) // 3][2]
        instant = start.replace(microsecond=0) + timedelta(seconds=1)
        while instant < self.rows[-1][1]:
            inside = [row for row in self.rows if row[2] <= instant]
            if inside and not self.unsure(instant):
                return instant
            instant += timedelta(seconds=1)
        raise RuntimeError("no whole second stands between two rows; write more")

    def unsure(self, instant):
        """Rows whose commit may have been before or after the instant."""
        return {number for number, before, after in self.rows if before <= instant < after}

    def inside(self, instant):
        return {number for number, before, after in self.rows if after <= instant}

    def differs(self, url, instant):
        """Nil if the copy holds exactly the rows committed up to and including the instant; otherwise how not."""
        held = {int(line) for line in psql(url, "SELECT number FROM ledger").split()}
        certain = self.inside(instant)
        missing, extra = certain - held, held - certain - self.unsure(instant)
        if not missing and not extra:
            return None
        return f"at {instant.isoformat()} of {len(self.rows)} rows: {len(missing)} missing {sorted(missing)[:5]}, " \
               f"{len(extra)} too many {sorted(extra)[:5]}"


def now():
    return datetime.now(timezone.utc)


def word(instant):
    """The instant as az takes it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S+00:00")
