"""A registry that lies: just enough of the Hub's API to pull from, with
faults that a test switches on.  The standard library only."""

import hashlib
import http.server
import json
import re
import threading
import urllib.parse


def git_oid(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Registry:
    """Serves one model at one commit.

    files    path to bytes; those in weights are kept as weights
    requests every request that came: (method, path, headers)
    tamper   called with (path, data) for what is sent; lies when it changes it
    hook     called with the handler first; true: it answered itself
    """

    def __init__(self, files, weights=(), name="acme/tiny", releases=()):
        self.name = name
        self.files = dict(files)
        self.weights = set(weights)
        self.commit = "8f3c21a0" * 5
        self.releases = list(releases)
        self.keys = []
        self.requests = []
        self.tamper = None
        self.hook = None
        self.sent = 0
        self.lock = threading.Lock()
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                with registry.lock:
                    registry.requests.append(
                        (self.command, self.path, dict(self.headers)))
                try:
                    if registry.hook is None or not registry.hook(self):
                        registry.answer(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_POST = do_PUT = do_HEAD = do_GET

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0),
                                                      Handler)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *arguments: None
        self.url = "http://127.0.0.1:%d" % self.server.server_port
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def tree(self):
        entries = []
        for path, data in sorted(self.files.items()):
            entry = {"type": "file", "path": path, "size": len(data),
                     "oid": git_oid(data)}
            if path in self.weights:
                entry["lfs"] = {"oid": hashlib.sha256(data).hexdigest(),
                                "size": len(data), "pointerSize": 130}
            entries.append(entry)
        return entries

    @staticmethod
    def send(handler, status, body=b"", headers=()):
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)

    def send_json(self, handler, value, status=200, headers=()):
        self.send(handler, status, json.dumps(value).encode(),
                  [("Content-Type", "application/json"), *headers])

    def refuse(self, handler, status, code, message):
        self.send_json(handler, {"error": message}, status,
                       [("X-Error-Code", code), ("X-Error-Message", message)])

    def answer(self, handler):
        path = urllib.parse.urlsplit(handler.path).path
        api = "/api/models/" + self.name
        if path == api + "/releases":
            return self.send_json(handler, self.releases)
        if path == "/api/namespaces/%s/keys" % self.name.split("/")[0]:
            return self.send_json(handler, self.keys)
        if path.startswith(api + "/revision/"):
            return self.send_json(handler, {"sha": self.commit})
        if path == api + "/tree/" + self.commit:
            return self.send_json(handler, self.tree())
        if path == api + "/auth-check":
            return self.send(handler, 200, b"OK")
        prefix = "/%s/resolve/%s/" % (self.name, self.commit)
        if path.startswith(prefix):
            return self.send_file(
                handler, urllib.parse.unquote(path[len(prefix):]))
        return self.refuse(handler, 404, "RepoNotFound",
                           "Repository not found")

    def send_file(self, handler, path):
        if path not in self.files:
            return self.refuse(handler, 404, "EntryNotFound",
                               "Entry not found")
        data = self.files[path]
        if self.tamper is not None:
            data = self.tamper(path, data)
        found = re.fullmatch(r"bytes=(\d+)-(\d+)",
                             handler.headers.get("Range", ""))
        headers = [("Accept-Ranges", "bytes")]
        status = 200
        if found:
            begin, end = int(found[1]), int(found[2]) + 1
            headers.append(("Content-Range", "bytes %d-%d/%d" %
                            (begin, end - 1, len(data))))
            data = data[begin:end]
            status = 206
        with self.lock:
            self.sent += len(data)
        return self.send(handler, status, data, headers)
