"""The portal as a person walks it, in Debian's chromium: the steps of docs/guide/portal.md."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect, sync_playwright

PITR = os.path.join(os.environ["BIN"], "pitr")
SCRATCH = os.environ["PITR_PORTAL_SCRATCH"]
SHOTS = os.environ.get("SHOTS")
PASSWORD = "Portal-4711"
count = failed = 0


def check(what, holds, seen=""):
    global count, failed
    count += 1
    failed += not holds
    print(f"{'ok' if holds else 'not ok'} {count} - {what}", flush=True)
    if not holds and seen:
        print(f"    seen: {str(seen)[:2000]}", flush=True)


def pitr(*arguments):
    done = subprocess.run([PITR, *arguments], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f"pitr {' '.join(arguments)}: {done.stderr}")
    return done.stdout.strip()


def sql(server, text):
    """One statement over TCP and TLS, as the admin with the password that was typed into the portal."""
    where = pitr("show", "-g", "demo", "-n", server, "-o", "json")
    host = re.search(r'"host": ?"([^"]+)"', where)[1]
    port = re.search(r'"port": ?(\d+)', where)[1]
    done = subprocess.run(
        ["psql", "-XAtw", f"host={host} port={port} user=ann dbname=postgres sslmode=require", "-c", text],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PGPASSWORD": PASSWORD})
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


class Walk:
    """A browser that has its own cookies, and what was wrong on the pages it saw."""

    def __init__(self, browser, base, name, **options):
        self.base, self.name = base, name
        self.context = browser.new_context(viewport={"width": 1200, "height": 800}, **options)
        self.context.set_default_timeout(20000)
        self.page = self.context.new_page()
        self.complaints = []
        self.looked = set()
        self.page.on("console", lambda m: self.complain(m))
        self.page.on("pageerror", lambda e: self.complaints.append(str(e)))

    def complain(self, message):
        """What a page says to its console; that a refusal has a status of 4xx is none of its faults."""
        if message.type in ("error", "warning") and "responded with a status of 4" not in message.text:
            self.complaints.append(message.text)

    def go(self, path):
        return self.page.goto(self.base + path)

    def sign_in(self):
        self.page.goto(pitr("portal"))
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(self.base + "/portal")

    def look(self, name):
        """axe on the page, in both colours and at 320 pixels once each."""
        if name in self.looked:
            return
        self.looked.add(name)
        page = self.page
        for scheme, width in (("light", 1200), ("dark", 1200), ("light", 320)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png", full_page=True)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            check(f"{name} fits into {width} pixels", over <= 0, over)
            found = Axe().run(page).response["violations"]
            check(f"axe finds nothing on {name}, {scheme}, {width}", not found,
                  [(v["id"], [n["html"][:120] for n in v["nodes"][:2]]) for v in found])
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1200, "height": 800})

    def complete(self):
        """Waits on a deployment's page, which follows it by itself."""
        expect(self.page.get_by_text("Your deployment is complete")).to_be_visible(timeout=60000)

    def end(self):
        check(f"{self.name}: nothing violated the content policy, no script failed", not self.complaints,
              self.complaints)
        self.context.close()


def create(walk):
    page = walk.page
    check("an empty list teaches the two commands", "pitr create" in page.inner_text("main"))
    walk.look("empty")
    page.get_by_role("link", name="Create server").click()
    walk.look("create")
    page.get_by_label("Resource group").fill("demo")
    page.get_by_label("Server name").fill("orders")
    page.get_by_label("Burstable").check()
    page.get_by_label("Backup retention period (in days)").fill("9")
    page.get_by_label("Administrator login").fill("ann")
    page.locator("#password").fill(PASSWORD)
    page.get_by_label("Confirm password").fill("another")
    page.get_by_label("Tags").fill("owner=<b>ann</b>")
    page.get_by_role("button", name="Create").click()
    expect(page.get_by_role("alert")).to_contain_text("the two passwords differ")
    check("what was typed is still there", page.get_by_label("Server name").input_value() == "orders")
    page.locator("#password").fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Create").dblclick()
    page.wait_for_url("**/portal/deployments/*")
    walk.complete()
    page.get_by_role("link", name="Go to resource").click()
    check("the server is there", "Ready" in page.inner_text("main"), page.inner_text("main"))


