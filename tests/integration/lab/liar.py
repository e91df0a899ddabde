"""A JMAP service that lies: a proxy before ferry-sandbox that changes single answers.

Lies are functions, by what they are told about:

    "session" "download" "upload"    lie(answer): status, headers and body may be changed
    "api"                            likewise, the whole answer to a request
    "Email/get", any other method    lie(arguments, asked): the arguments of one response and of
                                     its call; what it returns, if anything, is a method error

Without lies it is as honest as what is behind it.  What it refuses is no lie: a method whose name
is in refuses is called with nothing to create, update or destroy, and says of all that it was asked
to that it is the error there; "Mailbox/set update" refuses that alone.  What a request with a
method in loses does is done, and not answered.
"""

import http.client
import http.server
import json
import threading
import urllib.parse

NOT_DONE = {"create": "notCreated", "update": "notUpdated", "destroy": "notDestroyed"}
DROPPED = {"connection", "content-length", "transfer-encoding", "keep-alive", "host", "accept-encoding", "expect"}


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # [(name, value)]
        self.body = body

    def json(self):
        return json.loads(self.body)

    def put(self, value):
        self.body = json.dumps(value).encode()

    def say(self, status, body=b"", *headers):
        self.status, self.body, self.headers = status, body, list(headers)


class Liar:
    def __init__(self, url):
        self.behind = urllib.parse.urlsplit(url).netloc
        self.lies, self.refuses, self.loses = {}, {}, set()
        self.local = threading.local()
        liar = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                liar.handle(self, b"")

            def do_POST(self):
                liar.handle(self, body_of(self))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_address[1]}"
        self.url = "http://" + self.host
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def handle(self, handler, body):
        kind = kind_of(handler.path)
        refused = {}
        if kind == "api" and self.refuses:
            body, refused = self.take_out(json.loads(body))
        answer = self.forward(handler, body)
        if kind == "api" and self.loses & {call[0] for call in json.loads(body)["methodCalls"]}:
            handler.close_connection = True
            return
        if refused:
            self.put_errors(answer, refused)
        if kind == "api":
            self.lie_of_methods(answer, json.loads(body))
        if kind in self.lies:
            self.lies[kind](answer)
        try:
            handler.send_response(answer.status)
            for name, value in answer.headers:
                handler.send_header(name, value)
            handler.send_header("Content-Length", str(len(answer.body)))
            handler.end_headers()
            handler.wfile.write(answer.body)
        except OSError:
            handler.close_connection = True  # it has heard enough

    def forward(self, handler, body):
        """Behind, URLs are made from the name we were asked by."""
        headers = {name: value for name, value in handler.headers.items() if name.lower() not in DROPPED}
        headers["Host"] = self.host
        for last in (False, True):
            if getattr(self.local, "connection", None) is None:
                self.local.connection = http.client.HTTPConnection(self.behind, timeout=60)
            try:
                self.local.connection.request(handler.command, handler.path, body or None, headers)
                response = self.local.connection.getresponse()
                kept = [(name, value) for name, value in response.getheaders() if name.lower() not in DROPPED]
                return Answer(response.status, kept, response.read())
            except (OSError, http.client.HTTPException):
                self.local.connection = None
                if last:
                    raise

    def take_out(self, request):
        """The request without what is refused, and what that is: {call: (arguments of the answer)}"""
        refused = {}
        for name, arguments, call in request["methodCalls"]:
            for what, said in NOT_DONE.items():
                error = self.refuses.get(name) or self.refuses.get(f"{name} {what}")
                ones = arguments.pop(what, None) if error else None
                if ones:
                    refused.setdefault(call, {})[said] = {one: error for one in ones}
        return json.dumps(request).encode(), refused

    @staticmethod
    def put_errors(answer, refused):
        document = answer.json()
        for _, arguments, call in document["methodResponses"]:
            arguments.update(refused.get(call, {}))
        answer.put(document)

    def lie_of_methods(self, answer, request):
        lies = {name: lie for name, lie in self.lies.items() if "/" in name}
        if answer.status != 200 or not lies:
            return
        document = answer.json()
        asked = {call[2]: call for call in request["methodCalls"]}
        for response in document["methodResponses"]:
            name, arguments, call = response
            if name in lies:
                error = lies[name](arguments, asked[call][1])
                if error is not None:
                    response[:] = ["error", error, call]
        answer.put(document)


def body_of(handler):
    if "chunked" not in handler.headers.get("Transfer-Encoding", ""):
        return handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
    body = b""
    while True:
        size = int(handler.rfile.readline(), 16)
        body += handler.rfile.read(size)
        handler.rfile.readline()
        if size == 0:
            return body


def kind_of(path):
    for start, kind in (("/.well-known/jmap", "session"), ("/jmap/session", "session"),
                        ("/jmap/download", "download"), ("/jmap/upload", "upload"), ("/jmap", "api")):
        if path.startswith(start):
            return kind
    return "other"
