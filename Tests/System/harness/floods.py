"""Clients that are slow, silent, greedy or many; each against a server with short times and few places."""

import json
import os
import select
import socket
import subprocess
import threading
import time

from server import Server, memory
from wire import Malformed, answers, connect, exchange, reset

SHORT = ["--header-timeout", "2", "--body-timeout", "2", "--idle-timeout", "3"]


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def settled(server, least, seconds=20):
    """Waits until the server has so few descriptors again; gives how many it has."""
    end = time.monotonic() + seconds
    while (count := descriptors(server.process.pid)) > least and time.monotonic() < end:
        time.sleep(0.1)
    return count


def warm(server):
    """Has the server open what it opens once and keeps."""
    raw = f"GET /api/deployments HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n".encode()
    Crowd(server.port, 100, raw).drive(2).leave()
    end, count = time.monotonic() + 10, -1
    while time.monotonic() < end and count != (count := descriptors(server.process.pid)):
        time.sleep(0.7)


class Pulse(threading.Thread):
    """Asks /healthz again and again, on a connection of its own each time, and notes how long it takes."""

    def __init__(self, port, host="127.0.0.1"):
        super().__init__(daemon=True)
        self.port, self.host = port, host
        self.times, self.failures = [], []
        self.stopping = threading.Event()
        self.start()

    def run(self):
        raw = f"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n\r\n"
        while not self.stopping.wait(0.02):
            began = time.monotonic()
            try:
                status = answers(exchange(self.port, raw.encode(), ends=False, seconds=10))[0].status
                if status != 200:
                    self.failures.append(f"/healthz: {status}")
            except (OSError, Malformed, IndexError) as error:
                self.failures.append(f"/healthz: {type(error).__name__} {error}")
            self.times.append(time.monotonic() - began)

    def stop(self):
        """Ends it; gives (median, p99, most) in milliseconds."""
        self.stopping.set()
        self.join()
        times = sorted(self.times)
        return tuple(round(times[min(len(times) - 1, int(len(times) * share))] * 1000, 1)
                     for share in (0.5, 0.99, 1))


class Crowd:
    """Many connections of one kind, driven together."""

    def __init__(self, port, count, first=b"", **how):
        self.open = {}
        self.ended, self.received = 0, {}
        for _ in range(count):
            connection = connect(port, **how)
            if first:
                connection.sendall(first)
            connection.setblocking(False)
            self.open[connection.fileno()] = connection

    def drive(self, seconds, every=0.2, give=b"", take=65536):
        """For so long: each sends a byte of `give` and takes so many bytes; ends with the last of them."""
        end = time.monotonic() + seconds
        while self.open and time.monotonic() < end:
            poll = select.poll()
            for number in self.open:
                poll.register(number, select.POLLIN)
            for number, _ in poll.poll(0):
                self.take(number, take)
            for number, connection in list(self.open.items()):
                if not give:
                    break
                try:
                    connection.send(give)
                except BlockingIOError:
                    pass
                except OSError:
                    # Its answer may still be there to be read.
                    self.take(number, take) or self.drop(number)
            time.sleep(every)
        return self

    def take(self, number, count):
        if not count:
            return True
        try:
            data = self.open[number].recv(count)
        except BlockingIOError:
            return True
        except OSError:
            data = b""
        if not data:
            self.drop(number)
            return False
        self.received[number] = self.received.get(number, b"") + data[:4096]
        return True

    def drop(self, number):
        if connection := self.open.pop(number, None):
            connection.close()
            self.ended += 1

    def statuses(self):
        """How often each status came first."""
        counts = {}
        for data in self.received.values():
            status = int(data[9:12])
            counts[status] = counts.get(status, 0) + 1
        return counts

    def leave(self, rudely=False):
        for connection in self.open.values():
            reset(connection) if rudely else connection.close()
        self.open = {}


