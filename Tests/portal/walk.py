"""The portal as a person walks it, in Debian's chromium: the steps of docs/guide/portal.md."""

import contextlib
import datetime
import difflib
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, expect, sync_playwright

PITR = os.path.join(os.environ["BIN"], "pitr")
SCRATCH = os.environ["PITR_PORTAL_SCRATCH"]
SHOTS = os.environ.get("SHOTS")
PICTURES = os.environ.get("PICTURES")
PASSWORD = "Portal-4711"
# What a page asks for by itself comes when the machine has time for it.
expect.set_options(timeout=30000)
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


def identity(server):
    """The server's own id, by which its folders are called."""
    return re.search(r'"local": ?\{.*?"id": ?"([0-9a-f]+)"', pitr("show", "-g", "demo", "-n", server, "-o", "json"),
                     re.DOTALL)[1]


def sql(server, text, file=None):
    """One statement, or a file, over TCP and TLS, as the admin with the password that was typed into the portal."""
    where = pitr("show", "-g", "demo", "-n", server, "-o", "json")
    host = re.search(r'"host": ?"([^"]+)"', where)[1]
    port = re.search(r'"port": ?(\d+)', where)[1]
    done = subprocess.run(
        ["psql", "-XAtw", f"host={host} port={port} user=ann dbname=postgres sslmode=require",
         *(["-f", file] if file else ["-c", text])],
        capture_output=True, text=True, timeout=60, env={**os.environ, "PGPASSWORD": PASSWORD})
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return done.stdout.strip()


