"""A server under test, and clients that watch it."""

import http.client
import itertools
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import threading
import time


# Where a program's own ports are looked for: below those that the kernel gives to whoever connects,
# and docker to what it publishes, so that nobody comes by one of them by chance meanwhile.
OWN_PORTS = range(10_000, max(11_000, int(
    pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])))
own_ports = itertools.count(os.getpid() * 37)


def free_port():
    """A port that nobody listens on; another at each call."""
    for number in itertools.islice(own_ports, len(OWN_PORTS)):
        port = OWN_PORTS[number % len(OWN_PORTS)]
        with socket.socket() as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
            return port
    raise Broken("no port is free")


class Broken(Exception):
    """The server did something that it must never do."""


class Server:
    """`slipway serve` on a data directory; can be started again after its end."""

    def __init__(self, binary, folder, root, options=(), environment=None):
        self.binary, self.root = binary, root
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data = self.folder / "data"
        self.log = self.folder / "log"
        self.options = list(options)
        self.environment = environment or {}
        self.process = None
        self.port = 0
        # Where it listens; port 0 takes a free one at each start.
        self.address = "127.0.0.1:0"
        # Requests a client may make a second, and at once.
        self.rate, self.burst = 1_000_000, 1_000_000

    def start(self):
        """Starts it and waits until it accepts."""
        if not self.try_start():
            raise Broken(f"it did not start: {self.log_tail()}")
        return self

    def try_start(self):
        """Starts it; False where it ended instead of accepting."""
        self.process = subprocess.Popen(
            [self.binary, "serve", "--listen", self.address, "--data", str(self.data),
             "--scripts-root", str(self.root), "--rate", str(self.rate), "--burst", str(self.burst),
             *self.options],
            stdout=subprocess.PIPE, stderr=open(self.log, "a"), stdin=subprocess.DEVNULL,
            env={**os.environ, **self.environment})
        if not select.select([self.process.stdout], [], [], 180)[0]:
            raise Broken("it does not say within 180 s that it accepts")
        line = self.process.stdout.readline().decode()
        if not line.startswith("listening on "):
            self.process.wait(30)
            return False
        self.port = int(line.rsplit(":", 1)[1])
        return True

    def log_tail(self):
        return self.log.read_text(errors="replace")[-600:]

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM, seconds=60):
        """Sends a signal and waits for the end; gives the exit status."""
        if self.process and self.process.poll() is None:
            self.send(number)
        return self.wait(seconds)

    def wait(self, seconds=60):
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Broken(f"it did not end within {seconds} s") from None
        self.process.stdout.close()
        return status

    def kill(self):
        self.end(signal.SIGKILL)

    def dispose(self):
        """Ends it with the docker commands that a killed server leaves to the next one."""
        if self.process is None:
            return
        children = []
        if self.process.poll() is None:
            # While it stands still it starts no more of them.
            self.process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, self.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
            children = self.children()
            self.kill()
        for child in children:
            try:
                os.kill(child, signal.SIGKILL)
            except ProcessLookupError:
                pass  # It has noticed.

    def children(self):
        """The numbers of its child processes, whichever thread started them."""
        return [number for number, _, _, parent in processes() if parent == self.process.pid]

    # Requests

    def connect(self, seconds=60):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def request(self, method, path, body=None, headers=None, seconds=60):
        """One request; gives (status, parsed JSON or text)."""
        connection = self.connect(seconds)
        try:
            headers = dict(headers or {})
            if body is not None:
                headers["Content-Type"] = "application/json"
                body = json.dumps(body)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text

    def submit(self, body):
        """Asks for a deployment; gives its id."""
        status, record = self.request("POST", "/api/deployments", body)
        if status != 202:
            raise Broken(f"refused with {status}: {record}")
        return record["id"]

    def final(self, identifier, seconds=300):
        """Waits for a deployment's final event."""
        after, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            status, event = self.request(
                "GET", f"/api/deploy/progress/{identifier}?after={after}&wait=5")
            if status == 200:
                after = event["event_id"]
                if "result" in event:
                    return event
            elif status != 304:
                raise Broken(f"progress of {identifier}: {status} {event}")
        raise Broken(f"{identifier} has no final event after {seconds} s; its last was {after}")

    def events(self, identifier):
        """All events so far."""
        events = []
        while True:
            after = events[-1]["event_id"] if events else 0
            status, page = self.request(
                "GET", f"/api/deployments/{identifier}/events?after={after}&limit=1000")
            if status != 200:
                raise Broken(f"events of {identifier}: {status} {page}")
            if not page["events"]:
                return events
            events += page["events"]

    def replay(self, identifier, after=0):
        """The blocks of a deployment that has ended."""
        connection = self.connect()
        try:
            connection.request("GET", f"/api/deployments/{identifier}/stream?after={after}")
            return blocks(connection.getresponse().read())
        finally:
            connection.close()


