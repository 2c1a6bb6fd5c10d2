"""The server seen from its sockets: framing, limits, many connections, TLS."""

import base64
import json
import os
import resource
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest
import xmlrpc.client

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from simulation import Client, Simulation, program  # noqa: E402

CONNECTIONS = 512
PARKED = 4000
SESSIONS = 3000
TIMEOUT_S = 60
PARKED_BYTES_MAX = 16 << 10  # of the server's memory for each parked call
BODY_BYTES_MAX = 8 << 20
HELD_BYTES_MAX = 512 << 20


def memory_of(pid):
    """Resident bytes of a process."""
    with open("/proc/%d/statm" % pid, encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def call(method, *params):
    """A request as bytes."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method,
                       "params": params})
    return ("POST /jsonrpc HTTP/1.1\r\ncontent-length: %d\r\n\r\n%s"
            % (len(body), body)).encode()


def read_answer(file):
    """Status, headers, body of one answer."""
    status = int(file.readline().split()[1])
    headers = {}
    for line in iter(file.readline, b"\r\n"):
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return status, headers, file.read(int(headers["content-length"]))


class Sockets(unittest.TestCase):
    """Tests against one simulation, with sockets of their own."""

    @classmethod
    def setUpClass(cls):
        cls.simulation = Simulation()

    @classmethod
    def tearDownClass(cls):
        assert cls.simulation.stop() == 0

    def connect(self):
        connection = socket.create_connection(
            ("127.0.0.1", self.simulation.port), TIMEOUT_S)
        self.addCleanup(connection.close)
        return connection

    def ask(self, data, close=False):
        """The answer to bytes, and what follows if the server closes."""
        connection = self.connect()
        connection.sendall(data)
        with connection.makefile("rb") as file:
            answer = read_answer(file)
            return answer + (file.read(),) if close else answer

    def assert_alive(self):
        status, _, body = self.ask(call("session.login_with_password", "root",
                                        "x"))
        self.assertEqual(status, 200)
        self.assertIn(b"OpaqueRef:", body)

    def test_requests_in_one_packet_are_answered_in_order(self):
        connection = self.connect()
        connection.sendall(b"".join(call("system.isAlive%d" % nr)
                                    for nr in range(20))
                           + call("system.listMethods"))
        with connection.makefile("rb") as file:
            for _ in range(20):
                self.assertEqual(read_answer(file)[0], 500)
            self.assertEqual(read_answer(file)[0], 200)

    def test_a_request_may_come_byte_by_byte(self):
        connection = self.connect()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in call("session.login_with_password", "root", "x"):
            connection.sendall(bytes([byte]))
        with connection.makefile("rb") as file:
            self.assertEqual(read_answer(file)[0], 200)

    def test_a_body_may_be_chunked(self):
        body = call("session.login_with_password", "root", "x")
        body = body.partition(b"\r\n\r\n")[2]
        chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body)
        status, _, answer = self.ask(
            b"POST /jsonrpc HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
            + chunks + b"0\r\n\r\n")
        self.assertEqual(status, 200)
        self.assertIn(b"OpaqueRef:", answer)

    def test_ambiguous_requests_are_refused_and_the_connection_closed(self):
        heads = (
            b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 3\r\n"
            b"Transfer-Encoding: chunked\r\n",
            b"POST / HTTP/1.1\r\nA: b\r\n c\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: -3\r\n",
            b"POST / HTTP/1.1\nA: b\n", b"POST /%00 HTTP/1.1\r\n",
            b"\x16\x03\x01\x02\x00\r\n")
        for head in heads:
            status, _, _, rest = self.ask(head + b"\r\nabc", close=True)
            self.assertEqual((status, rest), (400, b""), head)
        status, _, _, rest = self.ask(b"GET / HTTP/1.1\r\nA: "
                                      + b"x" * 70000, close=True)
        self.assertEqual((status, rest), (431, b""))
        self.assert_alive()

    def test_a_bad_chunk_closes_the_connection(self):
        status, _, _, rest = self.ask(
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            close=True)
        self.assertEqual((status, rest), (400, b""))

    def test_a_closing_client_gets_its_answer(self):
        connection = self.connect()
        connection.sendall(call("session.login_with_password", "root", "x"))
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as file:
            self.assertEqual(read_answer(file)[0], 200)
            self.assertEqual(file.read(), b"")

    def test_http_1_0_closes(self):
        status, headers, _, rest = self.ask(b"GET /none HTTP/1.0\r\n\r\n",
                                            close=True)
        self.assertEqual((status, headers["connection"], rest),
                         (404, "close", b""))

    def test_a_huge_body_is_refused_with_bounded_memory(self):
        before = memory_of(self.simulation.process.pid)
        for length in (BODY_BYTES_MAX + 1, 1 << 50):
            connection = self.connect()
            connection.sendall(b"POST / HTTP/1.1\r\nContent-Length: %d\r\n\r\n"
                               % length)
            try:
                for _ in range(BODY_BYTES_MAX // (1 << 20) + 8):
                    connection.sendall(bytes(1 << 20))
            except OSError:  # the server has said no, and closed
                pass
            connection.close()
        self.assert_alive()
        self.assertLess(memory_of(self.simulation.process.pid) - before,
                        8 * BODY_BYTES_MAX)

    def test_a_client_that_does_not_read_is_not_read_either(self):
        connection = self.connect()
        connection.settimeout(1)
        before = memory_of(self.simulation.process.pid)
        request = call("system.listMethods") * 100
        try:
            for _ in range(1000):
                connection.sendall(request)
        except socket.timeout:
            pass
        self.assertLess(memory_of(self.simulation.process.pid) - before,
                        64 << 20)
        self.assert_alive()

    def test_many_that_do_not_read_long_answers_stop_nobody(self):
        client = Client(self.simulation).login()
        self.addCleanup(client.close)
        before = memory_of(self.simulation.process.pid)
        request = call("role.get_all_records", client.session)
        for _ in range(CONNECTIONS // 4):
            self.connect().sendall(request * 4)
        self.assert_alive()
        self.assertLess(memory_of(self.simulation.process.pid) - before,
                        HELD_BYTES_MAX + (256 << 20))

    def test_deep_nesting_and_bad_text_are_refused(self):
        bodies = (b"/", b"<a>" * 100000), (b"/jsonrpc", b"[" * 1000000), (
            b"/jsonrpc", b'{"a":' * 100000), (b"/", b"\xff" * 1000), (
            b"/json", b"<methodCall><methodName>\xff</methodName>")
        for path, body in bodies:
            status, _, _ = self.ask(
                b"POST %s HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"
                % (path, len(body), body))
            self.assertEqual(status, 500, body[:30])
        self.assert_alive()

    def test_options_name_the_methods(self):
        for path in (b"/", b"/json", b"/jsonrpc"):
            status, headers, _ = self.ask(b"OPTIONS %s HTTP/1.1\r\n\r\n" % path)
            self.assertEqual(status, 200)
            self.assertEqual(headers["access-control-allow-methods"], "PUT")

    def test_a_path_without_a_handler_is_forbidden(self):
        self.assertEqual(self.ask(b"DELETE /x HTTP/1.1\r\n\r\n")[0], 403)

    def test_handlers_take_any_of_the_credentials(self):
        session = Client(self.simulation).login().session
        basic = base64.b64encode(b"root:x").decode()
        for credentials, status in (
                ("", 401), ("Cookie: session_id=%s\r\n" % session, 404),
                ("Cookie: session_id=OpaqueRef:x\r\n", 401),
                ("Cookie: pool_secret=x\r\n", 401),
                ("Authorization: Basic %s\r\n" % basic, 404),
                ("Authorization: Basic cm9vdDo=\r\n", 401)):
            found, headers, _ = self.ask((
                "GET /console?uuid=none HTTP/1.1\r\n%s\r\n"
                % credentials).encode())
            self.assertEqual(found, status, credentials)
            if status == 401:
                self.assertEqual(headers["www-authenticate"],
                                 'Basic realm="connect_console_ws"')

    def test_json_takes_xml(self):
        body = (b"<methodCall><methodName>x.y</methodName><params>"
                b"</params></methodCall>")
        status, headers, answer = self.ask(
            b"POST /json HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body))
        self.assertEqual((status, headers["content-type"]), (200, "text/xml"))
        self.assertIn(b"MESSAGE_METHOD_UNKNOWN", answer)

    def test_thousands_of_sessions_leave_the_newest(self):
        client = Client(self.simulation)
        self.addCleanup(client.close)
        sessions = [client.call("session.login_with_password", "root", "x",
                                "1.0", "many") for _ in range(SESSIONS)]
        client.session = sessions[-1]
        self.assertTrue(client.do("pool.get_all"))
        status, _, body = self.ask(call("pool.get_all", sessions[0]))
        self.assertEqual(status, 200)
        self.assertIn(b"SESSION_INVALID", body)


class ManyConnections(unittest.TestCase):
    """Connections that stay."""

    def setUp(self):
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limit)
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit[1], limit[1]))
        if limit[1] < PARKED + CONNECTIONS + 100:
            self.skipTest("only %d open files are allowed" % limit[1])

    def open(self, simulation, nr):
        sockets = []
        for _ in range(nr):
            sockets.append(socket.create_connection(
                ("127.0.0.1", simulation.port), TIMEOUT_S))
            self.addCleanup(sockets[-1].close)
        return sockets

    def test_512_connections_are_served_in_turn(self):
        with Simulation() as simulation:
            sockets = self.open(simulation, CONNECTIONS)
            for _ in range(3):
                for one in sockets:
                    one.sendall(call("session.login_with_password", "root",
                                     "x"))
                for one in sockets:
                    with one.makefile("rb") as file:
                        self.assertEqual(read_answer(file)[0], 200)

    def test_4000_calls_wait_and_wake(self):
        with Simulation() as simulation:
            client = Client(simulation).login()
            self.addCleanup(client.close)
            pool = client.do("pool.get_all")[0]
            token = client.do("event.from", ["pool"], "", 0.0)["token"]
            sockets = self.open(simulation, PARKED)
            before = memory_of(simulation.process.pid)
            for one in sockets:
                one.sendall(call("event.from", client.session, ["pool"], token,
                                 60.0))
            client.do("pool.get_all")
            grown = memory_of(simulation.process.pid) - before
            client.do("pool.set_name_description", pool, "changed")
            for one in sockets:
                with one.makefile("rb") as file:
                    self.assertIn(pool.encode(), read_answer(file)[2])
            self.assertLess(grown / PARKED, PARKED_BYTES_MAX)

    def test_waiting_clients_that_vanish_are_forgotten(self):
        with Simulation() as simulation:
            client = Client(simulation).login()
            self.addCleanup(client.close)
            pool = client.do("pool.get_all")[0]
            token = client.do("event.from", ["pool"], "", 0.0)["token"]
            for one in self.open(simulation, 200):
                one.sendall(call("event.from", client.session, ["pool"], token,
                                 60.0))
                one.close()
            client.do("pool.set_name_description", pool, "changed")
            self.assertEqual(client.do("pool.get_name_description", pool),
                             "changed")


class Doors(unittest.TestCase):
    """TLS, the unix socket, other addresses."""

    def refused(self, *options):
        done = subprocess.run([program(), "--port", "0", *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=TIMEOUT_S, check=False)
        self.assertEqual(done.returncode, 2)
        return done.stderr.decode()

    def test_another_address_needs_a_password_and_tls(self):
        self.assertIn("--password", self.refused("--listen", "0.0.0.0"))
        self.assertIn("--tls", self.refused("--listen", "0.0.0.0",
                                            "--password", "x"))
        self.assertIn("cannot use certificate", self.refused(
            "--tls", "--certificate", "/nonexistent"))

    def test_calls_go_over_tls(self):
        with Simulation("--tls") as simulation:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            with xmlrpc.client.ServerProxy(
                    "https://127.0.0.1:%d" % simulation.port,
                    context=context) as xen:
                session = xen.session.login_with_password("root", "x")["Value"]
                records = xen.role.get_all_records(session)["Value"]
            self.assertGreater(len(str(records)), 1 << 16)
            plain = socket.create_connection(("127.0.0.1", simulation.port),
                                             TIMEOUT_S)
            plain.sendall(call("system.listMethods"))
            try:
                self.assertNotIn(b"HTTP/1.1 200", plain.recv(1000))
            except ConnectionError:
                pass
            plain.close()

    def test_consoles_are_reached_over_tls(self):
        with Simulation("--tls") as simulation:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            one = context.wrap_socket(socket.create_connection(
                ("127.0.0.1", simulation.port), TIMEOUT_S))
            self.addCleanup(one.close)
            with one.makefile("rb") as file:
                one.sendall(call("session.login_with_password", "root", "x"))
                session = json.loads(read_answer(file)[2])["result"]
                one.sendall(call("console.get_all_records", session))
                screens = [ref for ref, record in json.loads(
                    read_answer(file)[2])["result"].items()
                           if record["protocol"] == "rfb"]
                one.sendall((
                    "CONNECT /console?ref=%s&session_id=%s HTTP/1.1\r\n\r\n"
                    % (screens[0], session)).encode())
                while file.readline().strip():
                    pass
                self.assertEqual(file.read(12), b"RFB 003.008\n")

    def test_a_certificate_can_be_given(self):
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "both.pem")
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                 "-subj", "/CN=given", "-addext",
                 "subjectAltName=IP:127.0.0.1", "-keyout", file, "-out",
                 file + ".crt"], check=True, stderr=subprocess.DEVNULL)
            with open(file, "a", encoding="ascii") as both, \
                    open(file + ".crt", encoding="ascii") as certificate:
                both.write(certificate.read())
            with Simulation("--tls", "--certificate", file) as simulation:
                context = ssl.create_default_context(cafile=file + ".crt")
                with xmlrpc.client.ServerProxy(
                        "https://127.0.0.1:%d" % simulation.port,
                        context=context) as xen:
                    answer = xen.session.login_with_password("root", "x")
            self.assertEqual(answer["Status"], "Success")

    def test_peers_of_the_unix_socket_need_no_password(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "socket")
            with Simulation("--socket", path, "--password",
                            "secret") as simulation:
                self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
                one = socket.socket(socket.AF_UNIX)
                one.connect(path)
                one.sendall(call("session.login_with_password", "root", ""))
                with one.makefile("rb") as file:
                    answer = json.loads(read_answer(file)[2])
                one.close()
                client = Client(simulation)
                client.session = answer["result"]
                self.assertTrue(client.do("pool.get_all"))
                client.close()
            self.assertFalse(os.path.exists(path))


if __name__ == "__main__":
    unittest.main()