class Floods:
    """Each method is one; gives (what was seen, faults)."""

    def __init__(self, binary, scratch, apps, body):
        self.binary, self.scratch, self.apps, self.body = binary, scratch, apps, body
        self.count = 0

    def server(self, *options):
        self.count += 1
        server = Server(self.binary, self.scratch / f"flood-{self.count}", self.apps,
                        list(options)).start()
        warm(server)
        return server

    def head(self, server, line="GET /healthz HTTP/1.1"):
        return f"{line}\r\nHost: 127.0.0.1:{server.port}\r\n".encode()

    def run(self, name):
        server = getattr(self, name)
        return server()

    def watched(self, server, name, attack, most=5.0):
        """Runs the attack while /healthz is asked; all descriptors must be free again afterwards."""
        before = descriptors(server.process.pid)
        pulse = Pulse(server.port)
        try:
            seen, faults = attack()
        finally:
            median, p99, longest = pulse.stop()
        faults += [f"{name}: {fault}" for fault in pulse.failures[:3]]
        if longest > most * 1000:
            faults.append(f"{name}: /healthz took {longest} ms")
        after = settled(server, before + 2)
        if after > before + 4:
            faults.append(f"{name}: {before} descriptors before, {after} after")
        return f"{seen}; /healthz median {median} ms, most {longest} ms", faults

    # Slow ones

    def slow_headers(self):
        """A byte of a header now and then: 408 within the header's time, whatever comes."""
        server = self.server(*SHORT)

        def attack():
            began = time.monotonic()
            crowd = Crowd(server.port, 300, self.head(server) + b"X: ")
            crowd.drive(10, give=b"y")
            lasted = time.monotonic() - began
            faults = [] if crowd.statuses() == {408: 300} else [f"slow headers: {crowd.statuses()}"]
            crowd.leave()
            return f"300 slow headers ended after {lasted:.1f} s", faults
        return self.end(server, self.watched(server, "slow headers", attack))

    def slow_bodies(self):
        """A byte of a body every 0.2 s, which is never as long a silence as may be, but too slow."""
        server = self.server(*SHORT)

        def attack():
            began = time.monotonic()
            head = self.head(server, "POST /api/deployments HTTP/1.1") + b"Content-Length: 100000\r\n\r\n"
            crowd = Crowd(server.port, 300, head)
            crowd.drive(12, give=b" ")
            lasted = time.monotonic() - began
            faults = [] if crowd.statuses() == {408: 300} else [f"slow bodies: {crowd.statuses()}"]
            crowd.leave()
            return f"300 slow bodies ended after {lasted:.1f} s", faults
        return self.end(server, self.watched(server, "slow bodies", attack))

    def slow_readers(self):
        """Clients that ask for much and take a byte now and then are cut off, and cost little."""
        server = self.server(*SHORT)

        def attack():
            pid = server.process.pid
            before = memory(pid, "VmRSS")
            crowd = Crowd(server.port, 50, (self.head(server, "GET / HTTP/1.1") + b"\r\n") * 800,
                          receive=2304)
            most = before
            end = time.monotonic() + 20
            while time.monotonic() < end and descriptors(pid) > 45:
                crowd.drive(0.3, every=0.1, take=1)
                most = max(most, memory(pid, "VmRSS"))
            held = descriptors(pid)
            crowd.leave()
            faults = [f"slow readers: {held} descriptors are still held"] if held > 45 else []
            if most - before > 64 << 20:
                faults.append(f"slow readers: {(most - before) >> 20} MB for 50 of them")
            return f"50 slow readers cut off, {(most - before) / 1e6:.1f} MB at most", faults
        return self.end(server, self.watched(server, "slow readers", attack))

    def idle(self):
        """Connections that say nothing, before a request or after one, are closed."""
        server = self.server(*SHORT)

        def attack():
            served = Crowd(server.port, 300, self.head(server) + b"\r\n")
            fresh = Crowd(server.port, 300)
            blank = Crowd(server.port, 100, b"\r\n\r\n")
            for crowd in (served, fresh, blank):
                crowd.drive(8)
            faults = [f"idle: {len(crowd.open)} {name} are still open" for name, crowd in
                      (("served", served), ("fresh", fresh), ("blank", blank)) if crowd.open]
            if served.statuses() != {200: 300}:
                faults.append(f"idle: {served.statuses()}")
            for crowd in (served, fresh, blank):
                crowd.leave()
            return "700 idle connections closed", faults
        return self.end(server, self.watched(server, "idle", attack))

    # Many

    def flood(self):
        """More connections than there may be: the longest idle give way, else 503 with Retry-After."""
        server = self.server("--max-connections", "200", "--header-timeout", "5")

        def attack():
            slow = Crowd(server.port, 150, self.head(server) + b"X: ")
            idle = Crowd(server.port, 50, self.head(server) + b"\r\n")
            faults, refused, served = [], 0, 0
            end = time.monotonic() + 3
            while time.monotonic() < end:
                try:
                    answer = answers(exchange(server.port, self.head(server) + b"\r\n"))
                except OSError:
                    continue
                if not answer:
                    faults.append("flood: a connection was closed without an answer")
                elif answer[0].status == 503 and answer[0].field("retry-after"):
                    refused += 1
                elif answer[0].status == 200:
                    served += 1
                else:
                    faults.append(f"flood: {answer[0]}")
            more = Crowd(server.port, 1000)
            more.drive(1)
            if not served:
                faults.append("flood: no idle connection gave way")
            for crowd in (slow, idle, more):
                crowd.leave(rudely=True)
            return f"200 full: {served} served, {refused + more.statuses().get(503, 0)} told 503", faults[:3]
        # /healthz is refused meanwhile as anything is.
        seen, faults = attack()
        end = time.monotonic() + 10
        while time.monotonic() < end and server.request("GET", "/healthz")[0] != 200:
            time.sleep(0.2)
        if server.request("GET", "/healthz")[0] != 200:
            faults.append("flood: /healthz does not answer afterwards")
        return self.end(server, (seen, faults))

    def address(self):
        """More connections of one address than it may have: 429 with Retry-After, and others are served."""
        own = own_address()
        if not own:
            return "this machine has no other address than loopback", []
        server = Server(self.binary, self.scratch / "flood-address", self.apps, [
            "--insecure-no-auth", "--max-connections-per-address", "20"])
        server.address = "0.0.0.0:0"
        server.start()
        faults = []
        crowd = Crowd(server.port, 100, host=own)
        crowd.drive(1)
        if crowd.statuses() != {429: 80} or any(
                b"Retry-After: 5" not in data for data in crowd.received.values()):
            faults.append(f"address: {crowd.statuses()}")
        if server.request("GET", "/healthz")[0] != 200:
            faults.append("address: others are not served")
        crowd.leave()
        time.sleep(0.3)
        again = Crowd(server.port, 10, host=own).drive(0.5)
        if len(again.open) != 10:
            faults.append("address: it is not served again")
        again.leave()
        return self.end(server, ("80 of 100 connections of one address told 429", faults))

    def bodies(self):
        """Bodies that are not ended take no more memory together than they may."""
        server = self.server("--max-held-bytes", "20000000")

        def attack():
            pid = server.process.pid
            before = memory(pid, "VmRSS")
            head = self.head(server, "POST /api/deployments HTTP/1.1") + b"Content-Length: 1000000\r\n\r\n"
            crowd = Crowd(server.port, 100)
            for connection in crowd.open.values():
                connection.settimeout(5)
                try:
                    connection.sendall(head + b" " * 999_999)
                except OSError:
                    pass  # It has been refused.
                connection.setblocking(False)
            crowd.drive(2)
            grown = memory(pid, "VmRSS") - before
            told = crowd.statuses()
            faults = [] if set(told) == {503} and 75 <= told[503] < 100 and all(
                b"Retry-After: 5" in data for data in crowd.received.values()
            ) else [f"bodies: {told}"]
            if grown > 64 << 20:
                faults.append(f"bodies: {grown >> 20} MB more")
            crowd.leave()
            return f"{told.get(503, 0)} of 100 bodies of 1 MB told 503, {grown / 1e6:.1f} MB more", faults
        return self.end(server, self.watched(server, "bodies", attack))

    def rate(self):
        """More requests than a client may make: 429 with Retry-After; /healthz all the same."""
        server = self.server()
        server.end()
        server.options = ["--rate", "50", "--burst", "100"]
        process = subprocess.Popen(
            [self.binary, "serve", "--listen", "127.0.0.1:0", "--data", str(server.data),
             "--scripts-root", str(self.apps), *server.options], stdout=subprocess.PIPE,
            stderr=open(server.log, "a"), stdin=subprocess.DEVNULL)
        server.process = process
        server.port = int(process.stdout.readline().decode().rsplit(":", 1)[1])
        head = self.head(server, "GET /api/apps HTTP/1.1") + b"\r\n"
        found = answers(exchange(server.port, head * 500, seconds=30))
        limited = [one for one in found if one.status == 429]
        faults = []
        if len(found) != 500 or not 100 <= 500 - len(limited) < 300:
            faults.append(f"rate: {len(limited)} of {len(found)} told 429")
        if any(not one.field("retry-after") for one in limited):
            faults.append("rate: a 429 without Retry-After")
        health = answers(exchange(server.port, (self.head(server) + b"\r\n") * 500))
        if any(one.status != 200 for one in health):
            faults.append("rate: /healthz is limited")
        return self.end(server, (f"{len(limited)} of 500 requests at once told 429", faults))

    def watchers(self):
        """Watchers that never read while a deployment runs: it ends well, and others are told at once."""
        server = self.server("--max-streams", "310", "--max-streams-per-tenant", "310")

        def attack():
            pid = server.process.pid
            before = memory(pid, "VmRSS")
            identifier = server.submit(self.body("watchers"))
            silent = [Crowd(server.port, 150, self.head(server, f"GET {path} HTTP/1.1") + b"\r\n",
                            receive=2304)
                      for path in ("/api/events/stream", f"/api/deployments/{identifier}/stream")]
            faults = []
            final = server.final(identifier)
            if final["stage"] != "completed":
                faults.append(f"watchers: {final}")
            # The deployment's streams have ended with it.
            more = Crowd(server.port, 250, self.head(server, "GET /api/events/stream HTTP/1.1") + b"\r\n")
            more.drive(2)
            refused = {status: count for status, count in more.statuses().items() if status != 200}
            if not refused or set(refused) - {429, 503}:
                faults.append(f"watchers: {more.statuses()}")
            grown = memory(pid, "VmRSS") - before
            if grown > 48 << 20:
                faults.append(f"watchers: {grown >> 20} MB more")
            for crowd in (*silent, more):
                crowd.leave(rudely=True)
            return f"300 that never read, {sum(refused.values())} told {sorted(refused)}", faults
        return self.end(server, self.watched(server, "watchers", attack))

    def comings(self):
        """Connections that come and leave at once, in every state, for some seconds."""
        server = self.server()

        def attack():
            starts = [b"", b"G", self.head(server), self.head(server) + b"\r\n",
                      self.head(server, "POST /api/deployments HTTP/1.1") + b"Content-Length: 9\r\n\r\n{",
                      self.head(server, "GET /api/events/stream HTTP/1.1") + b"\r\n",
                      self.head(server, "GET /api/deployments HTTP/1.1") + b"\r\n"]
            end, count = time.monotonic() + 4, 0
            while time.monotonic() < end:
                with_word = count % 3
                connection = connect(server.port)
                if starts[count % len(starts)]:
                    connection.sendall(starts[count % len(starts)])
                if with_word == 0:
                    connection.shutdown(socket.SHUT_WR)
                reset(connection) if with_word == 1 else connection.close()
                count += 1
            return f"{count} came and left", []
        return self.end(server, self.watched(server, "comings", attack))

    def end(self, server, result):
        """Stops the server in good order; it must not have ended before."""
        seen, faults = result
        if server.process.poll() is not None:
            faults.append(f"the server ended: {server.log_tail()}")
        elif status := server.end():
            faults.append(f"the server ended with {status}: {server.log_tail()}")
        return seen, faults

    ALL = ["slow_headers", "slow_bodies", "slow_readers", "idle", "flood", "address", "bodies", "rate",
           "watchers", "comings"]

    # The tool

    TOOL = {"slow headers": ["-H", "-i", "10", "-r", "300", "-t", "GET", "-x", "24", "-p", "3"],
            "slow bodies": ["-B", "-i", "10", "-r", "300", "-s", "8192", "-t", "POST", "-x", "10", "-p", "3"],
            "ranges": ["-R", "-r", "300", "-t", "HEAD", "-a", "10", "-b", "3000", "-p", "3"],
            "slow reading": ["-X", "-r", "300", "-w", "512", "-y", "1024", "-n", "5", "-z", "32", "-k", "3",
                             "-p", "3"]}

    def tool(self, name, connections=1200, seconds=40):
        """slowhttptest in one of its modes, with the server's own limits, while a deployment runs."""
        server = self.server()

        def attack():
            target = "/api/deployments" if name == "slow bodies" else "/"
            run = subprocess.Popen(
                ["slowhttptest", *self.TOOL[name], "-c", str(connections), "-l", str(seconds),
                 "-u", f"http://127.0.0.1:{server.port}{target}"],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            faults, took, most = [], [], 0
            output = threading.Thread(target=lambda: run.communicate())
            output.start()
            while run.poll() is None:
                most = max(most, descriptors(server.process.pid))
                began = time.monotonic()
                final = server.final(server.submit(self.body("tool")))
                took.append(time.monotonic() - began)
                if final["stage"] != "completed":
                    faults.append(f"{name}: {json.dumps(final)[:300]}")
            output.join()
            return (f"{connections} connections, {most} descriptors at most, {len(took)} deployments in"
                    f" {max(took):.1f} s at most"), faults
        return self.end(server, self.watched(server, name, attack))


def own_address():
    """An address of this machine that is not loopback; None where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Sends nothing.
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address
