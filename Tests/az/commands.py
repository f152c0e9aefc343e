"""Runs the unmodified az, and keeps what it printed."""

import json
import os
import subprocess
import time

AZ = os.environ["PITR_AZ"]


class Answer:
    def __init__(self, words, status, out, err, seconds):
        self.words, self.status, self.out, self.err, self.seconds = words, status, out, err, seconds

    @property
    def data(self):
        return json.loads(self.out) if self.out.strip() else None

    def __str__(self):
        return f"az {' '.join(self.words)}: status {self.status}, {self.seconds:.1f} s\n{self.out}{self.err}"


class Unexpected(Exception):
    pass


class Az:
    """az in an environment; what it does not do as expected is an exception that shows its answer."""

    def __init__(self, environment, group=None):
        self.environment, self.group = environment, group

    def start(self, *words):
        return subprocess.Popen(
            [AZ, *words], env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)

    def __call__(self, *words, status=0, timeout=240):
        began = time.monotonic()
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Unexpected(f"az {' '.join(words)}: no end after {timeout} s\n{out}{err}") from None
        answer = Answer(words, process.returncode, out, err, time.monotonic() - began)
        if status is not None and answer.status != status:
            raise Unexpected(f"expected status {status}; {answer}")
        return answer

    def server(self, *words, **options):
        """`az postgres flexible-server …` in the group."""
        verb = [] if self.group is None else ["--resource-group", self.group]
        return self("postgres", "flexible-server", *words, *verb, **options)
