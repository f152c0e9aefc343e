"""schemathesis on the OpenAPI description that the project ships: no 500, nothing of a server not asked for.

Bounded in time; the seed is printed, and SEED= repeats a run.
"""

import os
import random
import subprocess
import sys
from collections import Counter

from api import API
from checks import check, equal, part
from daemon import SCRATCH, pitr
from world import LOCATION, PASSWORD, USER

SECONDS = os.environ.get("FUZZ_SECONDS", "60")
DESCRIPTION = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/openapi.yaml")
VAULT_WORDS = ["canary-tag-7b31", "canary-rule-7b31", "canary-database-7b31", "Canary-Secret-7b31"]
"""What only the other server has; in an answer about anything else it is a leak. The last one is its password."""


def prepare(api):
    for group, name, password in (("fuzz-rg", "fuzz-server", PASSWORD), ("vault-rg", "vault", VAULT_WORDS[3])):
        pitr("create", "-g", group, "-n", name, "-l", LOCATION, "--admin-user", USER, "--admin-password", password,
             "--tier", "GeneralPurpose", "--sku-name", "Standard_D2ds_v5")
    pitr("update", "-g", "vault-rg", "-n", "vault", "--tags", f"secret={VAULT_WORDS[0]}")
    pitr("firewall-rule", "create", "-g", "vault-rg", "-s", "vault", "-n", VAULT_WORDS[1], "--start-ip-address",
         "127.0.0.1")
    pitr("db", "create", "-g", "vault-rg", "-s", "vault", "-n", VAULT_WORDS[2])


def attack(api, seed, log, leaks, answers):
    """One run of schemathesis; its status."""
    print(f"# schemathesis, {SECONDS} s, SEED={seed}", flush=True)
    with open(log, "a") as file:
        return subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "schemathesis"), "run", DESCRIPTION, "--url", api.address,
             "--tls-verify", api.environment["REQUESTS_CA_BUNDLE"], "--header", f"Authorization: Bearer {api.token}",
             "--checks", "not_a_server_error,nothing_of_another", "--phases", "examples,coverage,fuzzing",
             "--max-time", SECONDS, "--seed", str(seed), "--workers", "2", "--no-shrink", "--continue-on-failure",
             "--request-timeout", "60", "--suppress-health-check", "all", "--warnings", "off"],
            stdout=file, stderr=file, timeout=int(SECONDS) * 3 + 60, cwd=SCRATCH,
            env={**os.environ, "SCHEMATHESIS_HOOKS": "fuzz_hooks", "PITR_SUBSCRIPTION": api.subscription.split("/")[-1],
                 "PITR_VAULT_WORDS": ",".join(VAULT_WORDS), "PYTHONPATH": os.path.dirname(os.path.abspath(__file__)),
                 "PITR_LEAKS": leaks, "PITR_ANSWERS": answers, "NO_COLOR": "1"}).returncode


def fuzz(api):
    """How many requests there are in a minute, and of what kind, is the machine's and chance's: it goes on with
    other seeds until enough of them have met the server that is there. What one run found stays found."""
    seed = int(os.environ.get("SEED") or random.randrange(10**9))
    log = os.path.join(SCRATCH, "fuzz.log")
    leaks, answers = os.path.join(SCRATCH, "leaks"), os.path.join(SCRATCH, "answers")
    for again in range(4):
        status = attack(api, seed + again, log, leaks, answers)
        counted = Counter(open(answers).read().split("\n"))
        if status != 0 or sum(counted.values()) > 300 and counted["200 there"] > 10 and counted["202 there"] > 0:
            break
    with open(log) as file:
        summary = file.read()[-3500:]
    print("# answers: " + ", ".join(f"{count} × {what}" for what, count in counted.most_common() if what), flush=True)
    check("schemathesis had some hundred answers", sum(counted.values()) > 300, "> 300", summary)
    check("many of them from the server that is there", counted["200 there"] > 10 and counted["202 there"] > 0,
          "200 and 202", dict(counted))
    check("no answer was a server error, none had another server's data",
          status == 0 and not os.path.exists(leaks), "status 0", summary)
    equal("the daemon is alive", api.daemon.process.poll(), None)
    _, left = api.get("resourceGroups/vault-rg/providers/Microsoft.DBforPostgreSQL/flexibleServers")
    equal("and the other server is as it was", [(item["name"], item["tags"]) for item in left["value"]],
          [("vault", {"secret": VAULT_WORDS[0]})])
    served = open(api.daemon.log).read()
    check("no password stands in the daemon's log", not any(word in served for word in (PASSWORD, VAULT_WORDS[3])))


def main():
    api = part("fuzz", API)
    if api is None:
        return 1
    try:
        part("fuzz: prepare", prepare, api)
        part("fuzz: schemathesis", fuzz, api)
    finally:
        api.daemon.stop()
    return 0


sys.exit(main())
