"""A group, a server, rows, and the commands that people's runbooks have."""

import os
import re

from checks import check, contains, equal
from ledger import Ledger, psql
from world import BURSTABLE, GROUP, LOCATION, PASSWORD, USER, host_of

BRIEF_SHOW = "{name:name,state:state,version:version,sku:sku.name,location:location}"
BRIEF_LIST = "[].{name:name,state:state,location:location,tags:tags}"
BRIEF_LOG = "[?contains(operationName.value, `Microsoft.DBforPostgreSQL`)]"


def set_up(w):
    """`pitr azure env`, and a group."""
    contains("pitr azure env names az's folder and a CA bundle", w.words, "AZURE_CONFIG_DIR", "REQUESTS_CA_BUNDLE")
    folder = w.environment["AZURE_CONFIG_DIR"]
    check("az's folder is not the user's own, and closed to others",
          folder != os.path.expanduser("~/.azure") and os.stat(folder).st_mode & 0o077 == 0, "0700", folder)
    with open(w.environment["REQUESTS_CA_BUNDLE"]) as file:
        bundle = file.read()
    check("the CA bundle has the system's roots too", bundle.count("BEGIN CERTIFICATE") > 20, "many",
          bundle.count("BEGIN CERTIFICATE"))
    account = w.az("account", "show").data
    equal("az account show works without az login", account["state"], "Enabled")
    contains("az account list-locations knows the location", w.az("account", "list-locations", "-o", "tsv").out,
             LOCATION)
    group = w.az("group", "create", "--name", GROUP, "--location", LOCATION).data
    equal("az group create", (group["name"], group["location"], group["properties"]["provisioningState"]),
          (GROUP, LOCATION, "Succeeded"))
    equal("az group exists", w.az("group", "exists", "--name", GROUP).out.strip(), "true")
    contains("az list-skus -o table", w.az("postgres", "flexible-server", "list-skus", "--location", LOCATION,
                                          "-o", "table").out, "Standard_B1ms", "Standard_D2ds_v5", "Burstable")


def create(w):
    """A Burstable server with public access for one address, and rows through the printed connection string."""
    made = w.az.server(*w.create_words("orders", BURSTABLE, "--tags", "env=prod")).data
    url = made["connectionString"]
    check("the connection string has a loopback address and no port",
          re.fullmatch(rf"postgresql://{USER}:{PASSWORD}@127\.\d+\.\d+\.\d+/postgres\?sslmode=require", url),
          "postgresql://USER:PASSWORD@127.…/postgres?sslmode=require", url)
    equal("create prints where, who and what", (made["host"], made["username"], made["version"], made["skuname"],
                                                made["location"], made["databaseName"]),
          (host_of(url), USER, "15", "Standard_B1ms", LOCATION, "postgres"))
    contains("the rule for --public-access has az's name", made["firewallName"], "FirewallIPAddress_")
    equal("PostgreSQL answers there, over TLS",
          psql(url, "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), f"{USER}|t")
    w.ledger = Ledger(url)
    w.ledger.write(4)
    check("rows are committed", len(w.ledger.rows) > 20, "> 20", len(w.ledger.rows))


def brief(w):
    """The commands of the runbook, as they stand there."""
    shown = w.az("postgres", "flexible-server", "show", "--name", "orders", "--resource-group", GROUP, "--query",
                 BRIEF_SHOW, "--output", "json").data
    equal("show --query … --output json", shown, {"name": "orders", "state": "Ready", "version": "15",
                                                  "sku": "Standard_B1ms", "location": LOCATION})
    listed = w.az("postgres", "flexible-server", "list", "--resource-group", GROUP, "--query", BRIEF_LIST, "--output",
                  "table").out
    contains("list --query … --output table", listed, "/Name +State +Location/", "/orders +Ready +southcentralus/")
    kind = "Microsoft.DBforPostgreSQL/flexibleServers"
    named = w.az("resource", "show", "--resource-group", GROUP, "--name", "orders", "--resource-type", kind).data
    w.az("provider", "register", "--namespace", "Microsoft.DBforPostgreSQL")
    equal("resource show", (named["name"], named["type"].lower()), ("orders", kind.lower()))
    with_tags = w.az.server("list", "--query", BRIEF_LIST, "-o", "json").data
    equal("the tags are there (a table drops them, as with Azure)", [row["tags"] for row in with_tags],
          [{"env": "prod"}])
    log = w.az("monitor", "activity-log", "list", "--resource-group", GROUP, "--query", BRIEF_LOG, "--output", "table")
    contains("monitor activity-log list --query … --output table", log.out, "EventTimestamp", "ResourceGroup", GROUP)
    contains("list -o table has az's own columns", w.az.server("list", "-o", "table").out,
             "Storage Size(GiB)", "HA State",
             "/orders +shop-rg +southcentralus +15 +32 +Burstable +Standard_B1ms +Ready/")
    full = w.server("orders")
    equal("show has what az prints of a server",
          (full["name"], full["type"], full["administratorLogin"], full["resourceGroup"]),
          ("orders", "Microsoft.DBforPostgreSQL/flexibleServers", USER, GROUP))
    equal("storage and backup are as asked", (full["storage"]["storageSizeGb"], full["backup"]["backupRetentionDays"],
                                              full["backup"]["geoRedundantBackup"]), (32, 7, "Disabled"))
    check("the password is in no answer", PASSWORD not in w.az.server("show", "--name", "orders").out)


def end(w):
    """The group goes, with everything in it."""
    w.az("group", "delete", "--name", GROUP, "--yes")
    equal("az group delete", w.az("group", "exists", "--name", GROUP).out.strip(), "false")
    equal("and its servers are gone", w.az("postgres", "flexible-server", "list").data, [])
    check("nothing was written to the user's own folder", not os.path.exists(os.path.expanduser("~/.azure")))
