"""Restores: each copy's rows are compared with the ledger."""

import json
import time
from datetime import datetime

from checks import check, contains, equal
from daemon import pitr
from ledger import now, word
from world import GROUP, LOCATION, PAIR, PASSWORD

NEW_PASSWORD = "Open-Sesame-2"


def same_rows(w, what, name, instant, password=None):
    differs = w.ledger.differs(w.url(name, password), instant)
    inside = len(w.ledger.inside(instant))
    check(f"{what}: exactly the {inside} rows of {len(w.ledger.rows)}", differs is None, "the ledger", differs)


def requested(name):
    """The instant that the restore was asked for, as the copy's evidence has it."""
    shown = json.loads(pitr("show", "-g", GROUP, "-n", name, "-o", "json").stdout)
    return datetime.fromisoformat(shown["local"]["evidence"]["effectiveTimeUtc"].replace("Z", "+00:00"))


def at_a_second(w):
    """--restore-time with whole seconds; the password of that time; no rule is inherited."""
    instant = w.ledger.second()
    w.az.server("update", "--name", "orders", "--admin-password", NEW_PASSWORD, "--yes")
    w.password = NEW_PASSWORD
    w.ledger.url = w.url("orders")
    check("update --admin-password: the new one is let in", w.refused(w.url("orders")) is None)
    contains("and the old one is not", w.refused(w.url("orders", PASSWORD)) or "let in",
             "password authentication failed")
    made = w.az("postgres", "flexible-server", "restore", "--resource-group", GROUP, "--name", "orders-at",
                "--source-server", "orders", "--restore-time", word(instant)).data
    equal("restore --restore-time: a Ready server of the same kind",
          (made["name"], made["state"], made["location"], made["sku"]["name"], made["version"], made["tags"]),
          ("orders-at", "Ready", LOCATION, "Standard_B1ms", "15", {"env": "prod"}))
    equal("a copy has no firewall rules", w.az.server("firewall-rule", "list", "--server-name", "orders-at").data, [])
    check("and nobody is let in", w.refused(w.url("orders-at", PASSWORD)) is not None)
    w.admit("orders-at")
    same_rows(w, "restore --restore-time, with the password of that time", "orders-at", instant, PASSWORD)


def latest(w):
    """Without --restore-time az sends its own clock in whole seconds, while rows are being written."""
    w.ledger.start()
    try:
        time.sleep(1.2)
        began = now()
        made = w.az("postgres", "flexible-server", "restore", "--resource-group", GROUP, "--name", "orders-latest",
                    "--source-server", "orders").data
        ended = now()
    finally:
        w.ledger.stop()
    equal("restore without a time: Ready", made["state"], "Ready")
    instant = requested("orders-latest")
    check("the moment is az's clock, in whole seconds",
          instant.microsecond == 0 and -1 < (instant - began).total_seconds() and instant < ended,
          (began, ended), instant)
    check("rows were written before it and after it", w.ledger.inside(instant)
          and w.ledger.rows[-1][1] > instant, "both", instant)
    w.admit("orders-latest")
    same_rows(w, "restore without a time", "orders-latest", instant)


def without_waiting(w):
    """--no-wait, wait --custom, and the listing that finds the copies."""
    instant = w.ledger.second()
    began = time.monotonic()
    answer = w.az.server("restore", "--name", "orders-nowait", "--source-server", "orders", "--restore-time",
                         word(instant), "--no-wait")
    check("restore --no-wait prints nothing and comes back", answer.out.strip() == "", "nothing", answer.out)
    state = w.server("orders-nowait")["state"]
    check("the copy is there at once", state in ("Provisioning", "Ready"), "Provisioning", state)
    w.az.server("wait", "--name", "orders-nowait", "--custom", "state=='Ready'", "--interval", "1", "--timeout", "120")
    check("wait --custom \"state=='Ready'\" ends", w.server("orders-nowait")["state"] == "Ready",
          "Ready", f"{time.monotonic() - began:.0f} s")
    w.admit("orders-nowait")
    same_rows(w, "restore --no-wait", "orders-nowait", instant, PASSWORD)
    log = w.az("monitor", "activity-log", "list", "--resource-group", GROUP, "--query",
               "[?ends_with(resourceId, 'orders-nowait')].[operationName.value, status.value]", "-o", "json").data
    check("the activity log has the restore, from start to success",
          ["Microsoft.DBforPostgreSQL/flexibleServers/write", "Succeeded"] in log, "… write, Succeeded", log)


def refusals(w):
    """What cannot be done says so, in Azure's words where it has some."""
    missing = w.az.server("restore", "--name", "other", "--source-server", "nothere", status=1)
    contains("a source that is not there (az makes status 1 of it)", missing.err, "(ResourceNotFound)",
             "'Microsoft.DBforPostgreSQL/flexibleServers/nothere' under resource group 'shop-rg' was not found")
    early = w.az.server("restore", "--name", "other", "--source-server", "orders", "--restore-time",
                        "2020-01-01T00:00:00+00:00", status=1)
    contains("a time before the earliest restore point says the bounds", early.err, "RestoreTimeTooEarly",
             "2020-01-01T00:00:00", "before the earliest restore point", "/from 20\\d\\d-\\d\\d-/")
    taken = w.az.server("restore", "--name", "orders-at", "--source-server", "orders", status=1)
    contains("a name that is taken", taken.err, "Specified server name is already used.")
    below = w.az.server("restore", "--name", "other", "--source-server", "general", "--tier", "Burstable",
                        status=None)
    check("a tier below the source's is refused", below.status != 0, "not 0", below)
    gone = w.az.server("show", "--name", "other", status=3)
    contains("nothing half made stays behind", gone.err, "(ResourceNotFound)")


def geo(w):
    """A copy in the paired location, which is brought up to date first."""
    instant = w.general.second()
    made = w.az.server("geo-restore", "--name", "general-geo", "--source-server", "general", "--location", PAIR,
                       "--yes").data
    equal("geo-restore: Ready in the paired location", (made["state"], made["location"]), ("Ready", PAIR))
    w.admit("general-geo")
    at = requested("general-geo")
    check("of a moment not before the rows", at >= instant, instant, at)
    differs = w.general.differs(w.url("general-geo", PASSWORD), at)
    check("geo-restore: exactly the rows of that moment", differs is None, "the ledger", differs)


def revive(w):
    """A deleted server comes back as it was at its end."""
    ident = w.server("orders-latest")["id"]
    instant = requested("orders-latest")
    w.az.server("delete", "--name", "orders-latest", "--yes")
    contains("a deleted server is not found", w.az.server("show", "--name", "orders-latest", status=3).err,
             "(ResourceNotFound)")
    made = w.az.server("revive-dropped", "--name", "orders-back", "--source-server", ident, "--location",
                       LOCATION).data
    equal("revive-dropped: Ready, with its tags", (made["state"], made["tags"]), ("Ready", {"env": "prod"}))
    w.admit("orders-back")
    same_rows(w, "revive-dropped", "orders-back", instant)
