"""The daemon, spoken to without any SDK: what is sent and what comes back, byte by byte."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request

from daemon import Daemon, shell_environment
from login_parts import given

VERSION = "2026-04-01-preview"


class API:
    def __init__(self):
        self.daemon = Daemon().start()
        _, self.environment = shell_environment()
        self.address, self.tenant, self.identity, self.secret = given(self)
        self.trust = ssl.create_default_context(cafile=self.environment["REQUESTS_CA_BUNDLE"])
        self.token = None
        self.token = self.sign_in(self.identity, self.secret)
        listed = json.loads(self.send("GET", "/subscriptions?api-version=2022-12-01")[2])
        self.subscription = listed["value"][0]["id"]

    def sign_in(self, name, secret):
        """A token for an identity."""
        form = urllib.parse.urlencode({
            "grant_type": "client_credentials", "client_id": name, "client_secret": secret,
            "scope": self.address + "/.default"}).encode()
        return json.loads(self.send("POST", "/adfs/oauth2/token", form, token=False)[2])["access_token"]

    def send(self, method, path, body=None, token=True):
        url = path if path.startswith("https://") else self.address + path
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        request = urllib.request.Request(url, data=data, method=method)
        if isinstance(body, (dict, list)):
            request.add_header("Content-Type", "application/json")
        if token and self.token:
            request.add_header("Authorization", "Bearer " + (self.token if token is True else token))
        try:
            with urllib.request.urlopen(request, context=self.trust, timeout=60) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, dict(error.headers), error.read()

    def path(self, rest, version=VERSION):
        return f"{self.subscription}/{rest}?api-version={version}"

    def get(self, rest, version=VERSION):
        status, _, body = self.send("GET", self.path(rest, version))
        return status, json.loads(body) if body else None