def blocks(received):
    """The whole blocks of a stream that are events, byte for byte, without `retry` before them."""
    whole = received.split(b"\n\n")[:-1]
    events = [block for block in whole if block and not block.startswith(b":")]
    return [block.removeprefix(b"retry: 1000\n") for block in events]


def parse(block):
    """An event of a block: its JSON with `event_id`."""
    first, second = block.split(b"\n")
    event = json.loads(second.removeprefix(b"data: "))
    event["event_id"] = int(first.removeprefix(b"id: "))
    return event


class Watch(threading.Thread):
    """Reads a stream in the background and keeps what comes, until the server or the stream ends."""

    def __init__(self, server, identifier=None, body=None):
        """Of a deployment that there is, or of one that is asked for with this body."""
        super().__init__(daemon=True)
        self.server, self.identifier, self.body = server, identifier, body
        self.port = server.port
        self.received = b""
        self.status = None
        self.ended = False
        self.changed = threading.Condition()
        self.start()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            if self.body is None:
                connection.request("GET", f"/api/deployments/{self.identifier}/stream")
            else:
                connection.request("POST", "/api/deploy/docker-registry/stream",
                                   json.dumps(self.body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            self.status = answer.status
            while chunk := answer.read1(65536):
                with self.changed:
                    self.received += chunk
                    self.changed.notify_all()
        except (OSError, http.client.HTTPException):
            pass  # The server was killed.
        finally:
            connection.close()
            with self.changed:
                self.ended = True
                self.changed.notify_all()

    def blocks(self):
        with self.changed:
            return blocks(self.received) if self.status == 200 else []

    def wait(self, wanted, seconds=60):
        """The first event for which `wanted(event)` holds; None where the stream ends before."""
        end, seen = time.monotonic() + seconds, 0
        while True:
            with self.changed:
                found = blocks(self.received) if self.status == 200 else []
                if len(found) == seen:
                    if self.ended or time.monotonic() > end:
                        return None
                    self.changed.wait(1)
                    continue
            for block in found[seen:]:
                event = parse(block)
                if wanted(event):
                    return event
            seen = len(found)


class Prober(threading.Thread):
    """Asks whether an app that was serving still is, by whichever of its containers."""

    def __init__(self, engine, app, port, patience=1.0):
        super().__init__(daemon=True)
        self.engine, self.app, self.port, self.patience = engine, app, port, patience
        self.stopping = threading.Event()
        self.outages = []
        self.asked = 0
        self.start()

    def run(self):
        while not self.stopping.wait(0.01):
            self.asked += 1
            if not answers(self.port):
                self.look()

    def look(self):
        """Looks for the container that serves now; it is an outage when none does for too long."""
        began, port = time.monotonic(), None
        while not port and not (self.stopping.is_set() and time.monotonic() > began + self.patience):
            # One that is being stopped may take a connection and answer nothing: the next is not to
            # wait for it.
            ports = self.engine.ports(self.app)
            port = next((port for port in ports if answers(port, patience=0.2)), None)
        lasted = time.monotonic() - began
        if not port or lasted > self.patience:
            self.outages.append(lasted)
        self.port = port or self.port

    def stop(self):
        self.stopping.set()
        self.join()


def answers(port, patience=2):
    """Whether something on the port speaks HTTP."""
    try:
        with socket.create_connection(("127.0.0.1", port), patience) as connection:
            connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
            return connection.recv(5) == b"HTTP/"
    except OSError:
        return False


def processes():
    """What runs: for each process its number, program, state letter and parent's number."""
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as status:
                line = status.read()
        except OSError:
            continue  # It has ended meanwhile.
        state, parent = line[line.rindex(")") + 2:].split()[:2]
        yield int(name), line[line.index("(") + 1:line.rindex(")")], state, int(parent)


def memory(pid, name):
    """A line of /proc/PID/status, such as VmHWM, in bytes."""
    for line in open(f"/proc/{pid}/status"):
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise KeyError(name)
