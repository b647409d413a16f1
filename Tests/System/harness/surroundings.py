"""Faults of what the server works with: engine, registry, disk."""

import threading
import time

from runs import SmallDisk

ENGINE_GONE = ["docker_unavailable", "container_exited", "health_check_failed", "copy_failed"]


def engine(run):
    """dockerd is killed in the middle and started again; in half of the runs the server too."""
    # Others stay down when dockerd was killed: that is docker's own way.
    always = {"restart": "always"}
    run.server.start()
    run.serve(run.body(run.name, "web:1", **always))
    allowed = ["completed", *ENGINE_GONE]
    run.deploy(run.body(run.name, "web:2", **always), allowed)
    image = run.chance.choice(["demo:1", "slow:1"])
    run.deploy(run.body(f"{run.name}-a", image, "big", **always), allowed)
    run.pause(2.5)
    run.engine.run("crash")
    if run.index % 2:
        run.server.kill()
        run.notes.append("both")
        starting = threading.Thread(target=run.server.start)
        starting.start()
    run.pause(2)
    run.engine.run("start")
    if run.index % 2:
        starting.join()
    run.settle()
    left(run)
    run.check()
    run.usable(run.body(run.name, "web:1", **always))


def left(run):
    """What a failure says it had to leave is the engine's owner's to remove."""
    for deployment in run.deployments:
        names = run.server.final(deployment.id).get("failure", {}).get("left", [])
        if names:
            run.notes.append(f"left {names}")
            ids = run.engine.docker("ps", "-aq", "--filter",
                                    f"label=slipway.deployment={deployment.id}").split()
            for container in ids:
                run.engine.docker("rm", "-f", container)


def registry(run):
    """The registry is killed in the middle of a layer, and started again in two of three runs."""
    comes_back = run.index % 3 != 2
    proxy = run.engine.proxy("--rate", "3M")
    run.cleanups.append(proxy.stop)
    run.server.start()
    run.serve(run.body(run.name, "web:1"))
    run.engine.forget("pieces:1")
    allowed = ["completed"] if comes_back else ["registry_unreachable"]
    deployment = run.deploy(run.body(run.name, "pieces:1", registry=proxy.registry), allowed)
    deployment.watches[0].wait(lambda event: event["progress"] > 11 or "result" in event)
    run.pause(0.8)
    proxy.stop()
    if comes_back:
        run.pause(2)
        proxy.start()
    run.settle(150)
    run.check()


def disk(run):
    """The data directory is full for a while: what was accepted ends once there is room."""
    small = SmallDisk(run.server.data, "3m")
    run.cleanups.append(small.remove)
    run.server.start()
    run.serve(run.body(run.name, "web:1"))
    running = ["completed", "disk_full", "internal"]
    run.deploy(run.body(run.name, "web:2", env_vars={"TOKEN": run.secret()}), running)
    run.deploy(run.body(f"{run.name}-a", "slow:1"), running)
    run.pause(1)
    small.fill()
    refused(run, 507)
    expect(run, "/readyz", 503)
    expect(run, "/healthz", 200)
    run.pause(3)
    small.free()
    freed = time.monotonic()
    run.settle(30)
    run.notes.append(f"ended {time.monotonic() - freed:.1f} s after there was room")
    expect(run, "/readyz", 200)
    run.check()
    run.usable(run.body(run.name, "web:1"))
    read_only(run, small)


def read_only(run, small):
    """A data directory that cannot be written is refused at the start, and is as it was after."""
    run.server.end()
    small.read_only(True)
    if run.server.try_start():
        run.faults.append("it starts on a read-only data directory")
        run.server.end()
    elif str(run.server.data) not in run.server.log_tail():
        run.faults.append(f"read-only, and it only says: {run.server.log_tail()[-200:]}")
    small.read_only(False)
    run.server.start()
    run.check()


def refused(run, wanted):
    """A new deployment is refused with that status, also in the way that streams."""
    for path in ("/api/deployments", "/api/deploy/docker-registry/stream"):
        body = run.body(f"{run.name}-refused", env_vars={"TOKEN": run.secret()})
        status, answer = run.server.request("POST", path, body)
        if status != wanted:
            run.faults.append(f"POST {path} was answered {status}, not {wanted}: {answer}")


def expect(run, path, wanted, seconds=5):
    """Within some seconds it must be answered so: what it tells is looked at now and then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        status, answer = run.server.request("GET", path)
        if status == wanted:
            return
        time.sleep(0.1)
    run.faults.append(f"GET {path} is answered {status}, not {wanted}: {answer}")
