"""Hooks of schemathesis: most requests go to a server that is there, and no answer may tell about another one."""

import os
import random

import schemathesis

WORDS = os.environ["PITR_VAULT_WORDS"].split(",")
KNOWN = {"subscriptionId": os.environ["PITR_SUBSCRIPTION"], "resourceGroupName": "fuzz-rg", "serverName": "fuzz-server"}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """The real subscription, group and server in nearly all requests: names in them are mostly made up."""
    for name, value in KNOWN.items():
        often = 0.95 if name == "subscriptionId" else 0.9
        if path_parameters and name in path_parameters and random.random() < often:
            path_parameters[name] = value
    return path_parameters


@schemathesis.hook
def before_call(context, case, kwargs):
    """The server and the group stay: a delete, a stop and an update of them would leave nothing to ask about."""
    parameters = case.path_parameters or {}
    last = case.path.rstrip("/").rsplit("/", 1)[-1]
    if case.method.upper() == "DELETE" and last in ("{serverName}", "{resourceGroupName}"):
        for name in ("serverName", "resourceGroupName"):
            if parameters.get(name) in KNOWN.values() or str(parameters.get(name)).startswith("vault"):
                parameters[name] = "gone"


@schemathesis.check
def nothing_of_another(context, response, case):
    """What is the other server's alone stands in no answer, except where all servers are listed."""
    text = response.content.decode("utf-8", "replace") if response.content else ""
    asked = str(response.request.url).lower()
    with open(os.environ["PITR_ANSWERS"], "a") as file:
        file.write(f"{response.status_code} {'there' if '/flexibleservers/fuzz-server' in asked else 'elsewhere'}\n")
    everything = asked.split("?")[0].rstrip("/").endswith(("/flexibleservers", "/resources", "/values"))
    allowed = "vault" in asked or (everything and "resourcegroups/" not in asked)
    found = [word for word in WORDS if word in text and not (allowed and word != WORDS[3])]
    if found:
        with open(os.environ["PITR_LEAKS"], "a") as file:
            file.write(f"{case.method} {response.request.url}: {found}\n")
        raise AssertionError(f"an answer about something else has {found}")
