"""The other ways to come in: az login against a cloud that az learns about, and az cloud register."""

import configparser
import contextlib
import json
import os
import sqlite3
import time

from checks import check, contains, equal
from commands import Az
from daemon import HOME, SCRATCH, pitr
from world import GROUP


def given(w):
    """What `pitr azure env` wrote: the API's address, the tenant, and the local identity."""
    folder = w.environment["AZURE_CONFIG_DIR"]
    clouds = configparser.ConfigParser()
    clouds.read(os.path.join(folder, "clouds.config"))
    address = clouds[clouds.sections()[0]]["endpoint_resource_manager"].rstrip("/")
    with open(os.path.join(folder, "service_principal_entries.json")) as file:
        entry = json.load(file)[0]
    return address, entry["tenant"], entry["client_id"], entry["client_secret"]


def fresh(w, name, **more):
    """az as somebody has it who never heard of pitr but knows its CA."""
    folder = os.path.join(SCRATCH, name)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "config"), "w") as file:
        file.write("[core]\ncollect_telemetry = false\n")
    bundle = w.environment["REQUESTS_CA_BUNDLE"]
    return Az({**w.environment, "AZURE_CONFIG_DIR": folder, "SSL_CERT_FILE": bundle, **more}, GROUP)


def outlive_tokens(identity):
    """The tokens that an identity has got have had their time: what an hour of waiting would do."""
    with contextlib.closing(sqlite3.connect(os.path.join(HOME, "catalog.sqlite"), timeout=30)) as catalog:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(time.time() - 60))
        ended = catalog.execute(
            "UPDATE token SET expiresAt = ? WHERE identityID = (SELECT id FROM identity WHERE name = ?)",
            (moment, identity))
        check(f"{identity} had tokens to outlive", ended.rowcount > 0, "some", ended.rowcount)
        catalog.commit()


def logins(w):
    address, tenant, name, secret = given(w)
    login = ["login", "--service-principal", "--username", name, "--tenant", tenant, "--password"]
    names = ["list", "--query", "[].name", "-o", "tsv"]

    az = fresh(w, "metadata", ARM_CLOUD_METADATA_URL=f"{address}/metadata/endpoints?api-version=2020-06-01")
    contains("az login --service-principal, the cloud from its metadata", az(*login, secret).out, "Enabled")
    contains("and the servers are there", az.server(*names).out, "orders")
    az("logout")
    wrong = fresh(w, "wrong", ARM_CLOUD_METADATA_URL=f"{address}/metadata/endpoints?api-version=2020-06-01")
    answer = wrong(*login, secret + "x", status=None)
    check("a wrong secret is refused", answer.status == 1 and "Traceback" not in answer.err, "status 1", answer)

    az = fresh(w, "registered")
    az("cloud", "register", "--name", "Local", "--endpoint-resource-manager", address)
    az("cloud", "set", "--name", "Local")
    contains("az cloud register, az login", az(*login, secret).out, "Enabled")
    contains("and the servers are there", az.server(*names).out, "orders")

    az = fresh(w, "device")
    az("cloud", "register", "--name", "Local", "--endpoint-resource-manager", address)
    az("cloud", "set", "--name", "Local")
    contains("az login --use-device-code", az("login", "--use-device-code", "--tenant", tenant).out, "Enabled")

    az = fresh(w, "managed", AZURE_POD_IDENTITY_AUTHORITY_HOST=address)
    az("cloud", "register", "--name", "Local", "--endpoint-resource-manager", address)
    az("cloud", "set", "--name", "Local")
    contains("az login --identity", az("login", "--identity").out, "Enabled")
    contains("and the servers are there", az.server(*names).out, "orders")


def roles(w):
    """Who may do what, with identities of their own."""
    address, tenant, _, _ = given(w)
    for role, may, may_not in [
        ("Reader", ["show", "--name", "orders"], ["delete", "--name", "orders", "--yes"]),
        ("Restore Operator", ["restore", "--name", "orders-by-operator", "--source-server", "orders", "--no-wait"],
         ["update", "--name", "orders", "--tags", "a=b"]),
    ]:
        word = role.split()[0].lower()
        made = json.loads(pitr("identity", "create", "-n", word, "--role", role, "-o", "json").stdout)
        az = fresh(w, word)
        az("cloud", "register", "--name", "Local", "--endpoint-resource-manager", address)
        az("cloud", "set", "--name", "Local")
        login = ["login", "--service-principal", "--username", made["appId"], "--tenant", tenant, "--password",
                 made["password"]]
        az(*login)
        az.server(*may)
        refused = az.server(*may_not, status=1)
        contains(f"a {role} may {may[0]}, and not {may_not[0]}", refused.err, "(AuthorizationFailed)")
        outlive_tokens(word)
        old = az.server("list", status=None)
        check("a token of an hour ago is refused", "ExpiredAuthenticationToken" in old.err, "the code", old)
        # By its own clock the token that az keeps is still good.
        az("account", "clear")
        az(*login)
        contains("until az logs in again", az.server("list", "-o", "tsv", "--query", "[].name").out, "orders")
        pitr("identity", "delete", "-n", word, "--yes")
        stale = az.server("show", "--name", "orders", status=None)
        check("a token of an identity that was deleted is worth nothing", stale.status != 0, "not 0", stale)
    w.az.server("wait", "--name", "orders-by-operator", "--custom", "state=='Ready'", "--interval", "1", "--timeout",
                "120")
    log = w.az("monitor", "activity-log", "list", "--resource-group", GROUP, "--query",
               "[?ends_with(resourceId, 'orders-by-operator') && ends_with(operationName.value, 'Servers/write')]"
               ".caller", "-o", "json").data
    equal("the activity log says who restored", set(log), {"restore"})
