"""Rules, parameters, databases, backups, updates and power, each with its effect in PostgreSQL."""

from checks import check, contains, equal
from daemon import pitr
from ledger import Ledger, psql
from world import GENERAL, GROUP, LOCATION, PASSWORD, USER


def general(w):
    """A server that on-demand backups and geo-restore are possible of."""
    made = w.az.server(*w.create_words("general", GENERAL, "--geo-redundant-backup", "Enabled",
                                       "--backup-retention", "10")).data
    w.general = Ledger(made["connectionString"])
    w.general.write(3)
    backup = w.server("general")["backup"]
    equal("create with geo-redundant backup and retention",
          (backup["geoRedundantBackup"], backup["backupRetentionDays"]), ("Enabled", 10))


def firewall_rules(w):
    rule = ["--server-name", "orders", "--name", "ops"]
    w.az.server("firewall-rule", "delete", "--server-name", "orders", "--name",
                w.az.server("firewall-rule", "list", "--server-name", "orders").data[0]["name"], "--yes")
    contains("without a rule nobody is let in", w.refused(w.url("orders")) or "let in", "no pg_hba.conf entry")
    made = w.az.server("firewall-rule", "create", *rule, "--start-ip-address", "127.0.0.1", "--end-ip-address",
                       "127.0.0.9").data
    equal("firewall-rule create", (made["name"], made["startIpAddress"], made["endIpAddress"], made["resourceGroup"]),
          ("ops", "127.0.0.1", "127.0.0.9", GROUP))
    check("and one is let in", w.refused(w.url("orders")) is None)
    w.az.server("firewall-rule", "update", *rule, "--end-ip-address", "127.0.0.2")
    shown = w.az.server("firewall-rule", "show", *rule).data
    equal("firewall-rule update and show", shown["endIpAddress"], "127.0.0.2")
    w.az.server("firewall-rule", "create", "--server-name", "orders", "--name", "office", "--start-ip-address",
                "10.0.0.1")
    equal("firewall-rule list", [item["name"] for item in w.az.server(
        "firewall-rule", "list", "--server-name", "orders").data], ["office", "ops"])
    w.az.server("firewall-rule", "delete", "--server-name", "orders", "--name", "office", "--yes")
    contains("firewall-rule delete", w.az.server("firewall-rule", "show", "--server-name", "orders", "--name", "office",
                                                 status=3).err, "(ResourceNotFound)")


def parameters(w):
    def words(name, *more):
        return ["--server-name", "orders", "--name", name, *more]

    def shown(name):
        return psql(w.url("orders"), f"SHOW {name}")

    table = w.az.server("parameter", "list", "--server-name", "orders", "-o", "table").out
    contains("parameter list -o table", table, "AllowedValues", "work_mem", "lock_timeout")
    before = w.az.server("parameter", "show", *words("lock_timeout")).data
    equal("parameter show", (before["defaultValue"], before["source"]), ("0", "system-default"))
    made = w.az.server("parameter", "set", *words("lock_timeout", "--value", "2000")).data
    equal("parameter set", (made["value"], made["source"]), ("2000", "user-override"))
    equal("and PostgreSQL has it", shown("lock_timeout"), "2s")
    back = w.az.server("parameter", "set", *words("lock_timeout")).data
    equal("parameter set without a value goes back", (back["value"], back["source"], shown("lock_timeout")),
          ("0", "system-default", "0"))
    w.az.server("parameter", "set", *words("max_connections", "--value", "60"))
    pending = w.az.server("parameter", "show", *words("max_connections")).data
    check("a static parameter waits for a restart",
          pending["isConfigPendingRestart"] and shown("max_connections") != "60",
          "pending", pending)
    w.az.server("restart", "--name", "orders")
    equal("restart gives it effect", shown("max_connections"), "60")
    wrong = w.az.server("parameter", "set", *words("work_mem", "--value", "much"), status=1)
    contains("a value that cannot be is refused, with a reason", wrong.err, "work_mem", "InvalidParameterValue")


def databases(w):
    words = ["--server-name", "orders", "--name", "invoices"]
    made = w.az.server("db", "create", *words).data
    equal("db create", (made["name"], made["charset"].lower(), made["resourceGroup"]), ("invoices", "utf8", GROUP))
    names = [item["name"] for item in w.az.server("db", "list", "--server-name", "orders").data]
    check("db list", {"invoices", "postgres"} <= set(names), "invoices, postgres, …", names)
    equal("db show", w.az.server("db", "show", *words).data["name"], "invoices")
    equal("and PostgreSQL has it",
          psql(w.url("orders").replace("/postgres?", "/invoices?"), "SELECT current_database()"),
          "invoices")
    w.az.server("db", "delete", *words, "--yes")
    contains("db delete", w.az.server("db", "show", *words, status=3).err, "(ResourceNotFound)")


