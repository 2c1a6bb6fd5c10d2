#!/usr/bin/env python3
"""A client of the thin CLI, for tests: thin_cli.py COMMAND ARGUMENTS OPTIONS.

Options are those of stock clients: -s SERVER, -p PORT, -u USER, -pw PASSWORD,
--nossl. It prints what the server says and exits as the server says; files are
only read or written when a command line names them. THIN_CLI_NAME is the name
that the usage text gives.
"""

import http.client
import os
import socket
import struct
import sys
import urllib.parse

GREETING = b"XenSource thin CLI protocol"
TIMEOUT_S = 60
COPY_BYTES = 1 << 16

PRINT, LOAD, PROMPT, EXIT, GET, PUT, ERROR, DEBUG, PRINT_ERROR = (
    0, 1, 3, 4, 12, 13, 14, 15, 16)
OK, FAILED, CHUNK, END = 5, 6, 7, 8

USAGE = """Usage:
  %s <command>
    [ -s <server> ]            XenServer host
    [ -p <port> ]              XenServer port number
    [ -u <username> -pw <password> | -pwf <password file> ]
                               User authentication (password or file)
    [ --nossl ]                Disable SSL/TLS
    [ --debug ]                Enable debug output
    [ --debug-on-fail ]        Enable debug output only on failure
    [ --minimal ]              Output only values in a comma-separated lists
    [ --traceparent <value> ]  Distributed tracing context
    [ --trace ]                Show task stacktrace on failure
    [ <other arguments> ... ]  Command-specific options

A full list of commands can be obtained by running
  %s help -s <server> -p <port>
"""


class Words:
    """The words of a frame, from the front."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def number(self):
        value = struct.unpack_from("<i", self.data, self.at)[0]
        self.at += 4
        return value

    def text(self):
        length = self.number()
        self.at += length
        return self.data[self.at - length:self.at].decode("utf-8", "replace")


class Refused(Exception):
    """The client cannot do what it was told."""


class Client:
    """One command."""

    def __init__(self, server, port, stdin=""):
        self.server, self.port, self.stdin = server, port, stdin
        self.out, self.err = [], []

    def run(self, lines):
        """Exit status; `out` and `err` hold what was printed."""
        self.link = socket.create_connection((self.server, self.port),
                                             TIMEOUT_S)
        body = "\n".join(lines).encode()
        self.link.sendall(b"POST /cli HTTP/1.0\r\ncontent-length: %d\r\n\r\n"
                          % len(body) + body)
        with self.link:
            assert self.read(len(GREETING) + 8).startswith(GREETING)
            self.link.sendall(GREETING + struct.pack("<ii", 0, 2))
            while True:
                length = struct.unpack("<i", self.read(4))[0]
                words = Words(self.read(length))
                kind, order = words.number(), words.number()
                assert kind == 9, kind
                if order == EXIT:
                    return words.number()
                status = self.obey(order, words)
                if status is not None:
                    return status

    def read(self, length):
        data = b""
        while len(data) < length:
            more = self.link.recv(length - len(data))
            if not more:
                raise ConnectionError("Lost connection to the server.")
            data += more
        return data

    def send(self, *words):
        self.link.sendall(struct.pack("<%di" % (len(words) + 1),
                                      4 * len(words), *words))

    def send_blob(self, data):
        self.send(11, CHUNK, len(data))
        self.link.sendall(data)
        self.send(11, END)

    def obey(self, order, words):
        if order == PRINT:
            self.out.append(words.text() + "\n")
        elif order == PRINT_ERROR:
            self.err.append(words.text())
        elif order == ERROR:
            code = words.text()
            params = [words.text() for _ in range(words.number())]
            self.err.append("Error code: %s\nError parameters: %s\n"
                            % (code, ", ".join(params)))
        elif order == LOAD:
            self.load(words.text())
        elif order == PROMPT:
            self.send_blob(self.stdin.encode())
        elif order in (GET, PUT):
            return self.transfer(order, words.text(), words.text())
        elif order != DEBUG:
            self.send(10, FAILED)
        return None

    def load(self, name):
        try:
            with open(name, "rb") as file:
                data = file.read()
        except OSError:
            self.send(10, FAILED)
            return
        self.send(10, OK)
        self.send_blob(data)

    def transfer(self, order, name, path):
        try:
            (self.put if order == PUT else self.get)(name, path)
        except Refused as error:
            self.send(10, FAILED)
            self.err.append("Operation failed. Error: %s\n" % error)
            return 1
        except (OSError, http.client.HTTPException):
            self.send(10, FAILED)
            return None
        self.send(10, OK)
        return None

    def where(self, path):
        """Who the path names, or else the server; and what to ask for."""
        url = urllib.parse.urlsplit(path)
        if url.scheme != "https":
            return self.server, path
        return url.hostname, path[path.index(url.netloc) + len(url.netloc):]

    def put(self, name, path):
        """Like stock clients: the body only follows the answer."""
        if not os.path.exists(name):
            raise Refused("file '%s' does not exist" % name)
        server, path = self.where(path)
        with socket.create_connection((server, self.port), TIMEOUT_S) as link:
            link.sendall(("PUT %s HTTP/1.0\r\nContent-length: %d\r\n\r\n"
                          % (path, os.path.getsize(name))).encode())
            answer = link.makefile("rb")
            if answer.readline().split()[1:2] != [b"200"]:
                raise OSError("not 200")
            while answer.readline().strip():
                pass
            with open(name, "rb") as file:
                for data in iter(lambda: file.read(COPY_BYTES), b""):
                    link.sendall(data)

    def get(self, name, path):
        server, path = self.where(path)
        connection = http.client.HTTPConnection(server, self.port,
                                                timeout=TIMEOUT_S)
        connection.request("GET", path)
        answer = connection.getresponse()
        if answer.status != 200:
            raise OSError("not 200")
        try:
            file = open(name, "xb")
        except OSError as error:
            raise Refused(str(error)) from error
        with file:
            while True:
                data = answer.read(COPY_BYTES)
                if not data:
                    break
                file.write(data)
        connection.close()


def options(args):
    """The options of a client, and what is left."""
    found = {"-s": "127.0.0.1", "-p": "80", "-u": "root", "-pw": ""}
    rest = []
    args = iter(args)
    for arg in args:
        if arg in found:
            found[arg] = next(args)
        elif arg != "--nossl":
            rest.append(arg)
    return found, rest


def main(args):
    found, lines = options(args)
    if not lines:
        name = os.environ.get("THIN_CLI_NAME", sys.argv[0])
        sys.stderr.write(USAGE % (name, name))
        return 0
    client = Client(found["-s"], int(found["-p"]))
    status = client.run(lines + ["username=" + found["-u"],
                                 "password=" + found["-pw"]])
    sys.stdout.write("".join(client.out))
    sys.stderr.write("".join(client.err))
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
