"""Runs the commands of docs/guide/azure-cli.md in one shell, and looks for the lines that the page shows.

Blocks fenced as `sh` are commands, a block fenced as `text` after one is what to expect, `…` stands for anything.
"""

import os
import re
import signal
import subprocess
import sys

from checks import check, part
from daemon import SCRATCH

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/guide/azure-cli.md")
MARK = "\x1e"


def steps(markdown):
    """(line, commands, expected lines) of each `sh` block."""
    found, block, kind = [], None, None
    for number, line in enumerate(markdown.split("\n"), 1):
        if not line.startswith("```"):
            if block is not None:
                block.append(line)
        elif block is None:
            block, kind, start = [], line[3:], number + 1
        else:
            if kind == "sh":
                found.append((start, block, []))
            elif kind == "text":
                found[-1][2].extend(item for item in block if item.strip())
            block = None
    return found


def shows(line, wanted):
    pieces = [re.escape(" ".join(piece.split())) for piece in wanted.split("…")]
    return re.search(".*".join(piece for piece in pieces if piece), " ".join(line.split())) is not None


def guide():
    with open(PAGE) as file:
        page = steps(file.read())
    script = "set -euo pipefail\nexec 2>&1\n"
    for number, (_, commands, _) in enumerate(page):
        script += f"printf '\\036%d\\n' {number}\n" + "\n".join(commands) + "\n"
    environment = {**os.environ, "PITR_HOME": os.path.join(SCRATCH, "guide-home"), "PATH": os.pathsep.join([
        os.environ["BIN"], os.path.dirname(os.environ["PITR_AZ"]), os.environ["PATH"]])}
    work = os.path.join(SCRATCH, "guide")
    os.makedirs(work, exist_ok=True)
    shell = subprocess.Popen(["bash", "-c", script], cwd=work, env=environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        printed, _ = shell.communicate(timeout=600)
    finally:
        # A page that breaks off leaves what it started in the background.
        try:
            os.killpg(shell.pid, signal.SIGTERM)
        except ProcessLookupError:
            pass
        subprocess.run(["pitr", "stop", "--all"], env=environment, capture_output=True, timeout=60)
    outputs = {}
    for piece in printed.split(MARK)[1:]:
        number, _, text = piece.partition("\n")
        outputs[int(number)] = text
    reached = max(outputs, default=-1)
    check(f"the page's {len(page)} steps run to the end", shell.returncode == 0 and reached == len(page) - 1,
          "status 0", f"line {page[max(reached, 0)][0]}: status {shell.returncode}\n{outputs.get(reached)}")
    for number, (line, _, expected) in enumerate(page):
        rest, missing = outputs.get(number, "").split("\n"), None
        for wanted in expected:
            place = next((index for index, text in enumerate(rest) if shows(text, wanted)), None)
            if place is None:
                missing = wanted
                break
            rest = rest[place + 1:]
        if expected:
            check(f"line {line} prints what the page shows", missing is None, missing, outputs.get(number))


part("docs/guide/azure-cli.md", guide)
sys.exit(0)