def backups(w):
    words = ["--server-name", "general", "--name", "before-release"]
    listed = w.az.server("backup", "list", "--server-name", "general").data
    check("backup list has the automatic one", len(listed) >= 1 and listed[0]["backupType"] == "Full"
          and listed[0]["source"] == "Automatic", "Full, Automatic", listed)
    equal("backup show is the same", w.az.server("backup", "show", "--server-name", "general", "--name",
                                                 listed[0]["name"]).data, listed[0])
    made = w.az.server("backup", "create", *words).data
    equal("backup create", (made["name"], made["backupType"]), ("before-release", "Customer On-Demand"))
    equal("backup list has one more", len(w.az.server("backup", "list", "--server-name", "general").data),
          len(listed) + 1)
    again = w.az.server("backup", "create", *words, status=1)
    contains("a name that is taken says so", again.err, "BackupNameAlreadyExists", "before-release")
    burstable = w.az.server("backup", "create", "--server-name", "orders", "--name", "b1", status=1)
    contains("not on Burstable, as with Azure", burstable.err, "Burstable")
    w.az.server("backup", "delete", *words, "--yes")
    equal("backup delete", len(w.az.server("backup", "list", "--server-name", "general").data), len(listed))


def updates(w):
    made = w.az.server("update", "--name", "orders", "--backup-retention", "21").data
    equal("update --backup-retention", made["backup"]["backupRetentionDays"], 21)
    made = w.az.server("update", "--name", "orders", "--tags", "env=prod", "owner=dba").data
    equal("update --tags", made["tags"], {"env": "prod", "owner": "dba"})
    made = w.az.server("update", "--name", "orders", "--tags", "env=prod").data
    equal("update --tags replaces them all, and changes nothing else",
          (made["tags"], made["backup"]["backupRetentionDays"]), ({"env": "prod"}, 21))
    made = w.az.server("update", "--name", "general", "--sku-name", "Standard_D4ds_v5", "--yes").data
    equal("update --sku-name", made["sku"], {"name": "Standard_D4ds_v5", "tier": "GeneralPurpose"})
    made = w.az.server("update", "--name", "general", "--storage-size", "128").data
    equal("update --storage-size", made["storage"]["storageSizeGb"], 128)
    smaller = w.az.server("update", "--name", "general", "--storage-size", "32", status=None)
    check("storage cannot shrink", smaller.status != 0, "not 0", smaller)
    closed = w.az.server("update", "--name", "general", "--public-access", "Disabled").data
    equal("update --public-access Disabled", closed["network"]["publicNetworkAccess"], "Disabled")
    check("and nobody is let in", w.refused(w.url("general", PASSWORD)) is not None)
    w.az.server("update", "--name", "general", "--public-access", "Enabled")
    check("Enabled lets in again", w.refused(w.url("general", PASSWORD)) is None)
    made = w.az.server("update", "--name", "orders", "--maintenance-window", "Sun:1:30").data
    window = {"customWindow": "Enabled", "dayOfWeek": 0, "startHour": 1, "startMinute": 30}
    equal("update --maintenance-window", {key: made["maintenanceWindow"][key] for key in window}, window)
    made = w.az.server("update", "--name", "orders", "--tags", "env=prod").data
    equal("and another update leaves it", made["maintenanceWindow"]["startMinute"], 30)
    made = w.az.server("update", "--name", "orders", "--maintenance-window", "Disabled").data
    equal("update --maintenance-window Disabled", made["maintenanceWindow"]["customWindow"], "Disabled")
    shown = pitr("show", "-g", GROUP, "-n", "orders").stdout
    contains("pitr itself shows what az changed", shown, "21", USER, LOCATION)


def power(w):
    url = w.url("orders")
    w.az.server("stop", "--name", "orders")
    equal("stop", w.server("orders")["state"], "Stopped")
    check("PostgreSQL does not answer", w.refused(url) is not None)
    tags = w.az.server("update", "--name", "orders", "--tags", "a=b", status=1)
    check("a stopped server cannot be updated", "ERROR" in tags.err, "an error", tags)
    again = w.az.server("restart", "--name", "orders", status=1)
    contains("nor restarted, in Azure's words", again.err, "ServerIsNotReady", "Current Server State = Stopped")
    w.az.server("start", "--name", "orders")
    equal("start", w.server("orders")["state"], "Ready")
    check("PostgreSQL answers", w.refused(url) is None)
    w.az.server("restart", "--name", "orders")
    check("restart", w.refused(url) is None)
    again = w.az.server("start", "--name", "orders", status=1)
    contains("a server that runs cannot be started, in Azure's words", again.err, "ServerIsNotStopped")
