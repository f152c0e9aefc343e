"""Many restores at once, and a daemon that is killed in the middle of them."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor

from checks import check, equal
from daemon import pitr
from ledger import word
from world import GROUP, PASSWORD

MANY = int(os.environ.get("MANY", "20"))


def states(w, names):
    listed = json.loads(pitr("list", "-g", GROUP, "-o", "json").stdout)
    found = {item["name"]: item["state"] for item in listed}
    return {name: found.get(name) for name in names}


def crowd(w):
    """Twenty restores requested at once; kill -9 of the daemon in the middle; nothing is lost."""
    instant = w.ledger.second()
    names = [f"crowd-{number:02}" for number in range(1, MANY + 1)]

    def request(name):
        return w.az.server("restore", "--name", name, "--source-server", "orders", "--restore-time", word(instant),
                           "--no-wait", status=None)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(request, names))
    wrong = [str(answer) for answer in answers if answer.status != 0]
    equal(f"{MANY} restores are requested at once and accepted", wrong, [])
    before = states(w, names)
    ready = sum(state == "Ready" for state in before.values())
    w.daemon.kill()
    check(f"the daemon is killed while {MANY - ready} of them are not done", ready < MANY, f"< {MANY}", before)
    check("all of them are known without it", all(before.values()), "a state each", before)
    time.sleep(1)
    w.daemon.start()
    until = time.monotonic() + 300
    while time.monotonic() < until:
        now = states(w, names)
        if all(state == "Ready" for state in now.values()):
            break
        time.sleep(1)
    equal("after a new start every one becomes Ready", [name for name in names if now[name] != "Ready"], [])
    listed = w.az.server("list", "--query", "[?starts_with(name, 'crowd-')].[name, state]").data
    equal("az sees the same", sorted(listed), [[name, "Ready"] for name in names])

    def compare(name):
        pitr("firewall-rule", "create", "-g", GROUP, "-s", name, "-n", "here", "--start-ip-address", "127.0.0.1")
        host = json.loads(pitr("show", "-g", GROUP, "-n", name, "-o", "json").stdout)["fullyQualifiedDomainName"]
        return w.ledger.differs(f"postgresql://shopkeeper:{PASSWORD}@{host}/postgres?sslmode=require", instant)

    with ThreadPoolExecutor(2) as pool:
        differences = [text for text in pool.map(compare, names) if text]
    equal(f"all {MANY} copies hold exactly the {len(w.ledger.inside(instant))} rows of that second", differences, [])
    log = w.az("monitor", "activity-log", "list", "--resource-group", GROUP, "--max-events", "400", "--query",
               "[?status.value=='Succeeded' && contains(resourceId, 'crowd-')].resourceId", "-o", "json").data
    equal("the activity log has a success of each", len({item.lower() for item in log}), MANY)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: pitr("delete", "-g", GROUP, "-n", name, "--yes"), names))


def graceful(w):
    """A daemon that is told to end does so with status 0, and PostgreSQL goes on without it."""
    url = w.url("orders")
    began = time.monotonic()
    equal("SIGTERM ends the daemon with status 0", w.daemon.stop(), 0)
    check("within a few seconds", time.monotonic() - began < 20, "< 20 s", time.monotonic() - began)
    check("PostgreSQL goes on without the daemon", w.refused(url) is None)
    down = w.az.server("show", "--name", "orders", status=1)
    check("az says that nobody answers", "Connection" in down.err or "connect" in down.err, "connection refused", down)
    w.daemon.start()
    equal("after a new start no new set-up is needed", w.server("orders")["state"], "Ready")


