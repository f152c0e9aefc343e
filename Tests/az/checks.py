"""What every part of the proof shares: numbered checks whose count survives the program that made them."""

import json
import os
import re
import traceback

COUNTS = os.environ["PITR_AZ_COUNTS"]


def counts():
    """Passed, failed and skipped so far, over all programs of this run."""
    try:
        with open(COUNTS) as file:
            return json.load(file)
    except FileNotFoundError:
        return {"passed": 0, "failed": 0, "skipped": 0}


def _count(kind):
    now = counts()
    now[kind] += 1
    with open(COUNTS, "w") as file:
        json.dump(now, file)
    return sum(now.values())


def check(what, holds, expected=None, seen=None):
    """One line for a fact; where it does not hold, also what was expected and seen."""
    number = _count("passed" if holds else "failed")
    print(f"{'ok' if holds else 'not ok'} {number} - {what}", flush=True)
    if not holds:
        for word, value in (("expected", expected), ("seen", seen)):
            if value is not None:
                print(f"    {word}: {str(value)[:2000]}", flush=True)
    return bool(holds)


def equal(what, seen, expected):
    return check(what, seen == expected, repr(expected), repr(seen))


def contains(what, text, *words):
    """Every word stands in the text; words that look like /…/ are patterns."""
    missing = []
    for word in words:
        pattern = word[1:-1] if word.startswith("/") and word.endswith("/") else re.escape(word)
        if not re.search(pattern, text):
            missing.append(word)
    return check(what, not missing, "… ".join(missing), text)


def skip(what, why):
    print(f"ok {_count('skipped')} - {what} # SKIP {why}", flush=True)


def part(name, body, *arguments):
    """Runs a part of the proof; one that breaks off has failed, and the next part is still run."""
    print(f"# {name}", flush=True)
    try:
        return body(*arguments)
    except Exception:  # noqa: BLE001 - whatever went wrong is the finding
        check(f"{name}: runs to its end", False, "no exception", traceback.format_exc(limit=-2))
        return None
