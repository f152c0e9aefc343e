"""The Python SDK, in one of its versions, with azure-identity over https: what a program does."""

import os
import sys
from datetime import timedelta

from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.identity import ClientSecretCredential, DefaultAzureCredential
from azure.mgmt import postgresqlflexibleservers as package
from azure.mgmt.postgresqlflexibleservers import models

from checks import check, contains, equal, part
from daemon import Daemon, pitr, shell_environment
from ledger import Ledger
from login_parts import given
from world import LOCATION, PASSWORD, USER

VERSION = sys.argv[1]
GROUP = f"sdk-{VERSION.replace('.', '-')}"
NAME = f"ledger-{VERSION.replace('.', '-')}"


class SDK:
    """One client; the names that differ between versions are told apart here and nowhere else."""

    def __init__(self):
        self.daemon = Daemon().start()
        _, self.environment = shell_environment()
        os.environ["REQUESTS_CA_BUNDLE"] = self.environment["REQUESTS_CA_BUNDLE"]
        self.address, self.tenant, self.identity, self.secret = given(self)
        self.subscription = self._subscription()
        credential = ClientSecretCredential("adfs", self.identity, self.secret, authority=self.address)
        self.client = self.connect(credential)
        servers = self.client.servers
        self.create = getattr(servers, "begin_create_or_update", None) or servers.begin_create
        self.list_all = getattr(servers, "list_by_subscription", None) or servers.list
        self.backups = getattr(self.client, "backups_automatic_and_on_demand", None) or self.client.backups

    def connect(self, credential):
        return package.PostgreSQLManagementClient(
            credential, self.subscription, base_url=self.address, credential_scopes=[self.address + "/.default"])

    def _subscription(self):
        import configparser
        clouds = configparser.ConfigParser()
        clouds.read(os.path.join(self.environment["AZURE_CONFIG_DIR"], "clouds.config"))
        return clouds[clouds.sections()[0]]["subscription"]

    def url(self, name):
        host = self.client.servers.get(GROUP, name).fully_qualified_domain_name
        return f"postgresql://{USER}:{PASSWORD}@{host}/postgres?sslmode=require"

    def admit(self, name):
        rule = models.FirewallRule(start_ip_address="127.0.0.1", end_ip_address="127.0.0.1")
        made = self.client.firewall_rules.begin_create_or_update(GROUP, name, "here", rule).result()
        return made.name, made.start_ip_address, made.end_ip_address


def state(server):
    """The word, whether the version has an enumeration or a text."""
    return str(server.state).split(".")[-1].title()


def create(s):
    pitr("group", "create", "-n", GROUP)
    equal("the package has the version", package.__version__, VERSION)
    poller = s.create(GROUP, NAME, models.Server(
        location=LOCATION, sku=models.Sku(name="Standard_D2ds_v5", tier="GeneralPurpose"), version="15",
        administrator_login=USER, administrator_login_password=PASSWORD, tags={"from": VERSION},
        storage=models.Storage(storage_size_gb=64), create_mode="Create",
        backup=models.Backup(backup_retention_days=8, geo_redundant_backup="Disabled")))
    made = poller.result(timeout=120)
    equal("begin_create: the poller ends with the server", (
        poller.status(), made.name, state(made), made.location, made.sku.name, made.version,
        made.tags, made.storage.storage_size_gb),
          ("Succeeded", NAME, "Ready", LOCATION, "Standard_D2ds_v5", "15", {"from": VERSION}, 64))
    equal("dates and numbers have their types", (made.backup.backup_retention_days, made.administrator_login,
                                                 hasattr(made.backup.earliest_restore_date, "tzinfo")), (8, USER, True))
    check("no answer has the password", made.administrator_login_password is None)
    equal("firewall_rules.begin_create_or_update", s.admit(NAME), ("here", "127.0.0.1", "127.0.0.1"))
    s.ledger = Ledger(s.url(NAME))
    s.ledger.write(3)


