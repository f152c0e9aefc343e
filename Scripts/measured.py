"""What the measuring scripts share: a run of a program that is watched, and how they say what they do."""
import contextlib
import pathlib
import subprocess
import sys
import threading
import time


def say(words):
    print(f"{time.strftime('%H:%M:%S')}  {words}", file=sys.stderr, flush=True)


class Watched:
    """One run of a program: its time, its output, and the peak memory of its own process in KiB."""

    def __init__(self, *command, env=None, may_differ=False):
        begun = time.monotonic()
        self.memory = 0
        process = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        watcher = threading.Thread(target=self.watch, args=(process.pid,))
        watcher.start()
        self.output = process.communicate()[0]
        self.seconds = time.monotonic() - begun
        watcher.join()
        if process.returncode != 0 and not (may_differ and process.returncode == 1):
            raise SystemExit(f"{' '.join(command)} ended with status {process.returncode}")

    def watch(self, pid):
        # A process that has ended has no such file, or one without the line.
        with contextlib.suppress(OSError, StopIteration):
            while True:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
                self.memory = int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])
                time.sleep(0.02)
