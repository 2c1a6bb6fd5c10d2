"""A proxy in front of an endpoint: keeps the names of what is sent, and may
answer itself."""

import http.client
import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

XML_NAME = re.compile(rb"<methodName>([^<]+)</methodName>")


class Proxy:
    """`answer(method, params)` may return a result to give instead."""

    def __init__(self, port, answer=lambda method, params: None):
        self.port, self.answer, self.sent = port, answer, []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()
        self.url = "http://root:secret@127.0.0.1:%d" % (
            self.server.server_address[1])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def own_answer(self, path, body):
        """Notes what is sent; the bytes of an own answer, or None."""
        name = XML_NAME.search(body)
        if name:
            self.sent.append(name.group(1).decode())
            return None
        if path != "/jsonrpc":
            self.sent.append("HTTP " + path)
            return None
        call = json.loads(body)
        self.sent.append(call["method"])
        result = self.answer(call["method"], call["params"])
        if result is None:
            return None
        return json.dumps({"jsonrpc": "2.0", "id": call["id"],
                           "result": result}).encode()

    def handler(self):
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for each answer
            link = None

            def log_message(self, *_):  # pylint: disable=arguments-differ
                pass

            def forward(self):
                body = self.rfile.read(
                    int(self.headers.get("Content-Length", 0)))
                own = proxy.own_answer(self.path, body)
                status = 200
                if own is None:
                    self.link = self.link or http.client.HTTPConnection(
                        "127.0.0.1", proxy.port)
                    try:
                        self.link.request(self.command, self.path, body,
                                          {"Content-Type": "text/plain"})
                        reply = self.link.getresponse()
                        status, own = reply.status, reply.read()
                    except OSError:  # the endpoint has ended
                        status, own = 502, b""
                self.send_response(status)
                self.send_header("Content-Length", str(len(own)))
                self.end_headers()
                self.wfile.write(own)

            def finish(self):
                super().finish()
                if self.link:
                    self.link.close()

            do_GET = do_POST = do_PUT = do_DELETE = forward
        return Handler