# What differs from run to run, and what stands for it in the files that the pages are compared with.
VOLATILE = [(re.compile(pattern), word) for pattern, word in (
    (r"[\w.-]+ \(uid \d+\)", "CALLER"),
    (r"127\.\d+\.\d+\.\d+(:\d+)?", "ADDRESS"),
    (r"FirewallIPAddress_[\d_-]+", "RULE"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?( UTC|Z| ?[+-]\d\d(:?\d\d)?)?", "TIME"),
    (r"\d{4}-\d\d-\d\d", "DAY"),
    (r"\b\d\d:\d\d(:\d\d(\.\d+)?)?", "CLOCK"),
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID"),
    (r"\b[0-9a-f]{16}\b", "ID"),
    (r"\b[0-9A-F]{24}\b(\.[0-9A-F]{8}\.backup)?", "SEGMENT"),
    (r"\d+ segments?\b|\d+, (the last one )?SEGMENT( to SEGMENT)?", "SEGMENTS"),
    (r"\b[0-9A-F]{1,8}(/|%2F)[0-9A-F]{1,8}\b", "LSN"),
    (r"backup_\d+", "BACKUP"),
    (r"\d+(\.\d+)? ?(B|[kKMG]i?B|bytes)\b", "SIZE"),
    (r"\d+(\.\d+)? ?(ms|s|min|h|seconds?|minutes?|hours?|days?)\b", "SPAN"),
    (r"\b1\d\.\d+\b", "VERSION"),
    (r"\b1[5-9]\b", "VERSION"),
    (r"\d{3,}", "NUMBER"))]
ARIA = os.path.join(os.path.dirname(__file__), "../../fixtures/portal")
# The pages that were compared.
read_aloud = set()
# Where rows depend on what the server happened to do just then: the first of them with these words stands for all.
ONE_ROW = {"activity": "Succeeded", "explain": "Transaction/COMMIT", "explain-made": "Transaction/COMMIT",
           "family": "orders-before", "notifications": "Succeeded", "parameters": "application_name",
           "servers": "orders-before", "timeline": "DROP TABLE public.orders",
           "timeline-cut": "DROP TABLE public.orders"}


def with_one_row(snapshot, words):
    """The snapshot with that row alone of each table's body."""
    lines, kept, skipped, is_found = snapshot.split("\n"), [], None, False
    for place, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if skipped is not None and depth > skipped:
            continue
        skipped = None
        role = re.match(r"- '?(\w+)", line.lstrip())
        if role and role[1] == "table":
            is_found = False
        is_body = "columnheader" not in (lines[place + 1] if place + 1 < len(lines) else "")
        if role and role[1] == "row" and is_body:
            if is_found or words not in line:
                skipped = depth
                continue
            is_found = True
        kept.append(line)
    return "\n".join(kept)


def folded(snapshot):
    """The snapshot without the weeks of a calendar, which are others every day; 'calendar' looks at them."""
    kept, skipped = [], None
    for line in snapshot.split("\n"):
        depth = len(line) - len(line.lstrip())
        if skipped is not None and depth > skipped:
            continue
        skipped = depth if line.lstrip().startswith('- radiogroup "Day (UTC)"') else None
        kept.append(line)
    return "\n".join(kept)


def compare_aria(name, snapshot):
    """The page as a screen reader meets it, against the file that was kept of it."""
    read_aloud.add(name)
    snapshot = folded(snapshot)
    if name in ONE_ROW:
        snapshot = with_one_row(snapshot, ONE_ROW[name])
    for pattern, word in VOLATILE:
        snapshot = pattern.sub(word, snapshot)
    path = os.path.join(ARIA, name + ".yaml")
    if os.environ.get("RECORD"):
        os.makedirs(ARIA, exist_ok=True)
        with open(path, "w") as file:
            file.write(snapshot + "\n")
        return
    if not os.path.exists(path):
        check(f"it is kept how {name} reads ('RECORD=1 Scripts/portal' does so)", False)
        return
    with open(path) as file:
        kept = file.read()
    changes = difflib.unified_diff(kept.splitlines(), snapshot.splitlines(), "kept", "now", lineterm="", n=1)
    check(f"{name} reads as it did ('RECORD=1 Scripts/portal' keeps it as it is now)", kept == snapshot + "\n",
          "\n".join(changes))


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
        try:
            return self.page.goto(self.base + path)
        except Error as failure:
            # A page that follows a deployment loads itself anew when that ends, maybe just now.
            if "interrupted by another navigation" not in failure.message:
                raise
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
        # The script adds buttons to copy, and before them the line that it reads out.
        page.locator("main > .unseen[role=status]").wait_for(state="attached")
        compare_aria(name, page.locator("main").aria_snapshot())
        for scheme, width in (("light", 1200), ("dark", 1200), ("light", 320)):
            page.emulate_media(color_scheme=scheme)
            page.set_viewport_size({"width": width, "height": 800})
            if SHOTS:
                page.screenshot(path=f"{SHOTS}/{name}-{scheme}-{width}.png", full_page=True)
            over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            check(f"{name} fits into {width} pixels", over <= 0, over)
            found = Axe().run(page).response["violations"]
            check(f"axe finds nothing on {name}, {scheme}, {width}", not found,
                  [(v["id"], [(n["html"][:120], n.get("failureSummary")) for n in v["nodes"][:2]]) for v in found])
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": 1200, "height": 800})

    def picture(self, name):
        """The page as the guide shows it."""
        if PICTURES:
            self.page.set_viewport_size({"width": 1200, "height": 1000})
            self.page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
            self.page.mouse.move(0, 0)
            self.page.screenshot(path=f"{PICTURES}/{name}.png")
            self.page.set_viewport_size({"width": 1200, "height": 800})

    def complete(self):
        """Waits on a deployment's page, which follows it by itself."""
        expect(self.page.get_by_text("Your deployment is complete")).to_be_visible(timeout=120000)

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
    page.get_by_role("button", name="Review + create").click()
    expect(page.get_by_role("alert")).to_contain_text("the two passwords differ")
    check("what was typed is still there", page.get_by_label("Server name").input_value() == "orders")
    page.locator("#password").fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Review + create").click()
    text = page.inner_text("main")
    check("what will be made is shown first", "demo (new)" in text and "9" in text and "owner=<b>ann</b>" in text, text)
    check("the password is not on that page", PASSWORD not in page.content())
    walk.look("create-review")
    page.get_by_role("button", name="Previous").click()
    check("the way back keeps what was typed", page.get_by_label("Server name").input_value() == "orders"
          and page.get_by_label("Backup retention period (in days)").input_value() == "9")
    page.locator("#password").fill(PASSWORD)
    page.get_by_label("Confirm password").fill(PASSWORD)
    page.get_by_role("button", name="Review + create").click()
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
    slider = page.get_by_role("slider", name="Retention in days")
    slider.focus()
    both = [(slider.input_value(), field.input_value())]
    page.keyboard.press("ArrowRight")
    both.append((slider.input_value(), field.input_value()))
    page.keyboard.press("End")
    both.append((slider.input_value(), field.input_value()))
    field.fill("14")
    both.append((slider.input_value(), field.input_value()))
    check("the slider and the box beside it hold the same value",
          both == [(days, days) for days in ("9", "10", "35", "14")], both)
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
    until = time.monotonic() + 120
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
    sql("orders", 'CREATE TABLE "<img src=x onerror=alert(1)>" ()')
    pitr("restore-point", "create", "-g", "demo", "-s", "orders", "-n", "</svg><i>release</i>")
    return moment


def timeline(walk, moment):
    """The handle by keyboard, by an event and by a text; the copy has what the plan under it says."""
    page = walk.page
    walk.go("/portal/servers/demo/orders")
    page.get_by_role("link", name="Timeline").click()
    slider = page.get_by_role("slider", name="Moment to restore to")
    walk.look("timeline")
    check("names from the server stay text", page.get_by_text("<img src=x onerror=alert(1)>").count() > 0
          and page.locator("main img").count() == 0)
    slider.focus()
    page.keyboard.press("End")
    for _ in range(20):
        page.keyboard.press("Control+ArrowLeft")
        if "just before DROP TABLE public.orders" in slider.get_attribute("aria-valuetext"):
            break
    said = slider.get_attribute("aria-valuetext")
    check("the keyboard goes from event to event", "just before DROP TABLE public.orders" in said, said)
    result = page.locator("#cut-result")
    expect(result.locator(".outside")).to_contain_text("DROP TABLE public.orders")
    walk.look("timeline-cut")
    walk.picture("portal-timeline")
    slider.focus()
    typed = page.get_by_label("The state at")
    before = typed.input_value()
    page.keyboard.press("ArrowLeft")
    earlier = typed.input_value()
    page.keyboard.press("ArrowRight")
    check("a second there and back is the same microsecond", typed.input_value() == before != earlier,
          (before, earlier, typed.input_value()))
    # The plan is asked for when the handle has rested, and changes the page's address.
    expect(result).not_to_have_attribute("aria-busy", "true")
    page.get_by_label("Time zone").select_option("local")
    check("another zone shows the same instant", re.search("[+]0[12]:00$", typed.input_value()) is not None,
          typed.input_value())
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#cut-result .cut")).to_be_visible()
    check("and gives it back unchanged", before in page.inner_text("#cut-result"), page.inner_text("#cut-result"))
    for words, said in (("2026-10-25 02:30", 2), ("2020-01-01 00:00", 0), ("soon", 0)):
        page.get_by_label("The state at").fill(words)
        page.get_by_label("Time zone").select_option("local")
        page.get_by_role("button", name="Show").click()
        expect(page.locator("#cut-result .notice")).to_be_visible()
        check(f"'{words}' is refused in place, with {said} readings",
              page.locator("#cut-result .notice a").count() == said
              and page.get_by_label("The state at").input_value() == words)
    page.get_by_label("The state at").fill(moment)
    page.get_by_label("Time zone").select_option("UTC")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#cut-result .outside")).to_contain_text("DROP TABLE public.orders")
    page.get_by_label("Time zone").select_option("local")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#cut-result .outside")).to_contain_text("DROP TABLE public.orders")
    page.get_by_role("link", name="Restore to here").click()
    fields = page.locator(".calendar input:checked"), page.get_by_label("Time of day (UTC)")
    check("a moment that was typed in another zone is the same one on Restore",
          " ".join(field.input_value() for field in fields) == moment, page.inner_text("main"))
    page.go_back()
    page.get_by_label("Time zone").select_option("UTC")
    page.get_by_label("The state at").fill(moment)
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#cut-result .outside")).to_contain_text("DROP TABLE public.orders")
    page.get_by_role("link", name="Zoom in").click()
    page.locator("#scrub").focus()
    page.keyboard.press("+")
    page.wait_for_url("**#scrub")
    check("a closer look keeps the moment", page.get_by_label("The state at").input_value() == moment,
          page.get_by_label("The state at").input_value())
    second = int(datetime.datetime.fromisoformat(moment + "+00:00").timestamp())
    walk.go(f"/portal/servers/demo/orders/timeline?from={second - 10}000000&to={second + 10}000000")
    check("commits of one minute are told apart", page.locator(".lane.commits rect").count() > 1,
          page.locator(".lane.commits").evaluate("lane => lane.outerHTML"))
    for odd in ("", "-9223372036854775808", "9223372036854775807", "253402300798999999", "%00", "0/0", "'<", "1e9"):
        query = "&".join(f"{field}={odd}" for field in ("from", "to", "at", "before", "find", "rows", "show", "zone"))
        for part in ("", "&part=cut", "&format=json"):
            status = page.evaluate("async address => (await fetch(address)).status",
                                   f"/portal/servers/demo/orders/timeline?{query}{part}")
            check(f"'{odd}' in every field{part} makes no page fail", status < 500, status)
    walk.go("/portal/servers/demo/orders/timeline?find=drop+table+orders&show=drop")
    page.get_by_role("link", name="Just before DROP TABLE public.orders").click()
    expect(result.locator(".outside")).to_contain_text("DROP TABLE public.orders")
    page.get_by_role("link", name="Explain").click()
    walk.look("explain")
    check("a restore is told with its files", "recovery_target_lsn" in page.content(), page.inner_text("main")[:500])
    rows = page.locator("#records tbody tr")
    out = page.locator("#records tr.left")
    check("the records on both sides of the cut are told, at most fifty",
          0 < out.count() < rows.count() <= 50 and "public.orders" in page.inner_text("#records"),
          page.inner_text("#records"))
    around = [row.split("\n")[0] for row in page.locator("#records tbody th").all_inner_texts()]
    page.get_by_role("link", name="Earlier records").click()
    earlier = page.locator("#records tbody th").all_inner_texts()
    page.get_by_role("link", name="Later records").click()
    check("and one steps back and on again without missing one", 0 < len(earlier) <= 50
          and page.locator("#records tbody th").first.inner_text() == around[0], (earlier[-1:], around[:1]))
    page.get_by_role("link", name="Around the cut").click()
    for odd in ("", "x", "0/0", "FFFFFFFF/FFFFFFFF", "%00"):
        for way in ("back", "on"):
            status = page.evaluate("async address => (await fetch(address)).status", f"{page.url.split('#')[0]}&{way}={odd}")
            check(f"'{odd}' as the position to step {way} from makes no page fail", status < 500, status)
    explained = page.url.split("#")[0]
    end = sql("orders", "SELECT pg_logical_emit_message(true, 'walk', repeat('x', 3 << 20))")
    page.goto(f"{explained}&back={end}")
    check("one steps back over a record that is larger than what is looked through at first",
          "LogicalMessage" in page.locator("#records tbody tr").last.inner_text(), page.inner_text("#records"))
    page.goto(explained)
    page.get_by_role("link", name="Back to the timeline").click()
    expect(result.locator(".outside")).to_contain_text("DROP TABLE public.orders")
    page.get_by_role("link", name="Restore to here").click()
    check("the event goes along to Restore", page.get_by_label("Here only: just before the event").is_checked())
    page.locator("#name").fill("orders-event")
    page.get_by_label("Let this machine").check()
    page.get_by_role("button", name="Review + create").click()
    check("the plan is the one that was shown", "DROP TABLE public.orders" in page.inner_text(".outside")
          and "--exclusive" in page.inner_text("main"), page.inner_text("main"))
    page.get_by_role("button", name="Create").click()
    walk.complete()
    rows = sql("orders-event", "SELECT count(*), sum(n) FROM orders")
    check("a copy from an event has the rows from before it", rows == "100|5050", rows)
    walk.go("/portal/servers/demo/orders-event")
    page.get_by_role("link", name="Explain how it was made").click()
    check("a restore that was made is told with what PostgreSQL logged, and with the source's records",
          "What PostgreSQL logged" in page.inner_text("main") and page.locator("#records tr.left").count() > 0,
          page.inner_text("main"))
    walk.look("explain-made")


def calendar(walk, day):
    """By keyboard, a day before and a week before, with days that this server cannot be restored to yet."""
    page = walk.page
    chosen = page.locator(".calendar input:checked")
    page.evaluate("document.querySelectorAll('.calendar input').forEach(day => day.disabled = false)")
    days = page.locator(".calendar input").evaluate_all("days => days.map(day => day.value)")
    place = days.index(day)
    page.get_by_role("radio", name=day).focus()
    for key, step in (("ArrowLeft", -1), ("ArrowRight", 1), ("ArrowDown", 7), ("ArrowUp", -7)):
        expected = place + step if 0 <= place + step < len(days) else place
        # At the edges a choice of the browser goes on at the other end.
        page.keyboard.press(key)
        if abs(step) == 1:
            expected = (place + step) % len(days)
        check(f"{key} moves by {step} days, and leaves the time of day",
              chosen.input_value() == days[expected] and page.get_by_label(
                  "Time of day (UTC)", exact=True).input_value() == "99:99", chosen.input_value())
        place = expected
    page.get_by_role("radio", name=day).check()


def restore(walk, name, moment):
    page = walk.page
    walk.go("/portal/servers/demo/orders")
    walk.look("overview")
    page.get_by_role("link", name="Restore", exact=True).click()
    check("the wizard has Azure's title", page.get_by_role("heading", level=1).inner_text()
          == "Create Azure Database for PostgreSQL flexible server - Restore server")
    page.get_by_label("Select a custom restore point").check()
    day, clock = moment.split(" ")
    open_days = page.locator(".calendar input:enabled")
    check("the days of the window can be chosen, and no others", day in open_days.evaluate_all(
        "days => days.map(day => day.value)") and open_days.count() <= 2
          and page.locator(".calendar input").count() >= 28, open_days.count())
    page.get_by_role("radio", name=day).check()
    page.get_by_label("Time of day (UTC)", exact=True).fill("99:99")
    page.locator("#name").fill(name)
    page.get_by_role("button", name="Review + create").click()
    expect(page.get_by_role("alert")).to_be_visible()
    walk.look("restore")
    calendar(walk, day)
    page.get_by_label("Time of day (UTC)", exact=True).fill(clock)
    page.get_by_label("Delete the copy").select_option("24")
    page.get_by_role("button", name="Review + create").click()
    text = page.inner_text("main")
    check("the plan says what is left out", re.search("DROP TABLE.*orders", text, re.I) is not None, text)
    check("the plan is a command, too", "pitr restore -g demo" in text and "az postgres" in text, text)
    walk.look("review")
    walk.picture("portal-review")
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
    page.get_by_role("button", name="Add 0.0.0.0 - 255.255.255.255").click()
    walk.complete()
    walk.go(f"/portal/servers/demo/{name}/networking")
    check("every address is one button, once",
          "255.255.255.255" in page.get_by_role("row", name="AllowAll").inner_text()
          and page.get_by_role("button", name="Add 0.0.0.0").count() == 0, page.inner_text("main"))
    page.get_by_role("button", name="Delete AllowAll").click()
    walk.complete()
    walk.go(f"/portal/servers/demo/{name}/networking")
    page.get_by_role("button", name="Add current client IP address").click()
    walk.complete()
    rows = sql(name, "SELECT count(*), sum(n) FROM orders")
    check("the copy has the rows, with the login and the password of the source", rows == "100|5050", rows)


def without_script(browser, base):
    walk = Walk(browser, base, "without JavaScript", java_script_enabled=False)
    page = walk.page
    walk.sign_in()
    walk.go("/portal/servers/demo/orders/compute")
    check("without JavaScript the retention is a box, and no slider that would not follow it",
          page.get_by_role("slider").count() == 0
          and page.get_by_label("Backup retention period (in days)").input_value() == "14")
    walk.go("/portal/servers/demo/orders/timeline")
    page.get_by_label("The state at").fill("1 second ago")
    page.get_by_role("button", name="Show").click()
    check("without JavaScript a typed moment has its plan", page.locator("#cut-result .cut").count() == 1,
          page.inner_text("#cut"))
    page.get_by_role("link", name="Just before DROP TABLE public.orders").click()
    check("and so has an event", "DROP TABLE public.orders" in page.inner_text("#cut .outside"))
    page.get_by_role("link", name="Restore to here").click()
    check("and both lead to Restore", page.get_by_label("Here only: just before the event").is_checked())
    walk.go("/portal/servers/demo/orders/restore")
    page.get_by_label("Select a custom restore point").check()
    clock = page.get_by_label("Time of day (UTC)").input_value()
    day = page.locator(".calendar input:checked").input_value()
    page.locator("#name").fill("orders-day")
    page.get_by_role("button", name="Review + create").click()
    text = page.inner_text("main")
    check("without JavaScript a day of the calendar is chosen", f"The state at {day} {clock}" in text, text)
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
    walk.go("/portal/servers/demo/orders/timeline?at=1+second+ago")
    check("a reader sees what a restore would give, and no button", page.locator("#cut-result .cut").count() == 1
          and page.get_by_role("link", name="Restore to here").count() == 0)
    for path in ("servers/demo/orders/parameters?name=work_mem", "servers/demo/orders/databases",
                 "servers/demo/orders/drills", "servers/demo/orders/undo", "servers/demo/orders/compare",
                 "deleted", "access"):
        walk.go("/portal/" + path)
        check(f"a reader sees no button on {path}", page.locator("main").get_by_role("button").filter(
            has_not_text=re.compile("Search|Copy")).count() == 0, page.inner_text("main"))
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
    page.get_by_role("button", name="Verify now").click()
    walk.complete()
    page.get_by_role("link", name="Go to the archive").click()
    text = page.inner_text("main")
    check("the archive is verified, and when", "The WAL archive was complete." in text and "Last verified" in text,
          text)
    walk.look("backups-verified")
    archive = sorted(pathlib.Path(os.environ["PITR_HOME"], "repository").glob(
        f"{identity('orders')}/wal/*/*[0-9A-F].zst"))[1]
    archive.rename(archive.with_suffix(".away"))
    page.get_by_role("button", name="Verify now").click()
    page.get_by_role("link", name="Go to the archive").click(timeout=60000)
    archive.with_suffix(".away").rename(archive)
    check("and a missing segment is named", f"{archive.stem} is missing" in page.inner_text("main"),
          page.inner_text("main"))
    walk.go("/portal/servers/demo/orders/backups")
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


def settings(walk):
    """Server parameters and Databases: what is changed is a deployment, and what is refused stays."""
    page = walk.page
    walk.go("/portal/servers/demo/orders/parameters")
    walk.look("parameters")
    page.get_by_label("Search by name or description").fill("work_mem")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Change work_mem", exact=True).click()
    walk.look("parameter")
    page.get_by_label("Value").fill("5120")
    page.get_by_role("button", name="Save").click()
    walk.complete()
    walk.go("/portal/servers/demo/orders/parameters?show=modified")
    check("a changed parameter is among the modified ones", "5120" in page.inner_text("table"), page.inner_text("main"))
    walk.go("/portal/servers/demo/orders/parameters?name=work_mem&search=work_mem")
    page.get_by_role("button", name="Reset to default").click()
    walk.complete()
    check("and holds", sql("orders", "SHOW work_mem") != "5MB")
    walk.go("/portal/servers/demo/orders/databases")
    page.get_by_label("Name").fill("shop")
    page.get_by_role("button", name="Add").click()
    walk.complete()
    walk.go("/portal/servers/demo/orders/databases")
    walk.look("databases")
    page.locator("summary", has_text="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    walk.complete()
    walk.go("/portal/servers/demo/orders/databases")
    check("a database is added and deleted", "shop" not in page.inner_text("main"), page.inner_text("main"))


def repair(walk):
    """Taking a transaction back, from a preview to the script; and two servers compared."""
    page = walk.page
    hostile = "<img src=x onerror=alert(1)>"
    sql("orders", "CREATE TABLE taken (id int PRIMARY KEY, note text); "
                  "INSERT INTO taken SELECT g, 'old ' || g FROM generate_series(1, 30) g")
    sql("orders", f"UPDATE taken SET note = '{hostile}'")
    sql("orders", "UPDATE taken SET note = 'newer' WHERE id = 7")
    walk.go("/portal/servers/demo/orders/undo")
    walk.look("undo")
    page.get_by_label("or what it did").fill("update somewhere else")
    page.get_by_role("button", name="Preview").click()
    check("what is no event is told, and nothing typed is lost",
          page.get_by_label("or what it did").input_value() == "update somewhere else")
    page.get_by_label("or what it did").fill("")
    page.get_by_label("or committed after").fill("10 seconds ago")
    page.get_by_role("button", name="Preview").click()
    check("half a time is told", "one of the two times is missing" in page.inner_text("main"), page.inner_text("main"))
    xid = sql("orders", "SELECT xmin FROM taken WHERE id = 1").strip()
    walk.go(f"/portal/servers/demo/orders/undo?xid={xid}")
    page.get_by_role("button", name="Preview").click()
    walk.complete()
    page.get_by_role("link", name="Go to the result").click()
    walk.look("undo-preview")
    text = page.inner_text("main")
    check("verdicts are counted", "restorable" in text and "conflict" in text, text)
    check("a value is text, and what was written since is marked",
          hostile in text and page.locator("mark", has_text="newer").count() == 1, text)
    page.get_by_label("Rows in conflict", exact=True).select_option("skip")
    page.get_by_role("button", name="Write and prove the script").click()
    walk.complete()
    page.get_by_role("link", name="Go to the result").click()
    walk.look("undo-result")
    check("the proof is said plainly", "exactly 29 rows changed as planned" in page.inner_text("main"),
          page.inner_text("main"))
    with page.expect_download() as download:
        page.get_by_role("link", name="repair.sql").click()
    with open(download.value.path()) as script:
        check("the script is a download", "ON_ERROR_STOP" in script.read())
    every_one(walk)
    many_conflicts(walk)
    walk.go("/portal/servers/demo/orders/compare")
    page.get_by_label("With").select_option(index=0)
    page.get_by_label("Tables").fill("taken")
    page.get_by_role("button", name="Compare").click()
    walk.complete()
    page.get_by_role("link", name="Go to the result").click()
    walk.look("compare-result")
    check("what differs is told", "They differ" in page.inner_text("main"), page.inner_text("main"))
    walk.go("/portal/servers/demo/orders/compare")
    walk.look("compare")


def every_one(walk):
    """All that did the same: the script takes back those that were shown, and says what came after."""
    page = walk.page
    sql("orders", "CREATE TABLE again (id int PRIMARY KEY, n int); INSERT INTO again SELECT g, g "
                  "FROM generate_series(1, 10) g")
    sql("orders", "UPDATE again SET n = n + 100")
    sql("orders", "UPDATE again SET n = 0 WHERE id < 4")
    walk.go("/portal/servers/demo/orders/undo")
    page.get_by_label("or what it did").fill("update again")
    page.get_by_label("where several did so").select_option("every")
    page.get_by_role("button", name="Preview").click()
    walk.complete()
    page.get_by_role("link", name="Go to the result").click()
    check("a preview of every one finds both", "2 transactions" in page.inner_text("h1"), page.inner_text("h1"))
    later = sql("orders", "UPDATE again SET n = 5 WHERE id = 9 RETURNING pg_current_xact_id()").splitlines()[0]
    page.get_by_label("Rows in conflict", exact=True).select_option("skip")
    page.get_by_role("button", name="Write and prove the script").click()
    walk.complete()
    page.get_by_role("link", name="Go to the result").click()
    text = page.inner_text("main")
    check("the script takes back what was shown", "exactly 9 rows changed as planned" in text, text)
    check("what did the same since is told", f"not taken back: {later}." in text, text)


def many_conflicts(walk):
    """More rows in conflict than a page shows: what is chosen on one page is still chosen on the next."""
    page = walk.page
    sql("orders", "CREATE TABLE many (id int PRIMARY KEY, note text); INSERT INTO many SELECT g, 'old ' || g "
                  "FROM generate_series(1, 70) g")
    xid = sql("orders", "WITH done AS (UPDATE many SET note = 'wrong' RETURNING 1) "
                        "SELECT pg_current_xact_id() FROM done LIMIT 1").splitlines()[0]
    sql("orders", "UPDATE many SET note = 'newer ' || id WHERE id <= 60")
    walk.go(f"/portal/servers/demo/orders/undo?xid={xid}")
    page.get_by_role("button", name="Preview").click()
    walk.complete()
    page.get_by_role("link", name="Go to the result").click()
    check("the first page of rows in conflict is shown", "Rows in conflict 1 to 25 of 60" in page.inner_text("main"),
          page.inner_text("main"))
    page.get_by_label("Decision about id=2", exact=True).select_option("before")
    page.get_by_role("button", name="Next rows in conflict of public.many").click()
    walk.look("undo-page")
    keys = page.locator("#rows0 tbody th").all_inner_texts()
    check("the next page goes on where the first one ends", keys[0].startswith("id=26") and len(keys) == 25, keys)
    check("what is chosen elsewhere is told", "before for 1 row" in page.inner_text("#script"),
          page.inner_text("#script"))
    page.get_by_label("Decision about id=30", exact=True).select_option("before")
    page.get_by_role("button", name="Next rows in conflict of public.many").click()
    page.get_by_label("Decision about id=60", exact=True).select_option("before")
    page.get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Write and prove the script").click()
    check("a refusal keeps the page and all that is chosen", "no table is ticked" in page.inner_text("[role=alert]")
          and page.get_by_label("Decision about id=60", exact=True).input_value() == "before"
          and "before for 2 rows" in page.inner_text("#script"), page.inner_text("main"))
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="First rows in conflict of public.many").click()
    check("and so does the way back",
          page.get_by_label("Decision about id=2", exact=True).input_value() == "before")
    page.get_by_label("The 60 rows in conflict of public.many").select_option("skip")
    page.get_by_role("button", name="Write and prove the script").click()
    walk.complete()
    page.get_by_role("link", name="Go to the result").click()
    check("what was chosen is proved", "exactly 13 rows changed as planned" in page.inner_text("main"),
          page.inner_text("main"))
    with page.expect_download() as download:
        page.get_by_role("link", name="repair.sql").click()
    sql("orders", None, download.value.path())
    back = sql("orders", "SELECT string_agg(id::text, ' ' ORDER BY id) FROM many WHERE note = 'old ' || id")
    check("the script gives the chosen rows back, and no other", back == "2 30 60 61 62 63 64 65 66 67 68 69 70", back)


def beside(walk):
    """The activity log, who may sign in, and a deleted server that comes back."""
    page = walk.page
    walk.go("/portal/activity?search=orders-before")
    walk.look("activity")
    page.locator("summary", has_text="JSON").first.click()
    check("an event is there as JSON", '"operationName"' in page.locator("details[open] pre").first.inner_text())
    repair(walk)
    walk.go("/portal/servers/demo/orders/drills")
    page.get_by_label("By itself").select_option("sat")
    page.get_by_label("at (UTC)").fill("25:00")
    page.get_by_role("button", name="Save the schedule").click()
    check("a time that is none is told", "is no time for drills" in page.inner_text("main"), page.inner_text("main"))
    page.get_by_label("at (UTC)").fill("03:30")
    page.get_by_role("button", name="Save the schedule").click()
    check("a drill is scheduled", "One runs every Saturday at 03:30 UTC" in page.inner_text("main"),
          page.inner_text("main"))
    page.get_by_label("By itself").select_option("")
    page.get_by_role("button", name="Save the schedule").click()
    check("and no more", "None is scheduled" in page.inner_text("main"), page.inner_text("main"))
    page.get_by_role("button", name="Run a drill").click()
    walk.complete()
    walk.go("/portal/servers/demo/orders/drills")
    check("a drill that was run is told", "Passed" in page.inner_text("table"), page.inner_text("main"))
    walk.look("drills")
    page.locator("tbody a").first.click()
    walk.look("drill")
    check("and how far it came", "complete and open" in page.inner_text("table"), page.inner_text("main"))
    walk.go("/portal/access")
    walk.look("access")
    walk.go("/portal/deleted")
    walk.look("deleted")
    walk.go("/portal")
    tree = page.get_by_role("list").filter(has_text="restored").first
    check("the family tree has the copies, and the deleted one that can come back",
          all(name in tree.inner_text() for name in ("orders-before", "orders-event", "orders-fast", "Deleted")),
          page.inner_text("main"))
    walk.look("family")
    walk.go("/portal/deleted")
    page.get_by_role("link", name="Restore orders-fast").click()
    check("its name is free again", page.get_by_label("Server name").input_value() == "orders-fast")
    page.get_by_role("button", name="Restore").click()
    walk.complete()
    page.get_by_role("link", name="Go to resource").click()
    check("a deleted server comes back", "Ready" in page.inner_text("main"), page.inner_text("main"))
    walk.go("/portal/deleted")
    page.get_by_role("link", name="Purge orders-fast").click()
    walk.look("purge")
    page.get_by_label("Type the server's name").fill("orders-slow")
    page.get_by_role("button", name="Purge for good").click()
    check("a purge with another name is refused", "not the server's name" in page.inner_text("[role=alert]"))
    page.get_by_label("Type the server's name").fill("orders-fast")
    page.get_by_role("button", name="Purge for good").click()
    page.wait_for_url("**/portal/deleted")
    check("a deleted server is purged", "orders-fast" not in page.inner_text("main"), page.inner_text("main"))


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


class Practice:
    """'pitr demo --portal' with a state directory of its own, and what it has said so far."""

    def __init__(self):
        self.home = os.path.join(SCRATCH, "practice")
        self.environment = {**os.environ, "PITR_HOME": self.home}
        self.said = ""
        self.process = subprocess.Popen([PITR, "demo", "--portal"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env=self.environment)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.said += line

    def wait(self, words):
        until = time.monotonic() + 120
        while words not in self.said and time.monotonic() < until and self.process.poll() is None:
            time.sleep(0.05)
        check(f"the practice says '{words}'", words in self.said, self.said)

    def pitr(self, *arguments, **environment):
        done = subprocess.run([PITR, *arguments], capture_output=True, text=True, timeout=120,
                              env={**self.environment, **environment})
        return done.stdout + done.stderr

    def end(self):
        """Ctrl-C, in case it has not ended by itself."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


def copy_made(walk, name):
    walk.page.locator("#name").fill(name)
    walk.page.get_by_role("button", name="Review + create").click()
    walk.page.get_by_role("button", name="Create").click()
    walk.complete()


def practised(launch):
    """The three tasks of 'pitr demo --portal', each done wrongly first."""
    practice = Practice()
    try:
        practice.wait("Ctrl-C ends it")
        link = re.search(r"(https://\S+)/portal/sign-in\S+", practice.said)
        trust("practice", practice.home)
        walk = Walk(launch(), link[1], "practice")
        page = walk.page
        page.goto(link[0])
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Practice").click()
        walk.look("practice")
        tasks = "/portal/servers/pitr-demo/orders"
        walk.go(tasks + "/restore")
        copy_made(walk, "orders-late")
        practice.wait("not yet: 'orders-late' has no table 'orders'")
        walk.go("/portal/practice")
        walk.go(tasks + "/timeline?find=drop+table+orders")
        page.get_by_role("link", name="Just before DROP TABLE public.orders").click()
        page.get_by_role("link", name="Restore to here").click()
        copy_made(walk, "orders-back")
        walk.go("/portal/practice")
        practice.wait("done: 'orders-back' has all 20000 orders")
        password = re.search(r"PGPASSWORD='?([^'\s]+)", practice.said)[1]

        def sql(*arguments):
            return practice.pitr("connect", "-g", "pitr-demo", "-n", "orders", "--", "-X", *arguments,
                                 PGPASSWORD=password)
        sql("-c", "UPDATE products SET cents = 1 WHERE id = 7")
        practice.wait("not yet: 999 prices are not what they were")
        expect(page.locator(".notice").get_by_text("999 prices")).to_be_visible()
        check("the page follows by itself", True)
        walk.look("practice-wrong")
        sql("-c", "UPDATE products SET cents = 4711 WHERE id = 7")
        walk.go(tasks + "/timeline?find=products&show=rows")
        page.get_by_role("link", name="Undo UPDATE").first.click()
        page.get_by_role("button", name="Preview").click()
        walk.complete()
        page.get_by_role("link", name="Go to the result").click()
        page.get_by_label("Rows in conflict", exact=True).select_option("skip")
        page.get_by_role("button", name="Write and prove the script").click()
        walk.complete()
        page.get_by_role("link", name="Go to the result").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="repair.sql").click()
        sql("-f", str(download.value.path()))
        practice.wait("done: all prices are back")
        practice.wait("Task 3 of 3")
        for name, said in (("orders-again", "not yet: 'orders-again' is there, and clients look for 'orders'"),
                           ("orders", "done: 'orders' is back")):
            page.wait_for_timeout(500)
            walk.go("/portal/deleted")
            page.get_by_role("link", name="Restore orders", exact=True).click()
            page.get_by_label("Server name").fill(name)
            page.get_by_role("button", name="Restore").click()
            page.wait_for_url("**/portal/deployments/*")
            practice.wait(said)
        walk.go("/portal/practice")
        expect(page.get_by_text("All tasks are done")).to_be_visible()
        # The stream ends with the practice; the browser says so.
        walk.complaints = [text for text in walk.complaints if "ERR_" not in text]
        walk.end()
        check("the practice ends when all is done", practice.process.wait(timeout=60) == 0, practice.said)
    finally:
        practice.end()
    left = practice.pitr("list", "-o", "json") + practice.pitr("list", "--deleted", "-o", "json")
    check("and leaves nothing", left.split() == ["[]", "[]"], left)
    check("not even its group", "pitr-demo" not in practice.pitr("group", "list"))


def free_port():
    """One that no connection gets for its own end: those begin at 32768, and would have it while nobody listens."""
    while True:
        port = random.randrange(20000, 30000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


daemons = []
"""All that were started: whatever fails, none of them is left."""


def serve(port):
    log = open(os.path.join(SCRATCH, "serve.log"), "a")
    # A zone that is not UTC, and that has an hour twice.
    process = subprocess.Popen([PITR, "serve", "--port", str(port)], stdout=log, stderr=log,
                               env={**os.environ, "TZ": "Europe/Paris"})
    daemons.append(process)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process
        time.sleep(0.1)
    raise RuntimeError("pitr serve does not listen")


def trust(name, home):
    """As the guide has it for Chromium: the machine's authority in the user's certificate store."""
    store = os.path.join(os.environ["HOME"], ".pki/nssdb")
    made = [] if os.path.isdir(store) else [["-N", "--empty-password"]]
    os.makedirs(store, exist_ok=True)
    for arguments in made + [["-A", "-t", "C,,", "-n", name, "-i", home + "/ca/ca.crt"]]:
        subprocess.run(["certutil", "-d", "sql:" + store, *arguments], check=True)


def browsers(playwright):
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return lambda: playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)


def main():
    # Called off, it ends what it has started all the same.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    if os.environ.get("ONLY") == "practice":
        with sync_playwright() as playwright:
            practised(browsers(playwright))
        print(f"# {count} checks, {failed} failed", flush=True)
        sys.exit(1 if failed else 0)
    port = free_port()
    base = f"https://127.0.0.1:{port}"
    try:
        daemon = serve(port)
        with sync_playwright() as playwright:
            launch = browsers(playwright)
            browser = launch()
            try:
                browser.new_page().goto(base + "/portal")
                check("without the authority the browser refuses", False)
            except Error as error:
                check("without the authority the browser refuses", "ERR_CERT" in str(error), error)
            browser.close()
            trust("pitr", os.environ["PITR_HOME"])
            browser = launch()
            walk = Walk(browser, base, "the walk")
            walk.sign_in()
            create(walk)
            retention(walk)
            wait_until_restorable(walk)
            moment = accident()
            restore(walk, "orders-before", moment)
            timeline(walk, moment)
            moments(walk)
            backups(walk)
            settings(walk)
            daemon = killed(walk, daemon, port)
            without_script(browser, base)
            beside(walk)
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
            browser.close()
            practised(launch)
            left = {file.removesuffix(".yaml") for file in os.listdir(ARIA)} - read_aloud
            check("nothing is kept of a page that is not walked", not left, left)
    finally:
        for daemon in daemons:
            if daemon.poll() is None:
                daemon.terminate()
                daemon.wait(timeout=30)
        print(f"# {count} checks, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


main()
