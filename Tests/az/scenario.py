"""The unmodified az against the daemon, from an empty state directory to its end."""

import sys

import child_parts
import crowd_parts
import first_parts
import login_parts
import restore_parts
from checks import part
from world import World

PARTS = [
    ("set-up", first_parts.set_up),
    ("create", first_parts.create),
    ("the runbook's commands", first_parts.brief),
    ("restore to a second", restore_parts.at_a_second),
    ("restore to now", restore_parts.latest),
    ("restore without waiting", restore_parts.without_waiting),
    ("a second server", child_parts.general),
    ("firewall rules", child_parts.firewall_rules),
    ("parameters", child_parts.parameters),
    ("databases", child_parts.databases),
    ("backups", child_parts.backups),
    ("updates", child_parts.updates),
    ("power", child_parts.power),
    ("refusals", restore_parts.refusals),
    ("geo-restore", restore_parts.geo),
    ("revive", restore_parts.revive),
    ("logins", login_parts.logins),
    ("roles", login_parts.roles),
    ("graceful stop", crowd_parts.graceful),
    ("a crowd, and a killed daemon", crowd_parts.crowd),
    ("the end", first_parts.end),
]


def main(wanted):
    unknown = [name for name in wanted if name not in [known for known, _ in PARTS]]
    if unknown:
        print(f"no part is named {', '.join(unknown)}; there are: {', '.join(name for name, _ in PARTS)}")
        return 2
    world = part("pitr serve", World)
    if world is None:
        return 1
    try:
        for name, body in PARTS:
            if not wanted or name in wanted:
                part(name, body, world)
            if name == "create" and world.ledger is None:
                break  # every other part is about this server
    finally:
        world.daemon.stop()
    return 0


sys.exit(main(sys.argv[1:]))
