"""Requests as bytes, and answers read so strictly that nothing can hide in them."""

import dataclasses
import re
import socket
import struct

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) [\x20-\x7e]*\Z")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+): ([\x20-\x7e\x80-\xff]*)\Z")


class Malformed(Exception):
    """What came is no sequence of answers."""


@dataclasses.dataclass
class Answer:
    status: int
    fields: list
    body: bytes

    def field(self, name):
        values = [value for key, value in self.fields if key.lower() == name]
        if len(values) > 1:
            raise Malformed(f"{name} comes {len(values)} times")
        return values[0] if values else None


def connect(port, seconds=20, receive=None, host="127.0.0.1", source=None):
    """A connection, with a receive buffer of so many bytes; from an address of one's own."""
    connection = socket.socket()
    if receive:
        # A small window and small segments, or the kernel would take it all on our behalf.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
    connection.settimeout(seconds)
    try:
        if source:
            connection.bind((source, 0))
        connection.connect((host, port))
    except BaseException:
        connection.close()
        raise
    return connection


def reset(connection):
    """Closes without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def exchange(port, raw, ends=True, source=None, most=64 << 20, seconds=20):
    """Sends bytes, ends our side, and gives all that comes until the server has ended its own."""
    with connect(port, source=source, seconds=seconds) as connection:
        try:
            connection.sendall(raw)
            if ends:
                connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # It has had enough, and has said why.
        received = bytearray()
        try:
            while len(received) < most and (data := connection.recv(65536)):
                received += data
        except ConnectionResetError:
            pass
        return bytes(received)


def answers(received, heads=0):
    """The answers that these bytes are, the first `heads` of them to HEAD; the last may be cut."""
    found = []
    while received:
        head, end, received = received.partition(b"\r\n\r\n")
        if not end:
            raise Malformed(f"a head without an end: {head[:200]}")
        lines = head.split(b"\r\n")
        status = STATUS_LINE.match(lines[0])
        if not status:
            raise Malformed(f"no status line: {lines[0][:200]}")
        fields = []
        for line in lines[1:]:
            field = FIELD.match(line)
            if not field:
                raise Malformed(f"no field: {line[:200]}")
            fields.append((field[1].decode(), field[2].decode("latin-1")))
        answer = Answer(int(status[1]), fields, b"")
        length, coding = answer.field("content-length"), answer.field("transfer-encoding")
        if answer.status < 200 or answer.status in (204, 304):
            if length or coding:
                raise Malformed(f"{answer.status} with a body")
        elif length is not None:
            if coding:
                raise Malformed("both framings")
            if len(found) >= heads:
                answer.body, received = received[:int(length)], received[int(length):]
        elif coding:
            if len(found) >= heads:
                answer.body, received = chunks(received)
        else:
            answer.body, received = received, b""
        if answer.status >= 200:
            found.append(answer)
    return found


def chunks(received):
    """The body of chunks and what is behind it."""
    body = bytearray()
    while received:
        line, end, rest = received.partition(b"\r\n")
        if not re.fullmatch(rb"[0-9a-f]+", line.lower()):
            raise Malformed(f"no chunk size: {line[:50]}")
        size = int(line, 16)
        body += rest[:size]
        if len(rest) < size + 2:
            return bytes(body), b""  # A stream that was left.
        if rest[size:size + 2] != b"\r\n":
            raise Malformed("a chunk is longer than its size")
        received = rest[size + 2:]
        if not size:
            return bytes(body), received
    return bytes(body), b""
