"""az of several ages against the daemon: what each of them needs to make, restore and remove a server."""

import json
import os
import shutil
import signal
import sys
import time

import commands
from checks import check, contains, equal, part
from commands import Az
from daemon import Daemon, pitr, shell_environment
from ledger import psql
from world import BURSTABLE, LOCATION, PAIR, PASSWORD, USER


KIND = "Microsoft.DBforPostgreSQL/flexibleServers"


class Age:
    """One az and the servers that it makes."""

    def __init__(self, version, program, environment):
        self.version = version
        self.tag = "v" + "".join(c for c in version if c.isdigit())
        commands.AZ = program
        # The options of firewall rules had other names before 2.86.
        self.is_old = tuple(map(int, version.split("."))) < (2, 86)
        self.az = Az(environment, "rg-" + self.tag)

    def url(self, name):
        host = self.az.server("show", "--name", name).data["fullyQualifiedDomainName"]
        return f"postgresql://{USER}:{PASSWORD}@{host}/postgres?sslmode=require"

    def admit(self, name):
        server, rule = ("--name", "--rule-name") if self.is_old else ("--server-name", "--name")
        self.az.server("firewall-rule", "create", server, name, rule, "here", "--start-ip-address", "127.0.0.1")

    def local(self, name):
        """What only pitr tells of a server."""
        return json.loads(pitr("show", "-g", self.az.group, "-n", name, "-o", "json").stdout)["local"]


def create(a):
    equal("the version is what was asked for", a.az("version", "-o", "json").data["azure-cli"], a.version)
    a.az("group", "create", "--name", a.az.group, "--location", LOCATION)
    a.az.server("create", "--name", a.tag, "--location", LOCATION, *BURSTABLE, "--version", "15",
                "--public-access", "127.0.0.1", "--admin-user", USER, "--admin-password", PASSWORD, "--yes")
    shown = a.az.server("show", "--name", a.tag).data
    equal("create", (shown["state"], shown["storage"].get("storageSizeGb"), shown["sku"]["name"]),
          ("Ready", 32, "Standard_B1ms"))
    psql(a.url(a.tag), "CREATE TABLE t AS SELECT generate_series(1, 700) AS x")
    # 2.60 prints something of its own in front of the JSON here.
    a.az.server("update", "--name", a.tag, "--backup-retention", "9")
    equal("update", a.az.server("show", "--name", a.tag).data["backup"]["backupRetentionDays"], 9)
    skus = a.az("postgres", "flexible-server", "list-skus", "--location", LOCATION).out
    check("list-skus", "Standard_B1ms" in skus, "Standard_B1ms", skus)
    equal("parameter set", a.az.server("parameter", "set", "--server-name", a.tag, "--name", "lock_timeout",
                                       "--value", "1500").data["value"], "1500")


def restore(a):
    made = a.az.server("restore", "--name", a.tag + "-copy", "--source-server", a.tag).data
    equal("restore", (made["name"], made["state"]), (a.tag + "-copy", "Ready"))
    check("what restore prints names the source", (made["sourceServerResourceId"] or "").endswith("/" + a.tag),
          a.tag, made["sourceServerResourceId"])
    check("and the time, and takes it for no replica", made["pointInTimeUtc"] and made["replicationRole"] == "Primary",
          "a time, Primary", (made["pointInTimeUtc"], made["replicationRole"]))
    a.admit(a.tag + "-copy")
    equal("the copy has the rows", psql(a.url(a.tag + "-copy"), "SELECT count(*) FROM t"), "700")
    equal("list", sorted(item["name"] for item in a.az.server("list").data), [a.tag, a.tag + "-copy"])


def runs(process):
    """Whether it is at work; one that has ended is there until somebody has asked how."""
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rsplit(") ", 1)[1][0] not in "ZX"
    except OSError:
        return False


def geo(a):
    """The first location is lost; az sends its own clock, which is ahead of all that the pair can know."""
    name = a.tag + "-geo"
    a.az.server("create", "--name", name, "--location", LOCATION, *BURSTABLE, "--version", "15", "--public-access",
                "127.0.0.1", "--admin-user", USER, "--admin-password", PASSWORD, "--geo-redundant-backup", "Enabled",
                "--yes")
    pitr("maintain")
    psql(a.url(name), "CREATE TABLE t AS SELECT generate_series(1, 700) AS x")
    time.sleep(1.1)  # az sends whole seconds
    a.az.server("geo-restore", "--name", name + "-now", "--source-server", name, "--location", PAIR)
    a.admit(name + "-now")
    # What a server that stops in order has written is archived.
    pitr("restart", "-g", a.az.group, "-n", name)
    pitr("maintain")
    equal("geo-restore has what was written a moment ago", psql(a.url(name + "-now"), "SELECT count(*) FROM t"), "700")
    local = a.local(name)
    with open(local["dataDirectory"] + "/postmaster.pid") as file:
        postmaster = int(file.readline())
    os.kill(postmaster, signal.SIGQUIT)
    while runs(postmaster):
        time.sleep(0.05)
    shutil.rmtree(os.path.dirname(local["dataDirectory"]))
    shutil.rmtree(local["repositoryDirectory"])
    a.az.server("geo-restore", "--name", name + "-lost", "--source-server", name, "--location", PAIR)
    a.admit(name + "-lost")
    equal("geo-restore without the first location", psql(a.url(name + "-lost"), "SELECT count(*) FROM t"), "700")
    contains("says up to when", str(a.local(name + "-lost")["restoredFrom"]["notes"]), f"from {PAIR} alone")
    for copy in ("-now", "-lost", ""):
        a.az.server("delete", "--name", name + copy, "--yes")


def resource(a):
    """The commands that know no kind of resource: their paths have an empty segment."""
    named = ("--resource-group", a.az.group, "--name", a.tag, "--resource-type", KIND)
    a.az("resource", "tag", *named, "--tags", "incident=INC-20", "owner=ada")
    equal("az resource tag", a.az("resource", "show", *named).data["tags"], {"incident": "INC-20", "owner": "ada"})
    shown = a.az.server("show", "--name", a.tag).data
    equal("and nothing else is changed", (shown["state"], shown["backup"]["backupRetentionDays"], shown["sku"]["name"]),
          ("Ready", 9, "Standard_B1ms"))
    a.az("resource", "delete", "--resource-group", a.az.group, "--name", a.tag + "-copy", "--resource-type", KIND)
    equal("az resource delete", [item["name"] for item in a.az.server("list").data], [a.tag])


def delete(a):
    a.az.server("delete", "--name", a.tag, "--yes")
    equal("delete", a.az.server("list").data, [])


def main(versions):
    daemon = Daemon().start()
    try:
        for version, program in (item.split("=", 1) for item in versions):
            _, environment = shell_environment()
            age = Age(version, program, environment)
            for body in (create, restore, geo, resource, delete):
                part(f"az {version}: {body.__name__}", body, age)
    finally:
        daemon.stop()
    return 0


sys.exit(main(sys.argv[1:]))
