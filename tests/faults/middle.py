"""A registry in the middle that lies: it passes requests on to a real one and
changes what comes back."""
import http.client
import http.server
import threading

HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")


class Middle:
    """lie(answer, method, path, body) changes an Answer before it goes back;
    stop(handler, method, path, body), when true, answered by itself."""

    def __init__(self, port=None):
        self.port, self.lie, self.stop = port, None, None
        self.asked = []  # (method, path, length of the body)
        middle = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                middle.asked.append((self.command, self.path, len(body)))
                try:
                    if middle.stop is None or not middle.stop(self, self.command, self.path, body):
                        middle.pass_on(self, body)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_POST = do_PUT = do_HEAD = do_DELETE = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def pass_on(self, handler, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        try:
            headers = {name: value for name, value in handler.headers.items() if name.lower() not in HOP}
            if handler.command in ("POST", "PUT"):
                headers["Content-Length"] = str(len(body))
            connection.request(handler.command, handler.path, body or None, headers)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        if self.lie is not None:
            self.lie(answer, handler.command, handler.path, body)
        send(handler, answer.status, answer.body, answer.headers)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Answer:
    def __init__(self, answer):
        self.status, self.body = answer.status, answer.read()
        self.headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in HOP]


def send(handler, status, body=b"", headers=()):
    handler.send_response(status)
    for name, value in headers:
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)
