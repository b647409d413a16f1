"""Faults that only the server's own process sees: failing writes, the clock, descriptors, signals."""

import errno
import os
import resource
import signal
import time

import checks
from runs import Control
from server import Watch

UNWRITABLE = ["completed", "disk_full", "internal"]
ERRORS = [errno.EIO, errno.ENOSPC, errno.EROFS]


# About so many calls on the journal's files belong to a deployment, and to a start.
DEPLOYMENT_CALLS, START_CALLS = 180, 60


def writes(run):
    """The Nth write to the journal's files fails, once or from then on for a while."""
    control = Control(run.scene, run)
    error = run.chance.choice(ERRORS)
    lasting = run.chance.random() < 0.3
    at_start = run.index % 6 == 5
    calls = START_CALLS if at_start else DEPLOYMENT_CALLS
    # Every one in its turn, for starts are every sixth run.
    turn = run.index // 6 if at_start else run.index - run.index // 6
    number = 1 + (run.chance.randrange(calls) if run.scene.short else turn % calls)
    run.notes.append(f"{errno.errorcode[error]} at {'start ' if at_start else ''}{number}"
                     f"{' and on' if lasting else ''}")
    if at_start:
        return starting(run, control, number, error)
    run.server.start()
    control.restart()
    control.fail(number, 1 << 62 if lasting else number, error)
    body = run.body(run.name, copy=run.chance.choice(["after_start", "before_start"]),
                    env_vars={"TOKEN": run.secret()})
    status, answer = run.server.request("POST", "/api/deployments", body)
    if status == 202:
        run.accept(answer["id"], UNWRITABLE, Watch(run.server, answer["id"]))
    elif status < 500 or "detail" not in answer:
        run.faults.append(f"it was answered {status}: {answer}")
    else:
        run.notes.append(f"refused with {status}")
    if lasting:
        run.pause(2)
        control.lift()
    run.settle(40)
    run.notes.append(f"{control.calls} writes")
    control.lift()
    run.check()
    run.server.end(run.chance.choice([signal.SIGTERM, signal.SIGKILL]))
    run.server.start()
    run.wait_idle()
    run.check()


def starting(run, control, number, error):
    """The fault strikes while the server starts: it says so and ends, or starts; then all is well."""
    control.fail(number, number, error)
    if run.server.try_start():
        run.server.end()
    elif "could not" not in run.server.log_tail():
        run.faults.append(f"it ended without saying why: {run.server.log_tail()!r}")
    control.lift()
    run.server.start()
    run.usable(run.body(run.name))


def clock(run):
    """The wall clock is set back, or on, by an hour in the middle."""
    control = Control(run.scene, run)
    run.server.start()
    run.serve(run.body(run.name, "web:1"))
    run.deploy(run.body(run.name, "web:2"), ["completed"])
    run.deploy(run.body(f"{run.name}-a", "slow:1"), ["completed"])
    run.deploy(run.body(f"{run.name}-a", "demo:1"), ["completed"])
    run.pause(2)
    control.shift(-3600 if run.index % 2 == 0 else 3600)
    run.deploy(run.body(f"{run.name}-b", "demo:1"), ["completed"])
    run.settle(30)
    durations(run)
    run.check()
    if run.index % 2 == 0:
        run.server.kill()
        run.server.start()
        run.usable(run.body(run.name, "web:1"))


def durations(run):
    for deployment in run.deployments:
        result = run.server.final(deployment.id)["result"]
        for stage, milliseconds in result["metadata"]["durations_ms"].items():
            if not 0 <= milliseconds < 60_000:
                run.faults.append(f"{deployment.id}: {stage} lasted {milliseconds} ms")


def descriptors(run):
    """The server has few descriptors left, for a while."""
    run.server.start()
    run.serve(run.body(run.name, "web:1"))
    few_left = ["completed", "internal", "docker_unavailable", "source_unreadable", "copy_failed",
                "health_check_failed", "command_not_found"]
    run.deploy(run.body(run.name, "web:2"), few_left)
    run.deploy(run.body(f"{run.name}-a", "slow:1", "many"), few_left)
    run.pause(1)
    pid = run.server.process.pid
    numbers = [int(name) for name in os.listdir(f"/proc/{pid}/fd")]
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    spare = run.chance.randint(0, 14)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (max(numbers) + 1 + spare, before[1]))
    run.notes.append(f"{len(numbers)} open, {spare} more")
    for number in range(4):
        try:
            status, answer = run.server.request(
                "POST", "/api/deployments", run.body(f"{run.name}-{number}"), seconds=2)
        except OSError:
            run.notes.append("no answer")
            continue
        if status == 202:
            run.accept(answer["id"], few_left)
        elif status < 500:
            run.faults.append(f"it was answered {status}: {answer}")
        else:
            run.notes.append(f"refused with {status}")
    run.pause(2)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    run.settle(60)
    unknown(run)
    run.check()
    run.usable(run.body(run.name, "web:1"))


def unknown(run):
    """Waits for those that were accepted although no answer came."""
    for identifier in checks.journal(run.server.data):
        run.server.final(identifier)


def term(run):
    """SIGTERM in the middle: exit status 0, and the rest goes on at the next start."""
    drain = "2" if run.index % 2 else "30"
    run.server.options += ["--max-deployments", "2", "--drain", drain]
    run.server.start()
    run.serve(run.body(run.name, "web:1"))
    for letter in "abc":
        run.deploy(run.body(f"{run.name}-{letter}", "slow:1"))
    run.deploy(run.body(run.name, "web:2"))
    run.pause(3)
    began = time.monotonic()
    run.server.send(signal.SIGTERM)
    hurried = run.index % 4 == 2
    if hurried:
        run.pause(1)
        run.server.send(signal.SIGTERM)
    status = run.server.wait(60)
    lasted = time.monotonic() - began
    run.notes.append(f"ended after {lasted:.1f} s{', hurried' if hurried else ''}")
    if status != 0:
        run.faults.append(f"exit status {status}")
    if lasted > (6 if hurried else 8 if run.index % 2 else 34):
        run.faults.append(f"it took {lasted:.1f} s to end")
    strays = run.engine.strays(0)
    run.faults += [f"a docker command outlived it: {line}" for line in strays]
    run.server.start()
    run.watch_again()
    run.settle()
    run.check()
