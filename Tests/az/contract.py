"""Every body that the daemon gives, against the SDK's models: nothing unknown, of another type, or missing.

The models are those of the newest SDK; az has the same generation of them. Beyond them, the fields that az itself reads
have to be there (its code of 2.91 names them), and a body does not depend on how the path is spelled.
"""

import enum
import json
import re
import sys
import time
import typing
import datetime as datetime_module
from datetime import datetime

from azure.mgmt.postgresqlflexibleservers import models

from api import API
from checks import check, equal, part
from daemon import pitr
from world import LOCATION, PASSWORD, USER

OURS = "local"
"""What Azure has no word for is said under this key; SDKs pass over it."""
GROUP, NAME = "contract", "contract-source"
PROVIDER = "providers/Microsoft.DBforPostgreSQL"


def fields(kind):
    """A model's fields by their name in JSON, with their types."""
    kind({})  # the fields are collected when the first one is made
    hints = typing.get_type_hints(kind, {**vars(models), "_models": models, "datetime": datetime_module})
    return {field._rest_name: hints[name] for name, field in kind._attr_to_rest_field.items()}


def flaws(value, wanted, place):
    """Where a value does not fit a type of the SDK, each as a sentence."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin is typing.Union:
        kinds = [kind for kind in inner if kind is not type(None)]
        if value is None:
            return [] if type(None) in inner else [f"{place}: null"]
        words = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, enum.Enum)]
        if words:
            known = {item.value.lower() for kind in words for item in kind}
            return [] if isinstance(value, str) and value.lower() in known else [f"{place}: unknown word {value!r}"]
        return flaws(value, kinds[0], place)
    if origin is list:
        if not isinstance(value, list):
            return [f"{place}: no list"]
        return [flaw for index, item in enumerate(value) for flaw in flaws(item, inner[0], f"{place}[{index}]")]
    if origin is dict:
        return [] if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()) \
            else [f"{place}: no words by words"]
    if wanted is datetime:
        try:
            return [] if datetime.fromisoformat(trimmed(value)).tzinfo else [f"{place}: {value!r} has no zone"]
        except (TypeError, ValueError):
            return [f"{place}: {value!r} is no time"]
    if hasattr(wanted, "_attr_to_rest_field") or hasattr(wanted, "_is_model"):
        if not isinstance(value, dict):
            return [f"{place}: no object"]
        known = fields(wanted)
        unknown = [f"{place}.{key}: not in the SDK's {wanted.__name__}" for key in value if key not in known
                   and key != OURS]
        return unknown + [
            flaw for key in value if key in known for flaw in flaws(value[key], known[key], f"{place}.{key}")]
    if wanted is float and isinstance(value, int):
        return []
    fits = not isinstance(wanted, type) or isinstance(value, wanted)
    if not fits or wanted is int and isinstance(value, bool):
        return [f"{place}: {value!r} is no {wanted.__name__}"]
    return []


def trimmed(text):
    """With at most the six digits of a second that Python reads."""
    return re.sub(r"(\.\d{6})\d+", r"\1", text).replace("Z", "+00:00")


def there(value, place):
    """Whether something stands at a place like `properties.storage.type`."""
    for step in place.split("."):
        if not isinstance(value, dict) or step not in value:
            return False
        value = value[step]
    return True


SERVER = f"resourceGroups/{GROUP}/{PROVIDER}/flexibleServers/{NAME}"
READ_BY_AZ = {
    "Server": ["id", "name", "type", "location", "tags", "sku.name", "sku.tier", "properties.state",
               "properties.version", "properties.administratorLogin", "properties.fullyQualifiedDomainName",
               "properties.storage.storageSizeGB", "properties.storage.type", "properties.storage.autoGrow",
               "properties.network.publicNetworkAccess", "properties.backup.backupRetentionDays",
               "properties.backup.geoRedundantBackup", "properties.highAvailability.mode",
               "properties.highAvailability.state", "properties.authConfig.activeDirectoryAuth",
               "properties.authConfig.passwordAuth", "properties.maintenanceWindow.customWindow",
               "properties.maintenanceWindow.dayOfWeek", "properties.maintenanceWindow.startHour",
               "properties.maintenanceWindow.startMinute"],
    "BackupAutomaticAndOnDemand": ["id", "name", "type", "properties.backupType", "properties.source",
                                   "properties.completedTime"],
    "Configuration": ["id", "name", "type", "properties.value", "properties.defaultValue", "properties.dataType",
                      "properties.allowedValues", "properties.source", "properties.isDynamicConfig",
                      "properties.isReadOnly", "properties.isConfigPendingRestart"],
    "Database": ["id", "name", "type", "properties.charset", "properties.collation"],
    "FirewallRule": ["id", "name", "type", "properties.startIpAddress", "properties.endIpAddress"],
    "Capability": ["name", "supportedServerEditions", "supportedServerVersions", "supportedFeatures"],
}
"""What az reads of each, or prints in a table; derived from its module `postgresql`."""

BODIES = [
    ("a server", SERVER, "Server"),
    ("servers of a group", f"resourceGroups/{GROUP}/{PROVIDER}/flexibleServers", ["Server"]),
    ("all servers", f"{PROVIDER}/flexibleServers", ["Server"]),
    ("backups", SERVER + "/backups", ["BackupAutomaticAndOnDemand"]),
    ("a backup", SERVER + "/backups/on-demand", "BackupAutomaticAndOnDemand"),
    ("parameters", SERVER + "/configurations", ["Configuration"]),
    ("a parameter", SERVER + "/configurations/lock_timeout", "Configuration"),
    ("databases", SERVER + "/databases", ["Database"]),
    ("a database", SERVER + "/databases/postgres", "Database"),
    ("firewall rules", SERVER + "/firewallRules", ["FirewallRule"]),
    ("a firewall rule", SERVER + "/firewallRules/here", "FirewallRule"),
    ("replicas", SERVER + "/replicas", ["Server"]),
    ("a server's capabilities", SERVER + "/capabilities", ["Capability"]),
    ("a location's capabilities", f"{PROVIDER}/locations/{LOCATION}/capabilities", ["Capability"]),
]


def prepare(api):
    pitr("create", "-g", GROUP, "-n", NAME, "-l", LOCATION, "--admin-user", USER, "--admin-password", PASSWORD,
         "--tier", "GeneralPurpose", "--sku-name", "Standard_D2ds_v5", "--tags", "a=b")
    pitr("backup", "create", "-g", GROUP, "-s", NAME, "-n", "on-demand")
    pitr("firewall-rule", "create", "-g", GROUP, "-s", NAME, "-n", "here", "--start-ip-address", "127.0.0.1")


def bodies(api):
    for what, rest, kind in BODIES:
        status, body = api.get(rest)
        if not equal(f"{what}: status", status, 200):
            continue
        many = isinstance(kind, list)
        name = kind[0] if many else kind
        items = body["value"] if many else [body]
        found = [flaw for item in items for flaw in flaws(item, getattr(models, name), name)]
        equal(f"{what}: fits the SDK's {name}, nothing lost", sorted(set(found)), [])
        missing = []
        for item in items:
            for place in READ_BY_AZ[name]:
                if not there(item, place):
                    missing.append(place)
        equal(f"{what}: has what az reads", sorted(set(missing)), [])


OTHERS = [
    ("subscriptions", "/subscriptions", ["id", "subscriptionId", "tenantId", "displayName", "state"]),
    ("tenants", "/tenants", ["id", "tenantId"]),
    ("groups", "{s}/resourcegroups", ["id", "name", "type", "location", "properties.provisioningState"]),
    ("locations", "{s}/locations", ["id", "name", "displayName", "regionalDisplayName", "metadata"]),
    ("resources", "{s}/resources", ["id", "name", "type", "location"]),
    ("the activity log", "{s}/providers/Microsoft.Insights/eventtypes/management/values", [
        "eventTimestamp", "submissionTimestamp", "operationName.value", "operationName.localizedValue", "status.value",
        "resourceId", "resourceGroupName", "resourceProviderName.value", "correlationId", "caller", "eventDataId",
        "level", "subscriptionId"]),
]
"""Bodies of other providers, with what az reads or prints of an item."""


def others(api):
    for what, path, places in OTHERS:
        status, _, body = api.send("GET", path.replace("{s}", api.subscription) + "?api-version=2022-12-01")
        items = json.loads(body).get("value", []) if body else []
        check(f"{what}: a list that is not empty", status == 200 and items, "200 and items", (status, body[:400]))
        missing = [place for item in items for place in places if not there(item, place)]
        equal(f"{what}: has what az reads", sorted(set(missing)), [])
    status, _, body = api.send("GET", f"{api.subscription}/resourceGroups/{GROUP}?api-version=2024-11-01")
    equal("a group", (status, json.loads(body)["properties"]), (200, {"provisioningState": "Succeeded"}))


def spelling(api):
    """Paths without regard to case, any api-version of the same shape. The order of keys never counts: objects are
    compared."""
    for what, rest, _ in BODIES:
        _, body = api.get(rest)
        head, name = rest.rsplit("/", 1) if what == "a database" else (rest, "")  # whose name is PostgreSQL's own
        for spelled in (head.upper(), head.lower()):
            spelled += "/" + name if name else ""
            status, other = api.get(spelled, "2025-08-01")
            check(f"{what}: the same for {spelled[:24]}…", status == 200 and folded(other) == folded(body),
                  json.dumps(body)[:600], json.dumps(other)[:600])


def folded(body):
    """Names in ids may come back as they were asked for; what is restorable moves on by the moment."""
    if isinstance(body, dict):
        return {key.lower(): folded(value) for key, value in body.items() if key != "latestRestoreDate"}
    if isinstance(body, list):
        return [folded(item) for item in body]
    return body.lower() if isinstance(body, str) else body


def name_check(api):
    def ask(name):
        status, _, body = api.send("POST", api.path(f"{PROVIDER}/locations/{LOCATION}/checkNameAvailability"), {
            "name": name, "type": "Microsoft.DBforPostgreSQL/flexibleServers"})
        return status, json.loads(body)

    status, body = ask("never-seen")
    equal("checkNameAvailability: free", (status, body["nameAvailable"], flaws(body, models.NameAvailabilityModel, "")),
          (200, True, []))
    status, body = ask(NAME)
    equal("checkNameAvailability: taken", (status, body["nameAvailable"], body.get("reason"), body["message"]),
          (200, False, "AlreadyExists", "Specified server name is already used."))


def ended(api, address):
    """The document of an operation when it is over."""
    while True:
        status, headers, body = api.send("GET", address)
        document = json.loads(body)
        if document["status"] != "InProgress":
            return status, document
        check("a poll says when to come again", "retry-after" in {key.lower() for key in headers}, "it", headers)
        time.sleep(0.3)


def busy(api):
    """Power, update and delete wait for nobody; what can wait does."""
    _, headers, _ = api.send("POST", api.path(SERVER + "/restart"))
    address = next(value for key, value in headers.items() if key.lower() == "azure-asyncoperation")
    answers = {
        "stop": api.send("POST", api.path(SERVER + "/stop")),
        "an update": api.send("PATCH", api.path(SERVER), {"tags": {"a": "c"}}),
        "a delete": api.send("DELETE", api.path(SERVER)),
    }
    rule = {"properties": {"startIpAddress": "127.0.0.6", "endIpAddress": "127.0.0.6"}}
    patient, later, _ = api.send("PUT", api.path(SERVER + "/firewallRules/patient"), rule)
    for what, (status, _, body) in answers.items():
        check(f"a server that is being restarted refuses {what}", status == 409 and b'"ServerBusy"' in body,
              "409 ServerBusy", (status, body[:300]))
    equal("but takes a firewall rule", patient, 202)
    equal("the restart succeeds", ended(api, address)[1]["status"], "Succeeded")
    address = next(value for key, value in later.items() if key.lower() == "azure-asyncoperation")
    equal("and so does the rule", ended(api, address)[1]["status"], "Succeeded")


def operations(api):
    """The asynchronous protocol, word by word."""
    rule = {"properties": {"startIpAddress": "127.0.0.5", "endIpAddress": "127.0.0.5"}}
    status, headers, body = api.send("PUT", api.path(SERVER + "/firewallRules/async"), rule)
    low = {key.lower(): value for key, value in headers.items()}
    check("a write is accepted with 202 and three headers", status == 202 and {
        "azure-asyncoperation", "location", "retry-after"} <= set(low), "202 …", (status, headers, body))
    check("both addresses are the daemon's own", all(
        low[key].startswith(api.address + "/subscriptions/") for key in ("azure-asyncoperation", "location")),
        api.address, low)
    status, document = ended(api, low["azure-asyncoperation"])
    equal("it succeeds", (status, document["status"], set(document) >= {"name", "status", "startTime"}),
          (200, "Succeeded", True))
    status, _, _ = api.send("GET", low["location"])
    check("its result is there", status in (200, 204), "200 or 204", status)


def errors(api):
    cases = [
        ("no token", "GET", SERVER, None, False, 401),
        ("a token that was never given", "GET", SERVER, None, "never", 401),
        ("an unknown server", "GET", SERVER + "x", None, True, 404),
        ("an unknown group", "GET", f"resourceGroups/nothere/{PROVIDER}/flexibleServers", None, True, 404),
        ("an unknown rule", "GET", SERVER + "/firewallRules/none", None, True, 404),
        ("a body that is no JSON", "PUT", SERVER, b"{", True, 400),
        ("a body of the wrong shape", "PUT", SERVER, ["no"], True, 400),
        ("an unknown kind of resource", "GET", SERVER + "/nonsense", None, True, 404),
        ("a log file", "GET", SERVER + "/logFiles/x", None, True, 404),
        ("a setting that cannot be made", "PUT", SERVER + "/advancedThreatProtectionSettings/Default", {}, True, 400),
    ]
    for what, method, rest, body, token, wanted in cases:
        status, _, answer = api.send(method, api.path(rest), body, token)
        try:
            error = json.loads(answer)["error"]
            good = isinstance(error["code"], str) and isinstance(error["message"], str) and error["message"]
        except (ValueError, KeyError, TypeError):
            good = False
        check(f"{what}: {wanted} and ARM's error body", status == wanted and good, wanted, (status, answer[:400]))
    for absent in ("logFiles", "ltrBackupOperations", "tuningOptions", "privateLinkResources", "migrations",
                   "maintenanceEvents", "tuningOptions/index/recommendations"):
        status, _, answer = api.send("GET", api.path(f"{SERVER}/{absent}"))
        equal(f"{absent}: an empty list", (status, json.loads(answer)), (200, {"value": []}))
    for refused in ("startLtrBackup", "ltrPreBackup", "migrateNetwork", "maintenanceEvents/x/applyNow"):
        status, _, answer = api.send("POST", api.path(f"{SERVER}/{refused}"), {})
        equal(f"{refused}: refused with the reason", (status, json.loads(answer)["error"]["code"]),
              (400, "OperationNotSupported"))
    status, _, _ = api.send("DELETE", api.path(SERVER + "/firewallRules/none"))
    equal("a delete of what is not there is 204", status, 204)


def scoped(api):
    """An identity of one group learns nothing of another group, wherever it asks."""
    pitr("create", "-g", "elsewhere", "-n", "not-for-you", "-l", LOCATION, "--admin-user", USER, "--admin-password",
         PASSWORD, "--tier", "Burstable", "--sku-name", "Standard_B1ms")
    made = json.loads(pitr("identity", "create", "-n", "watcher", "--role", "Reader", "-g", GROUP, "-o", "json").stdout)
    token = api.sign_in(made["appId"], made["password"])
    server = f"resourceGroups/elsewhere/{PROVIDER}/flexibleServers/not-for-you"
    status, headers, _ = api.send("POST", api.path(server + "/restart"))
    operation = next(value for key, value in headers.items() if key.lower() == "azure-asyncoperation")
    equal("a write by the owner is accepted", status, 202)
    for rest in (SERVER, "resourcegroups", f"resourceGroups/{GROUP}"):
        equal(f"it may look: …/{rest[-24:]}", api.send("GET", api.path(rest), token=token)[0], 200)
    for rest in ("resourcegroups", f"{PROVIDER}/flexibleServers", "resources",
                 "providers/Microsoft.Insights/eventtypes/management/values"):
        _, _, body = api.send("GET", api.path(rest), token=token)
        check(f"a list of everything is cut to its group: {rest}",
              b"not-for-you" not in body and b"elsewhere" not in body, "nothing of the other group", body[:600])
    for rest in ("resourceGroups/elsewhere", server, server + "/backups", server + "/firewallRules",
                 f"resourceGroups/elsewhere/{PROVIDER}/flexibleServers"):
        status, _, body = api.send("GET", api.path(rest), token=token)
        check(f"refused: …/{rest[-24:]}", status in (403, 404) and b"administratorLogin" not in body, "403", status)
    status, _, _ = api.send("GET", operation, token=token)
    check("another group's operation is refused", status in (403, 404), "403 or 404", status)
    status, _, _ = api.send("DELETE", api.path(SERVER), token=token)
    equal("and it may change nothing in its own", status, 403)
    pitr("identity", "delete", "-n", "watcher", "--yes")
    equal("a token ends with its identity", api.send("GET", api.path(SERVER), token=token)[0], 401)


def main():
    api = part("contract", API)
    if api is None:
        return 1
    try:
        for body in (prepare, bodies, others, spelling, name_check, operations, busy, errors,
                     scoped):
            part(f"contract: {body.__name__}", body, api)
        for group in (GROUP, "elsewhere"):
            pitr("group", "delete", "-n", group, "--yes")
    finally:
        api.daemon.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
