"""A Docker engine and registries of the tests' own."""

import json
import os
import pathlib
import shlex
import signal
import subprocess

from server import processes

root = pathlib.Path(__file__).resolve().parents[3]


class Engine:
    """What `fixtures/lab/engine` starts in a folder, with some of the images of `fixtures/lab/images`."""

    def __init__(self, folder):
        self.folder = str(folder)
        self.proxies = []

    def start(self, images=()):
        self.run("start")
        for line in self.run("env").splitlines():
            words = shlex.split(line)
            if words[0] == "export":
                os.environ.update(word.split("=", 1) for word in words[1:])
            else:
                for name in words[1:]:
                    os.environ.pop(name, None)
        if images:
            subprocess.run([root / "fixtures/lab/images/build", *images], check=True,
                           stdout=subprocess.DEVNULL)

    def run(self, verb):
        """`fixtures/lab/engine VERB`; gives what it prints."""
        run = subprocess.run([root / "fixtures/lab/engine", verb, self.folder], text=True,
                             capture_output=True)
        if run.returncode:
            raise RuntimeError(f"fixtures/lab/engine {verb}: {run.stderr}")
        return run.stdout

    def stop(self):
        for proxy in self.proxies:
            proxy.stop()
        self.run("stop")

    def proxy(self, *options):
        """A slow or broken registry in front of the plain one."""
        proxy = Proxy(options)
        self.proxies.append(proxy)
        return proxy

    @staticmethod
    def image(name, registry=None):
        return f"{registry or os.environ['SLIPWAY_REGISTRY']}/{name}"

    @staticmethod
    def docker(*arguments, check=True):
        run = subprocess.run(["docker", *arguments], capture_output=True, text=True)
        if check and run.returncode:
            raise RuntimeError(f"docker {' '.join(arguments)}: {run.stderr}")
        return run.stdout

    def containers(self):
        """Every container that has the label of a deployment, as `docker inspect` tells it."""
        ids = self.docker("ps", "-aq", "--filter", "label=slipway.deployment").split()
        return json.loads(self.docker("inspect", *ids)) if ids else []

    def ports(self, app):
        """The host ports of an app's running containers."""
        text = self.docker("ps", "--filter", f"label=slipway.app={app}", "--format", "{{.Ports}}",
                           check=False)
        return [int(part.split("->")[0].rsplit(":", 1)[1])
                for part in text.replace("\n", ", ").split(", ") if "->" in part]

    def clear(self):
        """Removes all containers; gives how many of them Docker had forgotten."""
        ids = self.docker("ps", "-aq", "--no-trunc").split()
        if ids:
            self.docker("rm", "-f", "-v", *ids, check=False)
        return self.reap(ids)

    def reap(self, known):
        """Ends the containers that are not these. A Docker that is killed may forget one, whose
        processes go on, and give its address to another."""
        running = list(processes())
        forgotten = 0
        for shim, program, state, _ in running:
            try:
                words = pathlib.Path(f"/proc/{shim}/cmdline").read_text().split("\0")
                if not program.startswith("containerd-shim") or state == "Z" \
                        or not any(word.startswith(f"{self.folder}/") for word in words) \
                        or words[words.index("-id") + 1] in known:
                    continue
                forgotten += 1
                for number in [number for number, _, _, parent in running if parent == shim] + [shim]:
                    os.kill(number, signal.SIGKILL)
            except OSError:
                continue  # It has ended meanwhile.
        return forgotten

    def forget(self, name):
        """Removes an image, from whichever registry, so that it must be pulled."""
        for image in self.docker("images", "--format", "{{.Repository}}:{{.Tag}}").split():
            if image.endswith("/" + name):
                self.docker("rmi", "-f", image)

    @staticmethod
    def strays(server_pid):
        """Docker commands for our engine whose parent is not the server: their command lines."""
        wanted = b"DOCKER_HOST=" + os.environ["DOCKER_HOST"].encode()
        found = []
        for number, program, state, parent in processes():
            if program != "docker" or state == "Z" or parent in (server_pid, os.getpid()):
                continue
            place = pathlib.Path("/proc", str(number))
            try:
                if wanted in place.joinpath("environ").read_bytes().split(b"\0"):
                    line = place.joinpath("cmdline").read_bytes().replace(b"\0", b" ")
                    found.append(line.decode(errors="replace")[:200])
            except OSError:
                continue  # It has ended meanwhile.
        return found


class Proxy:
    """`fixtures/lab/registry/slow`, on a port that it keeps."""

    def __init__(self, options):
        self.options = options
        self.port = 0
        self.start()

    def start(self):
        port = ["--port", str(self.port)] if self.port else []
        self.process = subprocess.Popen([root / "fixtures/lab/registry/slow", *self.options, *port],
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    @property
    def registry(self):
        return f"localhost:{self.port}"

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process.stdout.close()
