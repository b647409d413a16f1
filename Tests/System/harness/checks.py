"""What must hold of everything that was accepted, once it has ended."""

import collections
import contextlib
import json
import os
import sqlite3
import time

from server import Broken, answers

STAGES = ["queued", "validating", "pulling_image", "preparing_files", "starting_container",
          "copying_files", "health_check"]
FINAL = ["completed", "error", "cancelled", "superseded"]
BANDS = {"queued": (0, 0), "validating": (5, 5), "pulling_image": (10, 30),
         "preparing_files": (35, 45), "starting_container": (50, 65), "copying_files": (70, 85),
         "health_check": (90, 100)}


def band(stage, copies_first):
    if copies_first and stage in ("starting_container", "copying_files"):
        stage = "copying_files" if stage == "starting_container" else "starting_container"
    return BANDS.get(stage, (100, 100))


def journal(data):
    """The deployments as the journal's file has them: id -> (container name, status)."""
    with contextlib.closing(sqlite3.connect(f"file:{data}/journal.sqlite?mode=ro", uri=True,
                                            timeout=30)) as connection:
        damage = connection.execute("PRAGMA integrity_check").fetchall()
        if damage != [("ok",)]:
            raise Broken(f"the database is damaged: {damage[:3]}")
        rows = connection.execute(
            "SELECT id, container_name, status, request FROM deployments ORDER BY number")
        return {row[0]: (row[1], row[2], json.loads(row[3])) for row in rows}


def events_of(identifier, events, copies_first):
    """One deployment's events, from the first to the final one."""
    faults = []
    finals = [event for event in events if event["stage"] in FINAL]
    if len(finals) != 1 or events[-1] is not finals[0]:
        faults.append(f"{identifier}: final events {[e['stage'] for e in finals]} of {len(events)}")
    progress = last = 0
    for event in events:
        number, stage = event["event_id"], event["stage"]
        if number <= last:
            faults.append(f"{identifier}: event {number} after {last}")
        if event["progress"] < progress:
            faults.append(f"{identifier}: progress {event['progress']} after {progress} (event {number})")
        low, high = band(stage, copies_first)
        if not low <= event["progress"] <= high:
            faults.append(f"{identifier}: {stage} with progress {event['progress']}")
        if ("result" in event) != (stage in FINAL):
            faults.append(f"{identifier}: event {number} of {stage}, result {'result' in event}")
        progress, last = event["progress"], number
    return faults


def replays(server, deployment):
    """The stream from the first event begins with what every watcher saw."""
    faults = []
    replay = server.replay(deployment.id)
    for watch in deployment.watches:
        seen = watch.blocks()
        if replay[:len(seen)] != seen:
            place = next(i for i, (a, b) in enumerate(zip(seen, replay + [b""] * len(seen))) if a != b)
            faults.append(f"{deployment.id}: block {place} was {seen[place]!r}, and is now"
                          f" {replay[place] if place < len(replay) else b'missing'!r}")
    return faults


def containers(engine, rows):
    """Every container belongs to a success that nothing has replaced, under its name, and serves."""
    faults = []
    owners = {}
    for identifier, (name, status, _) in rows.items():
        if status == "success":
            owners[name] = identifier
    found = collections.defaultdict(list)
    for container in engine.containers():
        label = container["Config"]["Labels"]["slipway.deployment"]
        name = container["Name"].lstrip("/")
        found[label].append(container)
        if label not in rows:
            faults.append(f"container {name} of an unknown deployment {label}")
        elif owners.get(rows[label][0]) != label:
            faults.append(f"container {name} ({container['State']['Status']}) of {label}, which is"
                          f" {rows[label][1]} and not what serves as {rows[label][0]}")
        elif name != rows[label][0]:
            faults.append(f"container of {label} is called {name}, not {rows[label][0]}")
    for name, identifier in owners.items():
        if len(found[identifier]) != 1:
            faults.append(f"{len(found[identifier])} containers of {identifier}, which serves as {name}")
        for container in found[identifier]:
            faults += serving(container)
    return faults


def serving(container):
    """The container runs and its published ports answer, within some seconds."""
    name = container["Name"].lstrip("/")
    if not container["State"]["Running"]:
        return [f"container {name} is {container['State']['Status']}"]
    bindings = (container["NetworkSettings"]["Ports"] or {}).values()
    ports = [int(binding[0]["HostPort"]) for binding in bindings if binding]
    end = time.monotonic() + 5
    silent = ports
    while silent and time.monotonic() < end:
        silent = [port for port in silent if not answers(port)]
    return [f"container {name} does not answer on {port}" for port in silent]


def files(server, secrets):
    """No private file is left, and no secret anywhere."""
    faults = []
    private = server.data / "private"
    if private.exists():
        faults += [f"private file {name} is left" for name in os.listdir(private)]
    places = [path for path in server.data.rglob("*") if path.is_file()] + [server.log]
    for path in places:
        content = path.read_bytes()
        faults += [f"a secret is in {path}" for secret in secrets if secret.encode() in content]
    return faults


def everything(run):
    """All of the above for a run whose deployments have all ended."""
    server, faults = run.server, []
    rows = journal(server.data)
    for deployment in run.deployments:
        if deployment.id not in rows:
            faults.append(f"{deployment.id} was accepted and is not in the journal")
    numbers = collections.Counter()
    for identifier, (_, status, request) in rows.items():
        if status in ("queued", "in_progress"):
            faults.append(f"{identifier} is {status} in the journal")
            continue
        events = server.events(identifier)
        faults += events_of(identifier, events, request.get("copy") == "before_start")
        numbers.update(event["event_id"] for event in events)
    faults += [f"event id {number} was given {count} times"
               for number, count in numbers.items() if count > 1]
    for deployment in run.deployments:
        faults += replays(server, deployment)
    faults += containers(run.engine, rows)
    faults += files(server, run.secrets)
    strays = run.engine.strays(server.process.pid)
    faults += [f"a stray docker command: {line}" for line in strays]
    return faults

