"""kill -9 of the server, in every stage and at any moment."""

from runs import stages
from server import Prober, free_port

TARGETS = ["queued", "validating", "pulling_image", "preparing_files", "starting_container",
           "copying_files", "health_check", "handover", "undo", "any"]


def kill(run):
    """The server is killed in a stage, and perhaps once more while it takes up what it finds."""
    target = TARGETS[run.index % len(TARGETS)]
    chance = run.chance
    options = ["--max-deployments", "1"] if target == "queued" and chance.random() < 0.5 else []
    run.server.options += options
    probers = []
    try:
        run.server.start()
        main = Main(run, target)
        if main.previous:
            port = run.serve(main.previous)
            if not main.fixed:
                probers.append(Prober(run.engine, main.app, port))
        wait_for_somebody(run, main, target)
        deployment = run.deploy(main.body, main.allowed)
        companions(run, main)
        reach(run, target, deployment)
        at = stages(run)
        run.server.kill()
        run.notes.append(f"killed at {', '.join(at)}")
        run.server.start()
        if chance.random() < 0.3:
            run.watch_again()
            run.pause(0.6)
            run.server.kill()
            run.server.start()
            run.notes.append("and again")
        run.watch_again()
        run.settle()
        for prober in probers:
            prober.stop()
            run.faults += [f"{main.app} was down for {lasted:.2f} s" for lasted in prober.outages]
        run.check()
        if chance.random() < 0.3:
            run.usable(run.body(main.app, "web:2"))
    finally:
        for prober in probers:
            prober.stopping.set()


class Main:
    """The deployment that the kill is meant for."""

    def __init__(self, run, target):
        chance = run.chance
        self.app = run.name
        self.allowed = {"completed"}
        self.previous = None
        image, folder, registry = "demo:1", "small", None
        if target == "pulling_image":
            image, registry = "pieces:1", run.scene.slow.registry
            run.engine.forget(image)
        elif target == "health_check":
            image = "slow:1"
        elif target == "copying_files":
            folder = "big"
        elif target == "preparing_files":
            folder = chance.choice(["many", "big"])
        more = {}
        if chance.random() < 0.25:
            more["copy"] = "before_start"
        if chance.random() < 0.4:
            # The second goes through a file, because it would steer the docker client itself.
            more["env_vars"] = {"TOKEN": run.secret(), "HTTP_PROXY": run.secret()}
        replaces = target == "handover" or chance.random() < 0.35
        self.fixed = replaces and chance.random() < 0.4
        if self.fixed:
            more["ports"] = {"frontend": {"container": 3000, "host": free_port()}}
        if replaces:
            old = "stubborn:1" if chance.random() < 0.2 else "web:1"
            self.previous = run.body(self.app, old, **({"ports": more["ports"]} if self.fixed else {}))
        if target == "undo" and chance.random() < 0.5:
            image = "web:bad"
            # The values go with the container, and a kill right after that leaves nothing to go on with.
            self.allowed = {"container_exited", *(["interrupted"] if "env_vars" in more else [])}
            more["health"] = {"timeout_seconds": 20}
        self.body = run.body(self.app, image, folder, registry, **more)
        if target not in ("pulling_image", "health_check", "undo") and chance.random() < 0.2:
            self.body.update(run.private())


def wait_for_somebody(run, main, target):
    """What is to be queued needs one that goes before it."""
    if target == "queued":
        same = "--max-deployments" not in run.server.options
        run.deploy(run.body(main.app if same else f"{run.name}-before", "slow:1"))


def companions(run, main):
    """Others at the same time: of other names, or of the same one and so in its queue."""
    chance = run.chance
    if chance.random() < 0.4:
        for letter in "ab"[:chance.randint(1, 2)]:
            body = run.body(f"{run.name}-{letter}", chance.choice(["demo:1", "web:1", "slow:1"]),
                            chance.choice(["small", "big"]),
                            copy=chance.choice(["after_start", "before_start"]))
            run.deploy(body)
    if chance.random() < 0.25:
        run.deploy(run.body(main.app, "web:2"))


def reach(run, target, deployment):
    """Waits for the moment at which the server is killed."""
    chance = run.chance
    watch = deployment.watches[0]
    if target == "any":
        run.pause(2.5)
    elif target == "undo":
        undo(run, deployment)
    elif target == "handover":
        watch.wait(lambda event: event["message"].startswith("Replacing") or "result" in event)
        run.pause(0.4)
    else:
        watch.wait(lambda event: event["stage"] == target or "result" in event)
        run.pause({"queued": 1.5, "validating": 0.05, "pulling_image": 2, "preparing_files": 0.03,
                   "starting_container": 0.6, "copying_files": 0.3, "health_check": 3}[target])


def undo(run, deployment):
    watch = deployment.watches[0]
    if "container_exited" in deployment.allowed:
        watch.wait(lambda event: event["stage"] == "health_check" or "result" in event)
        run.pause(1)
        return
    deployment.allowed.add("cancelled")
    stage = run.chance.choice(["validating", "starting_container", "copying_files", "health_check"])
    watch.wait(lambda event: event["stage"] == stage or "result" in event)
    status, _ = run.server.request("POST", f"/api/deployments/{deployment.id}/cancel")
    if status not in (202, 409):
        run.faults.append(f"cancel was answered {status}")
    run.pause(0.3)

