"""The daemon as a user runs it: `pitr serve`, and the environment that `pitr azure env` gives a shell."""

import contextlib
import os
import random
import signal
import socket
import subprocess
import time

PITR = os.path.join(os.environ["BIN"], "pitr")
HOME = os.environ["PITR_HOME"]
SCRATCH = os.environ["PITR_AZ_SCRATCH"]


def pitr(*arguments, check=True, timeout=180):
    done = subprocess.run([PITR, *arguments], capture_output=True, text=True, timeout=timeout)
    if check and done.returncode != 0:
        raise RuntimeError(f"pitr {' '.join(arguments)}: status {done.returncode}\n{done.stderr}")
    return done


def free_port():
    """One that no connection gets for its own end: those begin at 32768, and would have it while nobody listens."""
    while True:
        port = random.randrange(20000, 30000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


class Daemon:
    def __init__(self, port=None):
        self.port = port or free_port()
        self.process = None
        self.log = os.path.join(SCRATCH, "serve.log")

    def start(self):
        with open(self.log, "a") as log:
            self.process = subprocess.Popen(
                [PITR, "serve", "--port", str(self.port)], stdout=log, stderr=log, start_new_session=True)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("pitr serve does not listen:\n" + open(self.log).read()[-3000:])

    def stop(self):
        """As a service manager ends it; the answer is the exit status."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self):
        """As a power cut or the kernel ends it: nothing can be tidied up."""
        self.process.kill()
        return self.process.wait(timeout=30)


def shell_environment():
    """The variables after `eval "$(pitr azure env)"` in a shell, and what the command wrote there."""
    script = 'set -e; words=$("$1" azure env); printf "%s\\0" "$words"; eval "$words"; env -0'
    done = subprocess.run(["bash", "-c", script, "bash", PITR], capture_output=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError("pitr azure env: " + done.stderr.decode())
    words, *variables = done.stdout.decode().split("\0")
    return words, dict(item.split("=", 1) for item in variables if "=" in item)