def retention(walk):
    page = walk.page
    page.get_by_role("link", name="Compute + storage").click()
    field = page.get_by_label("Backup retention period (in days)")
    check("the retention is the one that was created with", field.input_value() == "9")
    walk.look("compute")
    other = walk.context.new_page()
    other.goto(page.url)
    field.fill("14")
    page.get_by_role("button", name="Save").click()
    walk.complete()
    walk.look("saved")
    page.get_by_role("link", name="Go to resource").click()
    check("the retention is the new one", "14" in page.inner_text(".facts:has-text('Created')"))
    other.get_by_label("Backup retention period (in days)").fill("20")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_role("status").first).to_contain_text("changed meanwhile")
    other.close()


def wait_until_restorable(walk):
    """The first backup runs in the background."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        walk.go("/portal/servers/demo/orders")
        if walk.page.get_by_role("link", name="Restore", exact=True).get_attribute("href"):
            return
        walk.page.wait_for_timeout(500)
    raise RuntimeError("the server never became restorable")


def accident():
    """Rows, a moment, and a table that is dropped after it. Answers the moment."""
    sql("orders", "CREATE TABLE orders AS SELECT n, 'row ' || n AS text FROM generate_series(1, 100) n")
    moment = sql("orders", "SELECT pg_sleep(1); SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', "
                           "'YYYY-MM-DD HH24:MI:SS.US')").splitlines()[-1]
    sql("orders", "SELECT pg_sleep(1)")
    sql("orders", "DROP TABLE orders")
    return moment


def restore(walk, name, moment):
    page = walk.page
    walk.go("/portal/servers/demo/orders")
    walk.look("overview")
    page.get_by_role("link", name="Restore", exact=True).click()
    check("the wizard has Azure's title", page.get_by_role("heading", level=1).inner_text()
          == "Create Azure Database for PostgreSQL flexible server - Restore server")
    page.get_by_label("Select a custom restore point").check()
    day, clock = moment.split(" ")
    page.get_by_label("Day (UTC)", exact=True).select_option(day)
    page.get_by_label("Time of day (UTC)", exact=True).fill("99:99")
    page.locator("#name").fill(name)
    page.get_by_role("button", name="Review + create").click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("restore")
    page.get_by_label("Time of day (UTC)", exact=True).fill(clock)
    page.get_by_label("Delete the copy").select_option("24")
    page.get_by_role("button", name="Review + create").click()
    text = page.inner_text("main")
    check("the plan says what is left out", re.search("DROP TABLE.*orders", text, re.I) is not None, text)
    check("the plan is a command, too", "pitr restore -g demo" in text and "az postgres" in text, text)
    walk.look("review")
    page.get_by_role("button", name="Create").dblclick()
    page.wait_for_url("**/portal/deployments/*")
    walk.complete()
    walk.look("deployment")
    text = page.inner_text("main")
    check("the copy is proved", "Evidence" in text and "Base backup" in text)
    check("it is said that no firewall rules were taken over", "no firewall rules" in text, text)
    page.get_by_role("button", name="Keep").click()
    walk.complete()
    walk.go(f"/portal/servers/demo/{name}")
    check("a kept copy has no end", "Is deleted" not in page.inner_text("main"))
    page.get_by_role("link", name="Networking").click()
    check("the copy has no firewall rules of its source", "None" in page.inner_text("main"))
    page.get_by_label("Firewall rule name").fill("nowhere")
    page.get_by_label("Start IP address").fill("300.1.1.1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_be_visible()
    check("a refused rule still stands there", page.get_by_label("Start IP address").input_value() == "300.1.1.1")
    walk.look("networking")
    page.get_by_role("button", name="Add current client IP address").click()
    walk.complete()
    rows = sql(name, "SELECT count(*), sum(n) FROM orders")
    check("the copy has the rows, with the login and the password of the source", rows == "100|5050", rows)


def without_script(browser, base):
    walk = Walk(browser, base, "without JavaScript", java_script_enabled=False)
    page = walk.page
    walk.sign_in()
    walk.go("/portal/servers/demo/orders/restore")
    page.get_by_label("Select Fast restore point (Restore using full backup only)").check()
    page.locator("#name").fill("orders-fast")
    page.get_by_role("button", name="Review + create").click()
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/portal/deployments/*")
    walk.complete()
    walk.go("/portal/servers/demo/orders/restore")
    page.locator("#name").fill("orders-now")
    page.get_by_role("button", name="Review + create").click()
    page.get_by_role("button", name="Create").click()
    walk.complete()
    page.get_by_role("link", name="Go to resource").click()
    check("without JavaScript the page follows a restore, too", "Ready" in page.inner_text("main"))
    walk.go("/portal/servers/demo/orders-fast/delete")
    page.get_by_label("I have read and understand").check()
    page.get_by_label("Type the server's name").fill("orders-fast")
    page.get_by_role("button", name="Delete").click()
    walk.complete()
    walk.end()


def reader(browser, base):
    secret = pitr("identity", "create", "-n", "rea", "--role", "Reader", "-o", "json")
    walk = Walk(browser, base, "a reader")
    page = walk.page
    walk.go("/portal")
    walk.look("sign-in")
    page.get_by_label("Name or client id").fill("rea")
    page.get_by_label("Secret").fill(re.search(r'"password": ?"([^"]+)"', secret)[1])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(base + "/portal")
    check("a reader sees no button to create", page.get_by_role("link", name="Create server").count() == 0)
    walk.look("servers")
    walk.go("/portal/servers/demo/orders")
    check("a reader sees no button to restore", page.get_by_role("link", name="Restore", exact=True).count() == 0)
    answer = walk.go("/portal/servers/demo/orders/restore")
    check("a reader is refused what is typed by hand", answer.status == 403, answer.status)
    walk.end()


def tabs(browser, base):
    """One browser has one stream for all its tabs, and leaves connections for the rest."""
    walk = Walk(browser, base, "eight tabs")
    walk.sign_in()
    walk.go("/portal/notifications")
    walk.look("notifications")
    for _ in range(7):
        walk.context.new_page().goto(base + "/portal")
    check("the eighth tab loads", "orders" in walk.context.pages[-1].inner_text("main"))
    pitr("portal", "--sign-out")
    walk.go("/portal")
    check("signing out from a terminal ends the session", walk.page.url.endswith("/portal/sign-in"))
    walk.end()


def backups(walk):
    """A backup on demand, a restore that begins at its row, and its end."""
    page = walk.page
    walk.go("/portal/servers/demo/orders/backups")
    page.get_by_role("button", name="Backup").click()
    expect(page.get_by_role("alert")).to_contain_text("Burstable")
    page.get_by_role("link", name="Compute + storage").click()
    page.get_by_label("General Purpose").check()
    page.get_by_role("button", name="Save").click()
    walk.complete()
    walk.go("/portal/servers/demo/orders/backups")
    page.get_by_label("Backup name").fill("before-release")
    page.get_by_role("button", name="Backup").click()
    walk.complete()
    walk.go("/portal/servers/demo/orders/backups")
    walk.look("backups")
    page.get_by_role("link", name="Automatic").click()
    check("the filter leaves the automatic ones", "before-release" not in page.inner_text("table"))
    page.get_by_role("link", name="On-demand").click()
    page.get_by_role("link", name="Restore before-release").click()
    check("a restore from a row has chosen it",
          page.get_by_label("Fast Restore point (UTC)").input_value() == "before-release")
    page.go_back()
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    walk.complete()
    walk.go("/portal/servers/demo/orders/backups?type=On-demand")
    check("a backup on demand can be deleted", "No such backup" in page.inner_text("main"))


def strangers(browser, base):
    """A cookie in the hands of another account, a name from elsewhere, a page that sends our forms."""
    walk = Walk(browser, base, "beside strangers")
    walk.sign_in()
    cookie = next(c for c in walk.context.cookies() if c["name"] == "__Host-pitr")
    check("the cookie is for this server's pages alone",
          cookie["secure"] and cookie["httpOnly"] and cookie["sameSite"] == "Strict", cookie)
    ask = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Cookie: __Host-pitr={cookie['value']}"]

    def status(*arguments):
        return subprocess.run([*arguments], capture_output=True, text=True, timeout=30).stdout

    check("the owner's cookie works", status(*ask, base + "/portal") == "200")
    port = base.rsplit(":", 1)[1]
    seen = status(*ask, "--resolve", f"evil.example:{port}:127.0.0.1", f"https://evil.example:{port}/portal")
    check("a name from elsewhere gets nothing", seen == "421", seen)
    walk.page.goto("data:text/html,<title>elsewhere</title>")
    walk.page.evaluate(
        """address => { const form = document.createElement("form"); form.method = "post"; form.action = address;
        document.body.append(form); form.submit() }""", base + "/portal/sign-out")
    walk.page.wait_for_url(base + "/**")
    check("a form from another page is refused", "another site" in walk.page.inner_text("main"))
    walk.go("/portal")
    check("and has ended nothing", walk.page.url.endswith("/portal"))
    if os.geteuid() == 0:
        seen = status("setpriv", "--reuid=65534", "--clear-groups", *ask, base + "/portal")
        check("another account with the cookie is sent to sign in", seen == "303", seen)
        walk.go("/portal")
        check("and the session has ended", walk.page.url.endswith("/portal/sign-in"))
    walk.end()


def moments(walk):
    """What has two meanings is not guessed, and what is too early or still to come is refused in place."""
    page = walk.page
    for words, answer in (("2026-10-25 02:30 Europe/Paris", "showed it 2 times"), ("2020-01-01 00:00:00Z", "earliest"),
                          ("2099-01-01 00:00:00Z", "still to come"), ("soon", "date format")):
        walk.go("/portal/servers/demo/orders/restore")
        page.get_by_label("Select a custom restore point").check()
        page.locator("#name").fill("orders-odd")
        page.get_by_label("or in words").fill(words)
        page.get_by_role("button", name="Review + create").click()
        expect(page.get_by_role("alert")).to_contain_text(re.compile(answer, re.I))
        check(f"'{words}' is refused, and still stands there",
              page.get_by_label("or in words").input_value() == words, page.inner_text("[role=alert]"))


def killed(walk, daemon, port):
    """The daemon is killed in the middle of a restore; the browser goes on where it was."""
    page = walk.page
    walk.go("/portal/servers/demo/orders/restore")
    page.locator("#name").fill("orders-killed")
    page.get_by_role("button", name="Review + create").click()
    page.get_by_role("button", name="Create").click()
    page.wait_for_url("**/portal/deployments/*")
    daemon.kill()
    daemon.wait(timeout=30)
    daemon = serve(port)
    page.goto(page.url)
    walk.complete()
    check("a restore goes on without the daemon, and the session beyond it", True)
    # The stream was cut off with the daemon; the browser says so.
    walk.complaints = [text for text in walk.complaints if "ERR_" not in text]
    return daemon


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def serve(port):
    log = open(os.path.join(SCRATCH, "serve.log"), "a")
    process = subprocess.Popen([PITR, "serve", "--port", str(port)], stdout=log, stderr=log)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process
        time.sleep(0.1)
    raise RuntimeError("pitr serve does not listen")


def trust():
    """As the guide has it for Chromium: the machine's authority in the user's certificate store."""
    store = os.path.join(os.environ["HOME"], ".pki/nssdb")
    os.makedirs(store)
    for arguments in (["-N", "--empty-password"],
                      ["-A", "-t", "C,,", "-n", "pitr", "-i", os.environ["PITR_HOME"] + "/ca/ca.crt"]):
        subprocess.run(["certutil", "-d", "sql:" + store, *arguments], check=True)


def main():
    port = free_port()
    base = f"https://127.0.0.1:{port}"
    daemon = serve(port)
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    try:
        with sync_playwright() as playwright:
            def launch():
                return playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
            browser = launch()
            try:
                browser.new_page().goto(base + "/portal")
                check("without the authority the browser refuses", False)
            except Error as error:
                check("without the authority the browser refuses", "ERR_CERT" in str(error), error)
            browser.close()
            trust()
            browser = launch()
            walk = Walk(browser, base, "the walk")
            walk.sign_in()
            create(walk)
            retention(walk)
            wait_until_restorable(walk)
            moment = accident()
            restore(walk, "orders-before", moment)
            moments(walk)
            backups(walk)
            daemon = killed(walk, daemon, port)
            without_script(browser, base)
            reader(browser, base)
            walk.end()
            strangers(browser, base)
            tabs(browser, base)
            begun = time.monotonic()
            daemon.send_signal(signal.SIGTERM)
            status = daemon.wait(timeout=30)
            took = time.monotonic() - begun
            check("SIGTERM ends the daemon within two seconds, beside open streams", status == 0 and took < 2,
                  (status, took))
    finally:
        if daemon.poll() is None:
            daemon.terminate()
            daemon.wait(timeout=30)
        print(f"# {count} checks, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


main()
