"""What a hostile client sends: raw requests, each with the statuses that it may be answered with."""

import json
import os
import random
import uuid


class Case:
    """Bytes, and for each answer the statuses that are right. `heads`: so many are to HEAD."""

    def __init__(self, name, raw, *expected, heads=0, ends=True):
        self.name, self.raw, self.heads, self.ends = name, raw, heads, ends
        self.expected = [{one} if isinstance(one, int) else set(one) for one in expected]


class Attacks:
    """All of them, against one server with a deployment in its history."""

    def __init__(self, port, root, identifier):
        self.host, self.root, self.identifier = f"127.0.0.1:{port}", str(root), identifier

    def cases(self):
        found = []
        for group in (self.smuggling, self.splitting, self.paths, self.folders, self.oversize,
                      self.rebinding, self.sites, self.methods, self.protocols, self.queries,
                      self.json, self.options, self.values):
            for case in group():
                case.name = f"{group.__name__}: {case.name}"
                found.append(case)
        return found

    # Making requests

    def head(self, line, *fields, host=None):
        """The head of a request, with our own Host first."""
        lines = [line, b"Host: " + (host or self.host).encode(), *fields]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def get(self, target, *fields, host=None):
        target = target if isinstance(target, bytes) else target.encode()
        return self.head(b"GET " + target + b" HTTP/1.1", *fields, host=host)

    def post(self, target, body, *fields, kind=b"application/json"):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        own = [b"Content-Length: %d" % len(body)]
        if kind:
            own.append(b"Content-Type: " + kind)
        return self.head(b"POST " + target.encode() + b" HTTP/1.1", *own, *fields) + body

    def deployment(self, **fields):
        """A request that would do but for these fields."""
        return {"script_name": "hostile", "script_folder": self.root + "/nothing",
                "registry_image": "localhost:1/hostile:1", "ports": {}, **fields}

    # The groups

    def smuggling(self):
        """Whoever stands in front must not see other requests than we do."""
        inner = self.get("/healthz")
        body = b"0\r\n\r\n" + inner
        both = [b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked"]
        post = b"POST /api/nothing HTTP/1.1"
        yield Case("length and coding", self.head(post, *both) + body, 400)
        yield Case("coding and length", self.head(post, *both[::-1]) + body, 400)
        yield Case("two lengths", self.head(post, b"Content-Length: 0", both[0]) + body, 400)
        yield Case("the same length twice", self.head(post, both[0], both[0]) + body, 400)
        for value in (b"5, 5", b"+5", b"-0", b"0x5", b"5 5", b"", b"5;", b"5.0", b"\xb2", b"1e1",
                      b"99999999999999999999", b"18446744073709551621"):
            yield Case(f"length {value}", self.head(post, b"Content-Length: " + value) + body, 400)
        for name in (b"Content-Length ", b"Content-Length\t", b"Content-Length\x00",
                     b"Content_Length\x0b", b"Transfer-Encoding ", b"\x0bTransfer-Encoding",
                     b"Transfer-Encoding\r", b"Transfer Encoding"):
            yield Case(f"name {name}", self.head(post, name + b": chunked") + body, 400)
        for value, status in ((b"chunked, identity", 400), (b"identity", 501), (b"xchunked", 501),
                              (b"chunked chunked", 400), (b"chunked;a=b", 400), (b"\"chunked\"", 400),
                              (b"gzip, chunked", 501), (b",", 400), (b"", 400),
                              (b"\x0bchunked", 400), (b"chunked\x00", 400), (b"chunked\x0b", 400),
                              (b"ch\xc3\xbcnked", 400), (b"chunked, chunked", 400)):
            yield Case(f"coding {value}",
                       self.head(post, b"Transfer-Encoding: " + value) + body, status)
        yield Case("coding twice", self.head(post, both[1], both[1]) + body, 400)
        yield Case("coding, then another",
                   self.head(post, both[1], b"Transfer-Encoding: x") + body, 400)
        yield Case("coding behind a line feed",
                   self.head(post, b"X: y\nTransfer-Encoding: chunked") + body, 400)
        yield Case("coding on a folded line",
                   self.head(post, b"X: y", b" Transfer-Encoding: chunked") + body, 400)
        yield Case("coding in HTTP/1.0",
                   b"POST /api/nothing HTTP/1.0\r\n" + both[1] + b"\r\n\r\n" + body, 400)
        # What is inside a body is never a request.
        yield Case("request in a body",
                   self.head(b"GET /healthz HTTP/1.1", b"Content-Length: %d" % len(inner)) + inner,
                   200)
        yield Case("request in chunks", self.head(b"GET /healthz HTTP/1.1", both[1])
                   + b"%x\r\n%b\r\n0\r\n\r\n" % (len(inner), inner), 200)
        yield Case("request behind the chunks", self.head(b"GET /healthz HTTP/1.1", both[1])
                   + body, 200, 200)
        yield Case("HEAD with a body", self.head(
            b"HEAD /healthz HTTP/1.1", b"Content-Length: 5") + b"hello" + inner, 200, 200, heads=1)
        for chunk in (b"5\nhello\r\n", b"5\r\nhello!\r\n", b"+5\r\nhello\r\n", b"0x5\r\nhello\r\n",
                      b"-5\r\nhello\r\n", b" 5\r\nhello\r\n", b"5 \r\nhello\r\n", b"5_\r\nhello\r\n",
                      b"\r\nhello\r\n", b"5;a=\r\nhello\r\n", b"5;a=\"b\r\nhello\r\n",
                      b"5;\nhello\r\n", b"5\r\nhello\n", b"5\r\nhelloXX", b"5\rhello\r\n",
                      b"10000000000000005\r\nhello\r\n", b"\xef\xbc\x95\r\nhello\r\n"):
            yield Case(f"chunk {chunk}",
                       self.head(post, both[1]) + chunk + b"0\r\n\r\n" + inner, 400)
        for trailer in (b"X Y: z\r\n", b": z\r\n", b"X: y\nZ: 0\r\n", b" folded\r\n", b"X\r\n",
                        b"X: \x00\r\n"):
            yield Case(f"trailer {trailer}",
                       self.head(post, both[1]) + b"0\r\n" + trailer + b"\r\n" + inner, 400)
        yield Case("framing in the trailer",
                   self.head(b"GET /healthz HTTP/1.1", both[1])
                   + b"0\r\nContent-Length: 9\r\nTransfer-Encoding: x\r\n\r\n" + inner, 200, 200)
        for line in (b"GET /healthz HTTP/1.1 ", b"GET  /healthz HTTP/1.1", b" GET /healthz HTTP/1.1",
                     b"GET\t/healthz HTTP/1.1", b"GET /healthz\x0bHTTP/1.1", b"GET /healthz",
                     b"GET /healthz HTTP/1.1\r\r", b"GET /healthz HTTP/01.1", b"/healthz HTTP/1.1",
                     b"GET /healthz http/1.1", b"GET /healthz HTTP/1.1, HTTP/1.1", b"G\x00T / HTTP/1.1"):
            yield Case(f"line {line}", self.head(line) + inner, 400)
        yield Case("empty lines for ever", b"\r\n" * 100, 400)
        yield Case("line feeds for ever", b"\n" * 100, 400)
        yield Case("pipelined", inner * 50 + self.get("/nothing"), *[200] * 50, 404)
        yield Case("pipelined behind a close", self.get("/healthz", b"Connection: close") + inner, 200)
        yield Case("Expect", self.head(post, b"Expect: 200-ok") + inner, 417)
        yield Case("Expect with too much",
                   self.head(post, b"Expect: 100-continue", b"Content-Length: 99999999"), 413)

    def splitting(self):
        """No value of a request may end a line of the answer."""
        for value in ("%0d%0aSet-Cookie:%20a=b", "%0d%0a%0d%0a<html>", "%0aX:y", "%0dX:y",
                      "%e5%98%8a%e5%98%8dX:y", "%E2%80%A8X", "%c2%85X", "%1b%5b2J",
                      "\"><script>alert(1)</script>".replace(" ", "%20")):
            yield Case(f"path {value}", self.get(f"/{value}"), 404)
            yield Case(f"id {value}", self.get(f"/api/deployments/{value}"), {400, 404})
            yield Case(f"query {value}", self.get(f"/api/deployments?app={value}"), 200)
            yield Case(f"query's name {value}", self.get(f"/api/deployments?{value}=1"), 400)
            yield Case(f"status {value}", self.get(f"/api/deployments?status={value}"), 400)
            yield Case(f"ids {value}", self.get(f"/api/events/stream?ids={value}"), 400)
            yield Case(f"after {value}",
                       self.get(f"/api/deployments/{self.identifier}/stream?after={value}"), 400)
        for value in (b"\r", b"a\rb", b"a\nb", b"\x00", b"a\x1bb", b"\x7f", b"a\r\n b"):
            for name in (b"Idempotency-Key", b"Last-Event-ID", b"Origin", b"If-None-Match", b"Accept"):
                yield Case(f"{name} {value}",
                           self.head(b"POST /api/deployments HTTP/1.1", name + b": " + value), 400)
        for value in (b"<script>", b"http://e\xc3\xa9.example", b"http://" + b"a" * 9000, b"null",
                      b"http://evil.example\t", b"*", b"http://" + self.host.encode() + b".evil.example",
                      b"http://user@" + self.host.encode(), b"file://"):
            yield Case(f"origin {value[:60]}", self.get("/healthz", b"Origin: " + value), 403)
        for value in (b"-1", b"1e3", b"0x1", b"99999999999999999999", b"1;2", b" 1 2",
                      b"\xef\xbc\x91", b"1\xc2\xa0"):
            yield Case(f"last id {value}", self.get(
                f"/api/deployments/{self.identifier}/stream", b"Last-Event-ID: " + value), 400)
        for value in (b"", b"a b", b"\xff", b"k" * 256, b"\xe2\x80\xa8"):
            yield Case(f"key {value[:20]}", self.post(
                "/api/deployments", self.deployment(), b"Idempotency-Key: " + value), 400)

    def paths(self):
        """There is no file behind a path, in whatever encoding."""
        dots = ("..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "%25252e%25252e", "..%00", "....",
                "%c0%ae%c0%ae", "%e0%80%ae%e0%80%ae", "%f0%80%80%ae", "..;", "%u002e%u002e", "..%20",
                "%uff0e%uff0e", "%ef%bc%8e%ef%bc%8e", ". .", "..%0a", "..%09", "%ff%ae")
        slashes = ("/", "%2f", "%5c", "\\", "%252f", "%c0%af", "%e0%80%af", "//", "/./", "%00/",
                   "%ef%bc%8f", "%u2215")
        for dot in dots:
            for slash in slashes:
                way = slash.join([dot] * 4)
                for start in ("/", "/slipway.js/", "/api/deployments/"):
                    target = f"{start}{way}{slash}etc{slash}passwd".replace(" ", "%20")
                    yield Case(f"{target}", self.get(target), {400, 404})
        for target in ("//etc/passwd", "/.git/config", "/.env", "/..", "/.", "/demo/..", "/slipway.js%00",
                       "/slipway.js/", "//slipway.js", "/%2fslipway.js", "/slipway%2ejs/x", "/file:///etc",
                       "/C:/x", "/proc/self/environ", "/cgi-bin/x", "/?/../../etc/passwd"):
            yield Case(target, self.get(target), {200} if target.startswith("/?") else {400, 404})
        yield Case("encoded letters are the same path", self.get("/%68ealth%7A"), 200)

    def folders(self):
        """Nothing outside of the scripts roots can be deployed, or so much as asked for."""
        root, parent = self.root, os.path.dirname(self.root)
        names = ["/", "//", "/etc", "/etc/passwd", "/proc/self/root", "/proc/self/cwd/..", "/dev/fd",
                 f"{root}/..", f"{root}/../..", f"{root}/../../../../../../../../etc", parent,
                 f"{root}x", f"{root}/out", f"{root}/out/inner", f"{root}/loop", f"{root}/loop/loop",
                 f"{root}/small/../..", f"{root}/./../", f"{root}//..//", f"{root}/small/../../",
                 f"{root}/small/file0.txt", f"{root}/small/file0.txt/..", f"{root}/%2e%2e",
                 f"{root}/..%2f", f"{root}/%2e%2e%2f%2e%2e", f"{root}/%252e%252e", f"{root}/..%00",
                 f"{root}/..\\..", f"{root}/..;/", f"{root}/\uff0e\uff0e", f"{root}/\u2024\u2024",
                 f"{root}/.. /", f"{root}/..\x00", f"{root}\x00/../etc", "\x00", "", " ", ".", "..",
                 "small", "./small", "~", "~root", "$HOME", "`id`", "$(id)", f"file://{root}/small",
                 f"{root}/small\n", f"{root}/small\r\n", f"\n{root}/small", f"{root}/small;id",
                 f"{root}/{{a,b}}", f"{root}/*", f"{root}/sma??", f"{root}/[s]mall", "-", "--help",
                 f"{root}/" + "a/" * 3000, f"{root}/" + "../" * 2000 + "etc", "/" * 5000,
                 f"{root}/" + "n" * 300, f"\\\\{root}", "//localhost/c$", "C:\\", f"{root}/pipe"]
        for name in names:
            for target in ("/api/deployments", "/api/deploy/docker-registry/stream",
                           "/api/deployments/check"):
                yield Case(f"{target} {name[:60]!r}",
                           self.post(target, self.deployment(script_folder=name)), 400)
        # Overlong and other bytes that are no UTF-8.
        for value in (b"\xc0\xae\xc0\xae", b"\xe0\x80\xae", b"\xff", b"\xed\xa0\x80"):
            body = json.dumps(self.deployment(script_folder=root + "/@")).encode()
            yield Case(f"{value}", self.post("/api/deployments", body.replace(b"@", value)), 400)

    def oversize(self):
        """Whatever is too large is refused where it is, and costs nothing."""
        post = b"POST /api/deployments HTTP/1.1"
        for size in (8193, 20_000, 1_000_000):
            yield Case(f"target of {size}", self.get("/" + "x" * size), 414)
            yield Case(f"query of {size}", self.get("/healthz?" + "a=&" * (size // 3 + 1)), 414)
        for size in (16_384, 100_000, 2_000_000):
            yield Case(f"field of {size}", self.get("/healthz", b"X: " + b"y" * size), 431)
            yield Case(f"name of {size}", self.get("/healthz", b"x" * size + b": y"), 431)
        yield Case("101 fields", self.get("/healthz", *[b"X: y"] * 100), 431)
        yield Case("100,000 fields", self.get("/healthz", *[b"X: y"] * 100_000), 431)
        yield Case("blanks before a value", self.get("/healthz", b"X:" + b" " * 20_000 + b"y"), 431)
        yield Case("method", self.head(b"X" * 100 + b" / HTTP/1.1"), 501)
        yield Case("length", self.head(post, b"Content-Length: 1048577") + b"x" * 1_048_577, 413)
        yield Case("length of 2^63 - 1", self.head(post, b"Content-Length: 9223372036854775807"), 413)
        yield Case("a chunk", self.head(post, b"Transfer-Encoding: chunked")
                   + b"100001\r\n" + b"x" * 1_048_577, 413)
        yield Case("a chunk of 2^60", self.head(post, b"Transfer-Encoding: chunked")
                   + b"1000000000000000\r\nx", 413)
        yield Case("chunks", self.head(post, b"Transfer-Encoding: chunked")
                   + b"ffff\r\n%b\r\n" % (b"x" * 65_535) * 17 + b"0\r\n\r\n", 413)
        yield Case("chunk extensions", self.head(post, b"Transfer-Encoding: chunked")
                   + b"1;" + b"a" * 2000 + b"\r\nx\r\n0\r\n\r\n", 400)
        yield Case("chunk extensions in all", self.head(post, b"Transfer-Encoding: chunked")
                   + b"1;%b\r\nx\r\n" % (b"a" * 1000) * 20 + b"0\r\n\r\n", 431)
        yield Case("trailer", self.head(post, b"Transfer-Encoding: chunked")
                   + b"0\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431)
        yield Case("chunks of a byte", self.head(
            post, b"Transfer-Encoding: chunked", b"Content-Type: application/json")
            + b"1\r\n[\r\n" * 50_000 + b"0\r\n\r\n", 400)

    def rebinding(self):
        """A name that a page can point at us is not ours."""
        port = self.host.rsplit(":")[1]
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1:1", f"127.1:{port}",
                     f"localhost.evil.example:{port}", f"127.0.0.1.nip.io:{port}", f"2130706433:{port}",
                     f"0x7f.1:{port}", f"0177.0.0.1:{port}", f"0.0.0.0:{port}", f"localhost.:{port}",
                     f"[::ffff:127.0.0.1]:{port}", f"[::]:{port}", f"127.0.0.2:{port}",
                     "localhost:65536", f"LOCALHOST%00:{port}", f"a@127.0.0.1:{port}", "127.0.0.1:-1",
                     f"127.0.0.1,evil.example:{port}", f"127.0.0.1:{port}:{port}", f"127.0.0.1:{port}/",
                     f"127.0.0.1:{port} ", "", "/", "*", "[", "[::1", f"::1:{port}", f"[::1]x:{port}"):
            if host.strip() == self.host:
                continue
            yield Case(f"host {host!r}",
                       b"GET /api/deployments HTTP/1.1\r\nHost: " + host.encode() + b"\r\n\r\n",
                       {400, 421})
        yield Case("absolute form", self.get("http://evil.example/healthz"), 421)
        yield Case("absolute form of our own", self.get(f"http://{self.host}/healthz",
                                                        host="evil.example"), 200)
        yield Case("two hosts", self.get("/healthz", b"Host: evil.example"), 400)
        yield Case("no host", b"GET /healthz HTTP/1.1\r\n\r\n", 400)
        for name in (b"X-Forwarded-Host", b"X-Host", b"Forwarded", b"X-Original-URL", b"X-Rewrite-URL"):
            yield Case(f"{name} is nothing to us",
                       self.get("/healthz", name + b": evil.example"), 200)

    def sites(self):
        """A page of another origin cannot make a browser do anything here."""
        body = self.deployment()
        for origin in (b"http://evil.example", b"null", b"https://127.0.0.1:1", b"http://localhost.evil"):
            field = b"Origin: " + origin
            yield Case(f"GET of {origin}", self.get("/api/deployments", field), 403)
            yield Case(f"stream of {origin}", self.get("/api/events/stream", field), 403)
            yield Case(f"POST of {origin}", self.post("/api/deployments", body, field), 403)
            yield Case(f"bare POST of {origin}",
                       self.head(b"POST /api/deployments/%b/cancel HTTP/1.1"
                                 % self.identifier.encode(), field), 403)
            yield Case(f"preflight of {origin}", self.head(
                b"OPTIONS /api/deployments HTTP/1.1", field, b"Access-Control-Request-Method: POST",
                b"Access-Control-Request-Headers: content-type"), 403)
        for kind in (b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x",
                     b"application/jsonp", b"text/json", b"application/json, text/plain", b"json", b"",
                     b"text/plain; application/json", None):
            yield Case(f"POST of {kind}", self.post("/api/deployments", body, kind=kind), 415)
        for kind in (b"application/json; charset=utf-8", b"APPLICATION/JSON", b"application/json;"):
            yield Case(f"POST of {kind}", self.post("/api/deployments", body, kind=kind), 400)

    def methods(self):
        """Only what a path allows, and no way around it."""
        path = b"/api/deployments/" + self.identifier.encode()
        for method, status in ((b"TRACE", {405, 501}), (b"TRACK", {405, 501}), (b"PUT", 405),
                               (b"PATCH", {405, 501}), (b"BREW", 501), (b"get", 501), (b"Get", 501),
                               (b"PROPFIND", {405, 501}), (b"DEBUG", {405, 501}), (b"CONNECT", 501),
                               (b"POST", 405), (b"!#$%&'*+-.^_`|~", 501), (b"G\xc3\x8bT", 400),
                               (b"GET:", 400), (b"(GET)", 400)):
            yield Case(f"{method}", self.head(method + b" " + path + b" HTTP/1.1"), status)
        for name in (b"X-HTTP-Method-Override", b"X-HTTP-Method", b"X-Method-Override", b"_method"):
            yield Case(f"POST with {name}",
                       self.head(b"POST " + path + b" HTTP/1.1", name + b": DELETE"), 405)
            yield Case(f"GET with {name}", self.get(path, name + b": DELETE"), 200)
        yield Case("GET with ?_method", self.get(path + b"?_method=DELETE"), {200, 400})
        yield Case("OPTIONS *", self.head(b"OPTIONS * HTTP/1.1"), 204)
        yield Case("GET *", self.head(b"GET * HTTP/1.1"), 400)
        yield Case("DELETE of nothing", self.head(b"DELETE /api/deployments/ HTTP/1.1"), {404, 405})
        yield Case("DELETE of all", self.head(b"DELETE /api/deployments HTTP/1.1"), 405)

    def protocols(self):
        """Other forms and other protocols."""
        yield Case("authority form", self.get(self.host), 400)
        yield Case("CONNECT", self.head(b"CONNECT evil.example:443 HTTP/1.1"), 501)
        for target in ("ftp://evil.example/", "http:/evil", "http:evil", "http://", "http:///x", "evil/x",
                       "http://u:p@" + self.host + "/", "javascript:alert(1)", "?x", "http://[::1/",
                       "httpx://evil.example/", "http://a b/", "http://evil.example:99999/"):
            yield Case(f"target {target}", self.get(target), {400, 421})
        yield Case("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0", {400, 505})
        yield Case("HTTP/3.0", b"GET / HTTP/3.0\r\n\r\n", 505)
        yield Case("HTTP/0.9", b"GET /\r\n", 400)
        yield Case("TLS", bytes.fromhex("16030100c8010000c40303") + bytes(range(190)), 400)
        yield Case("TLS 1.0 alert", bytes.fromhex("15030100020228"), 400)
        yield Case("SSL 2", bytes.fromhex("802e0100020015000000100100800300800700c0"), 400)
        for raw in (b"SSH-2.0-OpenSSH_9.2\r\n", b"EHLO evil.example\r\n", b"*1\r\n$4\r\nPING\r\n",
                    b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c",
                    b"\x05\x01\x00", b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b"\0" * 100, b"\xff" * 100,
                    b"stats\r\n", b"RTSP/1.0 200 OK\r\n\r\n", b"OPTIONS rtsp://x RTSP/1.0\r\n\r\n",
                    b"\xef\xbb\xbfGET / HTTP/1.1\r\n\r\n", "ＧＥＴ / HTTP/1.1\r\n\r\n".encode(),
                    b"HTTP/1.1 200 OK\r\n\r\n", b"<?xml version='1.0'?>", b"{\"jsonrpc\":\"2.0\"}"):
            yield Case(f"{raw[:24]}", raw, 400)
        upgrade = [b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13",
                   b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
        yield Case("WebSocket", self.get("/healthz", *upgrade), 200)
        yield Case("WebSocket, and frames", self.get("/healthz", *upgrade) + b"\x81\x85\1\2\3\4hello",
                   200, 400)
        yield Case("h2c", self.get("/healthz", b"Connection: Upgrade, HTTP2-Settings",
                                   b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"), 200)
        yield Case("Range", self.get("/healthz", b"Range: bytes=" + b"0-," * 1000), 200)
        yield Case("TE and Connection of everything", self.get(
            "/healthz", b"TE: trailers, deflate;q=0.5", b"Connection: host, content-length, te"), 200)

    def queries(self):
        """Queries are read strictly."""
        path = f"/api/deployments/{self.identifier}"
        for target in ("?limit=-1", "?limit=0", "?limit=501", "?limit=1e2", "?limit=0x10", "?limit=+5",
                       "?limit=5&limit=6", "?limit=", "?limit=99999999999999999999", "?limit=%ef%bc%95",
                       "?cursor=x", "?cursor=%2e%2e%2f", "?cursor='%20OR%201=1--", "?status=nothing",
                       "?app=", "?app=%ff", "?app=%c0%80", "?app=%00", "?nothing=1", "?app=a&app=b",
                       "?%61pp=a&app=b", "?app[]=a&app[0]=b", "?__proto__=1"):
            yield Case(target, self.get(f"/api/deployments{target}"), 400)
        for app in ("'%20OR%20'1'='1", "%25", "_", "%22;%20DROP%20TABLE%20deployments;--", "*", "x%27%29"):
            yield Case(f"app {app}", self.get(f"/api/deployments?app={app}"), 200)
        for target in ("after=-1", "after=x", "after=1&wait=31", "wait=-1", "wait=1e1"):
            yield Case(f"progress {target}",
                       self.get(f"/api/deploy/progress/{self.identifier}?{target}"), 400)
        for target in ("events?limit=1001", "events?limit=0", "events?after=x", "logs?tail=-1",
                       "logs?tail=10001", "logs?follow=maybe", "stream?after=x"):
            yield Case(target, self.get(f"{path}/{target}"), 400)
        many = ",".join(str(uuid.uuid4()) for _ in range(200))
        yield Case("200 ids", self.head(f"HEAD /api/events/stream?ids={many} HTTP/1.1".encode()), 200,
                   heads=1)
        thousands = ",".join(str(uuid.uuid4()) for _ in range(5000))
        yield Case("5,000 ids", self.get(f"/api/events/stream?ids={thousands}"), 414)
        for ids in (",", "x", f"{self.identifier},", f"{self.identifier.upper()}x", "," * 4000, "*",
                    f"{self.identifier}%2c..", "00000000-0000-0000-0000-00000000000g"):
            yield Case(f"ids {ids[:40]}", self.get(f"/api/events/stream?ids={ids}"), 400)
        yield Case("types", self.get("/api/events/stream?types=" + "heartbeat," * 500 + "x"), 400)
        for name in ("", "x", "..", self.identifier + "x", self.identifier[:-1], "0" * 36,
                     "{" + self.identifier + "}", "%00", "null", "undefined", "-1"):
            yield Case(f"record {name}", self.get(f"/api/deployments/{name}"), {400, 404})
            yield Case(f"cancel {name}", self.head(
                f"POST /api/deployments/{name}/cancel HTTP/1.1".encode()), {400, 404, 405})

    def json(self):
        """Texts that are made to be read badly."""
        deep = 100_000
        bodies = {
            "arrays": b"[" * deep + b"]" * deep, "open arrays": b"[" * (1 << 19),
            "objects": b'{"a":' * deep + b"1" + b"}" * deep, "129 deep": b"[" * 129 + b"]" * 129,
            "in metadata": json.dumps(self.deployment()).encode()[:-1] + b',"metadata":{"a":'
            + b"[" * 500 + b"]" * 500 + b"}}",
            "the same name twice": b'{"script_name":"a","script_name":"b"}',
            "the same name twice, escaped": b'{"script_name":"a","script\\u005fname":"b"}',
            "many names": json.dumps({f"field{n}": n for n in range(60_000)}).encode(),
            "many names that are near": json.dumps({f"script_nam{n}": n for n in range(40_000)}).encode(),
            "many colliding prefixes": json.dumps({"a" * 50 + str(n): n for n in range(15_000)}).encode(),
            "many variables": json.dumps(self.deployment(
                env_vars={f"V{n}": "x" for n in range(60_000)})).encode(),
            "many faults": json.dumps(self.deployment(
                env_vars={f"-{n}": 1 for n in range(40_000)})).encode(),
            "many ports": json.dumps(self.deployment(
                ports={f"p{n}": 1 + n % 65535 for n in range(40_000)})).encode(),
            "many required": json.dumps(self.deployment(
                health={"require": [f"p{n}" for n in range(60_000)]})).encode(),
            "a word of 1 MiB": b'"' + b"x" * 1_048_000 + b'"',
            "escapes": b'{"a":"' + b"\\u0041" * 170_000 + b'"}',
            "blanks": b" " * 1_048_000 + b"{}", "line breaks": b"\n" * 1_048_000,
            "a number of 1 MB": b"1" * 1_000_000, "1e999999999": b'{"cpus":1e999999999}',
            "a fraction of 1 MB": b"0." + b"1" * 1_000_000, "-": b"-", "01": b"01", "1.": b"1.",
            ".5": b".5", "+1": b"+1", "NaN": b"NaN", "Infinity": b'{"a":Infinity}', "0x1": b"0x1",
            "half a pair": b'{"script_name":"\\ud800"}', "the other half": b'{"a":"\\udc00"}',
            "halves the wrong way": b'{"a":"\\udc00\\ud800"}', "half and a letter": b'{"a":"\\ud800x"}',
            "no UTF-8": b'{"a":"\xff"}', "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
            "overlong": b'{"a":"\xc0\xa2"}', "cut": b'{"a":"\xe2\x82', "UTF-16": "{}".encode("utf-16"),
            "UTF-32": "{}".encode("utf-32"), "null": b"null", "true": b"true", "a number": b"1",
            "a word": b'"a"', "an array": b"[]", "nothing in it": b"{}", "blank": b" ", "NUL": b"\0",
            "NUL in a word": b'{"a":"\0"}', "a tab in a word": b'{"a":"\t"}', "a comma too many": b'{"a":1,}',
            "no comma": b'{"a":1 "b":2}', "single quotes": b"{'a':1}", "a comment": b"/**/{}",
            "two values": b"{}{}", "behind it": b"{}x", "unknown escape": b'{"a":"\\x41"}',
            "short escape": b'{"a":"\\u00"}', "BOM": b"\xef\xbb\xbf{}", "two BOMs": b"\xef\xbb\xbf" * 2 + b"{}",
            "prototype": b'{"__proto__":{"admin":true},"constructor":1}',
        }
        for name, body in bodies.items():
            for target in ("/api/deployments", "/api/deployments/check",
                           f"/api/deployments/{self.identifier}/stop"):
                expected = {400, 409} if target.endswith("stop") else {400}
                if name in ("nothing in it", "BOM", "blanks") and target.endswith("stop"):
                    expected = {202, 409}  # There is nothing wrong with them.
                if len(body) > (16_384 if target.endswith("stop") else 1 << 20):
                    expected = {413}
                # A client that has ended its side is not waited for as long as these may take.
                yield Case(f"{name} to {target}", self.post(target, body, b"Connection: close"),
                           expected, ends=False)
        wrong = {"script_name": [1, {}, [], True, "", "a" * 101, "a b", "ä", "a/b", "a\n", ".", "a\u0301"],
                 "ports": [[], 1, "x", {"a": 0}, {"a": 65536}, {"a": -1}, {"a": 1.5}, {"a": "80"},
                           {"": 80}, {"a": {"container": 80, "host": 70000}}, {"a": {"hots": 1}},
                           {"a": {"container": 80, "host": 1}, "b": {"container": 81, "host": 1}}],
                 "env_vars": [[], "x", {"a=b": "x"}, {"": "x"}, {"a": 1}, {"a": None}, {"a\0": "x"},
                              {"a": "\0"}, {"a": "x" * 102_401}, {"1": "x"}],
                 "health": [[], {"timeout_seconds": 0}, {"timeout_seconds": 1e9}, {"require": "some"},
                            {"paths": {"x": "/"}}, {"nothing": 1}],
                 "metadata": [[], "x", {"a": "x" * 5000}], "labels": [[], {"slipway.x": "y"}, {"a": 1}],
                 "memory": ["-1", "1", 0, "1e9", "9" * 30, "1t", "0x10m", " 64m"],
                 "cpus": [-1, 0, "1e3", "nan", "inf", "1.5.1", "9" * 30],
                 "command": ["x", [""], [1], {"a": 1}, [None]],
                 "platform": ["linux", "a/b/c/d", "LINUX/AMD64", "/", "../x"],
                 "registry_image": ["", "A", "a b", "a:", "a@sha256:x", "a" * 300, "http://x/y", "a:b:c",
                                    "a//b", "/a", "..", "../a", "a\n", "-a", "a@", "a;b", "$(a)"]}
        for field, values in wrong.items():
            for value in values:
                yield Case(f"{field} {str(value)[:40]}",
                           self.post("/api/deployments", self.deployment(**{field: value})), 400)

    def options(self):
        """No value is read as an option by the docker command."""
        for value in ("-", "--", "-v", "--privileged", "--help", "-v=/:/host", "--net=host", "-H=tcp://x",
                      "--config=/x", "--env-file=/etc/passwd", "-it", "--rm", "--pid=host"):
            for field in ("script_name", "script_folder", "container_name", "registry_image", "platform",
                          "environment", "container_path", "pull", "on_conflict", "copy", "restart",
                          "memory", "cpus", "network"):
                yield Case(f"{field} {value}",
                           self.post("/api/deployments", self.deployment(**{field: value})), 400)
            for field, given in (("env_vars", {value: "x"}), ("health", {"paths": {"a": value}}),
                                 ("health", {"require": [value]}), ("source", value),
                                 ("ports", {"a": {"container": 80, "bind": value}}),
                                 ("ports", {"a": {"container": 80, "path": value}})):
                yield Case(f"{field} {given}",
                           self.post("/api/deployments", self.deployment(**{field: given})), 400)

    def values(self):
        """Line breaks in values reach no other line: of a file, a header field, a probe."""
        for value in ("a\r\nX: y", "a\nb", "a\rb", "a\u2028b", "a\u0085b", "a\x00b", "a\x1b[2Jb"):
            for field in ("script_name", "container_name", "registry_image", "platform", "environment",
                          "pull", "restart", "memory", "cpus", "network", "on_conflict", "copy"):
                yield Case(f"{field} {value!r}",
                           self.post("/api/deployments", self.deployment(**{field: value})), 400)
            path = f"/{value}"
            if not value.isprintable() and "\u2028" not in value and "\u0085" not in value:
                yield Case(f"container_path {value!r}",
                           self.post("/api/deployments", self.deployment(container_path=path)), 400)
            yield Case(f"path {value!r}", self.post("/api/deployments", self.deployment(
                ports={"a": {"container": 80, "path": path}})), 400)
            for name in ("HTTP_PROXY", "DOCKER_HOST", "PATH"):
                yield Case(f"{name} {value!r}", self.post("/api/deployments", self.deployment(
                    env_vars={name: value})), 400)
            yield Case(f"variable {value!r}", self.post("/api/deployments", self.deployment(
                env_vars={value: "x"})), 400)
            yield Case(f"auth {value!r}", self.post("/api/deployments", self.deployment(
                registry_auth={"username": value, "password": value})), 400)
            yield Case(f"label {value!r}", self.post("/api/deployments", self.deployment(
                labels={value: "x"})), 400)


class Mutations:
    """Requests that somebody has damaged: by chance, but the same for the same seed."""

    def __init__(self, attacks, seed):
        self.chance = random.Random(seed)
        body = attacks.deployment(env_vars={"A": "b"}, labels={"c": "d"})
        self.seeds = [
            attacks.get("/healthz"), attacks.get("/api/deployments?limit=5&app=a"),
            attacks.get(f"/api/deployments/{attacks.identifier}/events?after=0&limit=10"),
            attacks.get("/api/apps", b"Accept: */*", b"Cookie: a=b", b"X: y"),
            attacks.post("/api/deployments", body, b"Idempotency-Key: k"),
            attacks.head(b"POST /api/deployments HTTP/1.1", b"Transfer-Encoding: chunked",
                         b"Content-Type: application/json") + b"2\r\n{}\r\n0\r\n\r\n",
            attacks.head(b"OPTIONS * HTTP/1.1"),
        ]
        self.pieces = [b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b",", b"%", b"%00", b"%2f",
                       b"..", b"/", b"?", b"#", b"&", b"=", b"{", b"}", b"[", b"\"", b"\\u0000", b"\xff",
                       b"\xc0\xaf", b"HTTP/1.1", b"Content-Length: 3\r\n", b"Host: evil\r\n", b"-1",
                       b"Transfer-Encoding: chunked\r\n", b"99999999999999999999", b"A" * 300, b"0\r\n\r\n"]

    def next(self):
        """One that may be anything, and must be answered or left alone."""
        raw = bytearray(self.chance.choice(self.seeds))
        for _ in range(self.chance.choice((1, 1, 2, 3, 8))):
            place = self.chance.randrange(len(raw) + 1)
            match self.chance.randrange(6):
                case 0: raw[place:place] = self.chance.choice(self.pieces)
                case 1: del raw[place:place + self.chance.choice((1, 1, 2, 20))]
                case 2: raw[place:place + 1] = bytes([self.chance.randrange(256)])
                case 3: raw[place:place] = raw[:self.chance.randrange(len(raw) + 1)]
                case 4: raw[place:place + len(piece)] = piece if (
                    piece := self.chance.choice(self.pieces)) else b""
                case 5: del raw[place:]
            if not raw:
                raw = bytearray(b"\r\n")
        return bytes(raw)
