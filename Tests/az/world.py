"""What the parts of the scenario share: the daemon, az in its environment, the servers and the ledger."""

import os
import re

from commands import Az
from daemon import Daemon, shell_environment
from ledger import psql

LOCATION, PAIR = "southcentralus", "northcentralus"
GROUP = "shop-rg"
USER, PASSWORD = "shopkeeper", "Open-Sesame-1"
BURSTABLE = ["--tier", "Burstable", "--sku-name", "Standard_B1ms", "--storage-size", "32"]
GENERAL = ["--tier", "GeneralPurpose", "--sku-name", "Standard_D2ds_v5", "--storage-size", "64"]


class World:
    def __init__(self):
        self.daemon = Daemon().start()
        self.words, self.environment = shell_environment()
        self.az = Az(self.environment, GROUP)
        self.ledger = None
        self.password = PASSWORD

    def create_words(self, name, size, *more):
        return ["create", "--name", name, "--location", LOCATION, *size, "--version", "15", "--public-access",
                "127.0.0.1", "--admin-user", USER, "--admin-password", PASSWORD, "--yes", *more]

    def server(self, name):
        return self.az.server("show", "--name", name).data

    def url(self, name, password=None):
        """How the server's admin connects; no port, since each server has 5432 on an address of its own."""
        host = self.server(name)["fullyQualifiedDomainName"]
        return f"postgresql://{USER}:{password or self.password}@{host}/postgres?sslmode=require"

    def admit(self, name):
        self.az.server("firewall-rule", "create", "--server-name", name, "--name", "here",
                       "--start-ip-address", "127.0.0.1")

    def refused(self, url):
        """Why a login is not let in; nil if it is."""
        done = psql(url, "SELECT 1", check=False)
        return None if done.returncode == 0 else done.stderr


def resource(path):
    """The folder of this program's files."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), path)


def host_of(url):
    return re.search(r"@([^/:]+)/", url).group(1)
