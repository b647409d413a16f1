"""A run: one server on a data directory of its own, some deployments, a fault, and what is left."""

import collections
import ctypes
import mmap
import os
import pathlib
import random
import shutil
import struct
import subprocess
import tempfile
import time

import checks
from engine import Engine, root
from server import Broken, Server, Watch, parse

class Scene:
    """What all runs share: the engine, folders to deploy, and the library of faults."""

    IMAGES = ["demo:1", "web", "slow:1", "pieces:1", "stubborn:1", "private:1"]

    def __init__(self, binary, seed, short):
        self.binary, self.seed, self.short = binary, seed, short
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="slipway-faults."))
        self.kept = None
        self.engine = Engine(self.scratch / "engine")
        self.apps = self.scratch / "apps"
        # Files to copy: a few; some MB; a great many.
        for folder, count, size in [("small", 3, 2000), ("big", 12, 2_000_000), ("many", 2000, 100)]:
            (self.apps / folder).mkdir(parents=True)
            for number in range(count):
                (self.apps / folder / f"file{number}.txt").write_bytes(os.urandom(size))

    def start(self):
        self.engine.start(self.IMAGES)
        self.slow = self.engine.proxy("--rate", "4M")
        self.preload = self.compile()
        # The first use of an image is slower than the others.
        for name in ("demo:1", "web:1", "web:2", "web:bad", "slow:1", "stubborn:1"):
            self.engine.docker("pull", "-q", self.engine.image(name))

    def compile(self):
        compiler = next(filter(shutil.which, ("clang", "cc", "gcc")), None)
        if not compiler:
            raise SystemExit("Tests/System/faults: a C compiler is needed: clang is part of Swift's toolchain")
        library = self.scratch / "faults.so"
        subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library,
                        root / "fixtures/lab/preload/faults.c"], check=True)
        return library

    def stop(self):
        self.engine.stop()
        shutil.rmtree(self.scratch, ignore_errors=True)

    def keep(self, run):
        """Puts what a run has left where it stays; gives the place."""
        if not self.kept:
            self.kept = pathlib.Path(tempfile.mkdtemp(prefix="slipway-faults-kept."))
        return shutil.copytree(run.server.folder, self.kept / run.name, dirs_exist_ok=True)


class Deployment:
    """One that was accepted."""

    def __init__(self, identifier, allowed, watch=None):
        self.id, self.allowed = identifier, set(allowed)
        self.watches = [watch] if watch else []
        self.end = None

    def note(self, event):
        """Keeps how it ended; gives what is wrong with that."""
        failure = event.get("failure")
        self.end = failure["code"] if failure else event["stage"]
        if self.end in self.allowed:
            return []
        return [f"{self.id} ended as {self.end}: {event['message']} {failure}"]