def restore(s):
    instant = s.ledger.second()
    source = s.client.servers.get(GROUP, NAME)
    made = s.create(GROUP, NAME + "-copy", models.Server(
        location=LOCATION, create_mode="PointInTimeRestore", point_in_time_utc=instant,
        source_server_resource_id=source.id)).result(timeout=120)
    equal("create mode PointInTimeRestore", (made.name, made.sku.name, made.tags, made.backup.backup_retention_days),
          (NAME + "-copy", "Standard_D2ds_v5", {"from": VERSION}, 8))
    s.admit(made.name)
    differs = s.ledger.differs(s.url(made.name), instant)
    check(f"exactly the {len(s.ledger.inside(instant))} rows of {len(s.ledger.rows)}", differs is None,
          "the ledger", differs)
    # A program may name a moment between seconds, which az's default never does.
    between = s.ledger.rows[len(s.ledger.rows) // 2][2] + timedelta(microseconds=1)
    made = s.create(GROUP, NAME + "-micro", models.Server(
        location=LOCATION, create_mode="PointInTimeRestore", point_in_time_utc=between,
        source_server_resource_id=source.id.upper().replace("/SUBSCRIPTIONS", "/subscriptions"))).result(timeout=120)
    s.admit(made.name)
    differs = s.ledger.differs(s.url(made.name), between)
    check("a moment with microseconds, and the source's id in capitals", differs is None, "the ledger", differs)


def list_and_children(s):
    copies = sorted([NAME, NAME + "-copy", NAME + "-micro"])
    listed = s.client.servers.list_by_resource_group(GROUP)
    equal("list_by_resource_group", sorted(item.name for item in listed), copies)
    check("the list of the subscription has them too", set(copies) <= {item.name for item in s.list_all()})
    items = list(s.backups.list_by_server(GROUP, NAME))
    check("backups.list_by_server", items and items[0].backup_type and hasattr(items[0].completed_time, "tzinfo"),
          "Full, a time", items)
    rules = list(s.client.firewall_rules.list_by_server(GROUP, NAME))
    equal("firewall_rules.list_by_server", [item.name for item in rules], ["here"])
    s.client.databases.begin_create(GROUP, NAME, "invoices", models.Database(
        charset="UTF8", collation="en_US.utf8")).result(timeout=60)
    names = [item.name for item in s.client.databases.list_by_server(GROUP, NAME)]
    check("databases.begin_create, list", "invoices" in names, "invoices", names)
    kind = getattr(models, "ConfigurationForUpdate", models.Configuration)
    update = models.Configuration(value="2000", source="user-override") if kind is models.Configuration \
        else kind(value="2000", source="user-override")
    s.client.configurations.begin_update(GROUP, NAME, "lock_timeout", update).result(timeout=60)
    equal("configurations.begin_update, get", s.client.configurations.get(GROUP, NAME, "lock_timeout").value, "2000")
    kind = getattr(models, "ServerForPatch", None) or models.ServerForUpdate
    made = s.client.servers.begin_update(GROUP, NAME, kind(tags={"a": "b"})).result(timeout=60)
    equal("servers.begin_update", made.tags, {"a": "b"})
    for verb in ("stop", "start"):
        getattr(s.client.servers, "begin_" + verb)(GROUP, NAME).result(timeout=60)
    equal("begin_stop, begin_start", state(s.client.servers.get(GROUP, NAME)), "Ready")


def failures(s):
    try:
        s.client.servers.get(GROUP, "nothere")
        check("a server that is not there raises ResourceNotFoundError", False)
    except ResourceNotFoundError as error:
        equal("a server that is not there raises ResourceNotFoundError", error.error.code, "ResourceNotFound")
    try:
        s.create(GROUP, NAME + "-early", models.Server(
            location=LOCATION, create_mode="PointInTimeRestore",
            point_in_time_utc=s.ledger.rows[0][1] - timedelta(days=900),
            source_server_resource_id=s.client.servers.get(GROUP, NAME).id)).result(timeout=60)
        check("a failed restore raises HttpResponseError", False)
    except HttpResponseError as error:
        contains("a failed restore raises HttpResponseError, with the bounds", str(error), "RestoreTimeTooEarly",
                 "before the earliest restore point", "/from 20\\d\\d-\\d\\d-/")
    wrong = s.connect(ClientSecretCredential("adfs", s.identity, s.secret + "x", authority=s.address))
    try:
        list(wrong.servers.list_by_resource_group(GROUP))
        check("a wrong secret is refused", False)
    except Exception as error:  # noqa: BLE001 - its type differs between versions
        check("a wrong secret is refused", "Authentication" in type(error).__name__, "that", repr(error))
    os.environ.update(AZURE_AUTHORITY_HOST=s.address, AZURE_TENANT_ID="adfs", AZURE_CLIENT_ID=s.identity,
                      AZURE_CLIENT_SECRET=s.secret)
    names = [item.name for item in s.connect(DefaultAzureCredential()).servers.list_by_resource_group(GROUP)]
    check("DefaultAzureCredential, from the environment", NAME in names, NAME, names)


def delete(s):
    for name in (NAME + "-micro", NAME + "-copy", NAME):
        s.client.servers.begin_delete(GROUP, name).result(timeout=60)
    equal("begin_delete", list(s.client.servers.list_by_resource_group(GROUP)), [])
    pitr("group", "delete", "-n", GROUP, "--yes")


def main():
    sdk = part(f"Python SDK {VERSION}", SDK)
    if sdk is None:
        return 1
    try:
        for body in (create, restore, list_and_children, failures, delete):
            part(f"SDK {VERSION}: {body.__name__}", body, sdk)
    finally:
        sdk.daemon.stop()
    return 0


sys.exit(main())