class Run:
    """See above. Whatever is drawn by chance is drawn from `chance`."""

    def __init__(self, scene, kind, index):
        self.scene, self.engine, self.index = scene, scene.engine, index
        self.name = f"{kind}-{index}"
        self.chance = random.Random(f"{scene.seed}/{self.name}")
        self.server = Server(scene.binary, scene.scratch / self.name, scene.apps)
        self.deployments, self.secrets, self.faults, self.notes = [], [], [], []
        self.cleanups = []

    # Asking for deployments

    def body(self, app, image="demo:1", folder="small", registry=None, **more):
        return {"script_name": app, "script_folder": str(self.scene.apps / folder),
                "registry_image": self.engine.image(image, registry),
                "ports": {"frontend": 3000}, **more}

    def secret(self):
        """A value that must not be seen anywhere."""
        self.secrets.append(f"secret-{self.chance.getrandbits(64):016x}")
        return self.secrets[-1]

    def private(self):
        """What a body needs for an image that asks for a password."""
        return {"registry_image": self.engine.image("private:1", os.environ["SLIPWAY_PRIVATE_REGISTRY"]),
                "registry_auth": {"username": "alice", "password": "s3cret"}}

    def deploy(self, body, allowed=("completed",)):
        """Asks for a deployment in one of the two ways, and watches it."""
        if "registry_auth" in body:
            # The password is not kept, and so cannot be used after a restart.
            allowed = [*allowed, "interrupted"]
        if self.chance.random() < 0.5:
            identifier = self.server.submit(body)
            return self.accept(identifier, allowed, Watch(self.server, identifier))
        watch = Watch(self.server, body=body)
        first = watch.wait(lambda event: True)
        if not first:
            raise Broken(f"a stream ended without an event: {watch.status}")
        return self.accept(first["deployment_id"], allowed, watch)

    def accept(self, identifier, allowed, watch=None):
        deployment = Deployment(identifier, allowed, watch)
        self.deployments.append(deployment)
        return deployment

    def serve(self, body):
        """Deploys and waits for success; gives the host port."""
        deployment = self.deploy(body, ["completed"])
        event = self.server.final(deployment.id)
        if event["stage"] != "completed":
            raise Broken(f"a deployment that nothing disturbs failed: {event}")
        deployment.note(event)
        return int(event["result"]["endpoint_url"].rsplit(":", 1)[1])

    # The end

    def watch_again(self):
        """After a start of the server: those that have not ended get another watcher."""
        for deployment in self.deployments:
            if self.chance.random() < 0.7:
                deployment.watches.append(Watch(self.server, deployment.id))

    def settle(self, seconds=90):
        """Waits until all have ended, and looks at how."""
        for deployment in self.deployments:
            self.faults += deployment.note(self.server.final(deployment.id, seconds))
        for deployment in self.deployments:
            for watch in deployment.watches:
                watch.join(10)

    def wait_idle(self, seconds=40):
        """Waits until nothing is under way: what was refused for want of an answer of the disk may
        stand in the journal all the same, and goes on after a restart."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            lists = [self.server.request("GET", f"/api/deployments?status={status}")[1]["deployments"]
                     for status in ("queued", "in_progress")]
            if not any(lists):
                return
            time.sleep(0.1)
        self.faults.append(f"still under way: {[row['id'] for rows in lists for row in rows]}")

    def check(self):
        self.faults += checks.everything(self)

    def usable(self, body):
        """A deployment as if nothing had been: the name is free and the server works."""
        self.serve(body)
        self.check()

    def ends(self):
        return collections.Counter(deployment.end or "none" for deployment in self.deployments)

    def dispose(self):
        self.server.dispose()
        forgotten = self.engine.clear()
        if forgotten:
            print(f"    Docker had forgotten {forgotten} of its containers; they are ended")
        for clean in self.cleanups:
            clean()
        if not self.faults:
            shutil.rmtree(self.server.folder, ignore_errors=True)

    def pause(self, most):
        """A while that is drawn by chance: up to so many seconds."""
        time.sleep(self.chance.uniform(0, most))


class Control:
    """The other side of `fixtures/lab/preload/faults.c`."""

    def __init__(self, scene, run):
        path = run.server.folder / "control"
        path.write_bytes(bytes(40))
        with open(path, "r+b") as file:
            self.memory = mmap.mmap(file.fileno(), 40)
        run.server.environment.update(LD_PRELOAD=str(scene.preload), SLIPWAY_FAULTS=str(path))

    @property
    def calls(self):
        return struct.unpack_from("Q", self.memory, 0)[0]

    def fail(self, first, last, error):
        """Calls on the journal's files fail from the first to the last of these numbers."""
        struct.pack_into("QQq", self.memory, 8, 0, last, error)
        struct.pack_into("Q", self.memory, 8, first)

    def lift(self):
        struct.pack_into("Q", self.memory, 8, 0)

    def restart(self):
        """Counts from one again."""
        struct.pack_into("QQ", self.memory, 0, 0, 0)

    def shift(self, seconds):
        struct.pack_into("q", self.memory, 32, seconds)


class SmallDisk:
    """A file system of some size, mounted where a server keeps its data."""

    def __init__(self, place, size):
        self.place = pathlib.Path(place)
        self.place.mkdir(parents=True)
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.mount(0, f"size={size},mode=0700")

    def mount(self, flags, options):
        if self.libc.mount(b"slipway", bytes(self.place), b"tmpfs", flags, options.encode()):
            raise OSError(ctypes.get_errno(), f"mount {self.place}")

    def read_only(self, is_read_only):
        self.mount(32 | (1 if is_read_only else 0), "mode=0700")  # MS_REMOUNT, MS_RDONLY

    def fill(self):
        """Takes all the room there is."""
        with open(self.place / "filling", "ab", buffering=0) as file:
            for size in (65536, 4096, 512, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError:
                    continue

    def free(self):
        (self.place / "filling").unlink(missing_ok=True)

    def remove(self):
        self.libc.umount2(bytes(self.place), 2)  # MNT_DETACH


def stages(run):
    """The stage of each deployment as its watchers have seen it last."""
    seen = []
    for deployment in run.deployments:
        blocks = [block for watch in deployment.watches[-1:] for block in watch.blocks()]
        seen.append(parse(blocks[-1])["stage"] if blocks else "none")
    return seen
