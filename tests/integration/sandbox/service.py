"""Start ferry-sandbox and speak to it with nothing but the standard library.

Independent of Ferry's own client on purpose: what the two agree on by mistake is found here.
"""

import base64
import hashlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import tempfile
import unittest
import urllib.parse

SALT = "0b980734412c292d6549110276b604ab1dea4883bd460d77d1b984adf8bca083"
CORE = "urn:ietf:params:jmap:core"
MAIL = "urn:ietf:params:jmap:mail"
SUBMISSION = "urn:ietf:params:jmap:submission"
BLOB = "urn:ietf:params:jmap:blob"


class Answer:
    """The answer to one HTTP request."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers  # case-insensitive
        self.body = body

    def json(self):
        return json.loads(self.body)


class Service:
    """A running ferry-sandbox, and its folder."""

    def __init__(self, *options):
        self.program = os.path.join(os.environ.get("FERRY_BUILD", "."), "ferry-sandbox")
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="ferry-sandbox-test.")
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "--dir", self.folder, "--difficulty", "1", *self.options],
            stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("ferry-sandbox: listening on http://"), line
        self.url = line.split()[-1]
        self.host = urllib.parse.urlsplit(self.url).netloc

    def stop(self):
        """Stop it politely; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(timeout=30)
        self.process.stdout.close()
        return status

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def remove(self):
        status = self.process.poll()
        if status is None:
            status = self.stop()
        shutil.rmtree(self.folder)
        assert status in (0, -signal.SIGKILL), f"ferry-sandbox ended with {status}"

    def request(self, method, path, body=None, headers=None):
        """One request on a connection of its own."""
        headers = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            headers.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.host, timeout=60)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def counters(self):
        return self.request("GET", "/sandbox/counters").json()

    def order(self, *faults):
        answer = self.request("POST", "/sandbox/faults", list(faults))
        assert answer.status == 200, answer.body
        return answer.json()

    def challenge(self):
        """A challenge token, and a nonce and hash that solve it."""
        token = self.request("POST", "/api/v1/challenge").headers["Authorization"].split()[1]
        claims = decode(token)
        nonce, digest = solve(claims["jti"], claims["difficulty"])
        return token, str(nonce), digest

    def session(self, **who):
        token, nonce, digest = self.challenge()
        return self.request("POST", "/api/v1/session", {"powHex": digest, "nonce": nonce, **who},
                            {"Authorization": "Bearer " + token})

    def sign_up(self, username):
        answer = self.session(username=username)
        assert answer.status == 200, answer.body
        return Account(self, answer)

    def sent(self, message_id=None):
        """What was sent, of one Message-ID or all."""
        query = "" if message_id is None else "?" + urllib.parse.urlencode({"messageId": message_id})
        return self.request("GET", "/sandbox/outbox" + query).json()

    def outbox(self):
        """The submitted messages that were filed: [(envelope, bytes)]."""
        folder = os.path.join(self.folder, "outbox")
        found = []
        for name in sorted(os.listdir(folder)):
            if name.endswith(".json"):
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    envelope = json.load(file)
                with open(os.path.join(folder, name[:-5] + ".eml"), "rb") as file:
                    found.append((envelope, file.read()))
        return found


class Account:
    """One who has signed up."""

    def __init__(self, service, session):
        self.service = service
        self.session = session.headers["Authorization"]
        self.api_key = session.json()["apiKey"]
        self.inbox = session.json()["inbox"]
        self.id = self.inbox
        self.using = [CORE, MAIL, SUBMISSION, BLOB]
        self.renew()

    def renew(self):
        answer = self.service.request("POST", "/api/v1/capability", None,
                                      {"Authorization": self.session})
        self.token = answer.headers["Authorization"]

    def request(self, method, path, body=None, **headers):
        return self.service.request(method, path, body, {"Authorization": self.token, **headers})

    def post(self, calls, **more):
        """A JMAP request of [name, arguments] pairs: the whole response.  Call ids are 0, 1, ..."""
        calls = [[name, {"accountId": self.id, **arguments}, str(number)]
                 for number, (name, arguments) in enumerate(calls)]
        answer = self.request("POST", "/jmap/", {"using": self.using, "methodCalls": calls, **more})
        assert answer.status == 200, answer.body
        return answer.json()

    def calls(self, *calls, **more):
        """The responses: [[name, arguments, id]]."""
        return self.post(calls, **more)["methodResponses"]

    def call(self, name, **arguments):
        """The one response's arguments; an error's too."""
        return self.calls((name, arguments))[0][1]

    def upload(self, data):
        answer = self.request("POST", f"/jmap/upload/{self.id}/", data,
                              **{"Content-Type": "message/rfc822"})
        assert answer.status == 201, answer.body
        return answer.json()["blobId"]

    def mailboxes(self):
        """{role: id}"""
        return {box["role"]: box["id"] for box in self.call("Mailbox/get", ids=None)["list"]
                if box["role"]}

    def import_message(self, data, role="inbox", **more):
        """Upload and import; the created Email or the SetError."""
        email = {"blobId": self.upload(data), "mailboxIds": {self.mailboxes()[role]: True}, **more}
        result = self.call("Email/import", emails={"new": email})
        return (result["created"] or result["notCreated"])["new"]

    def email(self, email_id, *properties, **more):
        if properties:
            more["properties"] = list(properties)
        found = self.call("Email/get", ids=[email_id], **more)["list"]
        return found[0] if found else None

    def inbox_emails(self, *properties):
        """The Emails of the inbox, oldest first."""
        result = self.call("Email/query", filter={"inMailbox": self.mailboxes()["inbox"]},
                           sort=[{"property": "receivedAt", "isAscending": True}])
        return self.call("Email/get", ids=result["ids"], properties=list(properties))["list"]


def decode(token):
    """The claims of a token."""
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def digest_of(jti, nonce, salt=SALT):
    return hashlib.scrypt(f"{jti}:{nonce}".encode(), salt=salt.encode(), n=16384, r=8, p=1, dklen=64)


def solve(jti, difficulty, salt=SALT):
    nonce = 0
    while True:
        digest = digest_of(jti, nonce, salt)
        if int.from_bytes(digest, "big") >> (512 - difficulty) == 0:
            return nonce, digest.hex()
        nonce += 1


def message(sender, recipient="someone@else.example", subject="test", body="Hello.\r\n", headers=""):
    return (f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n{headers}\r\n{body}").encode()


class ServiceTest(unittest.TestCase):
    """Tests that share one service, started with `options`."""

    options = ()

    @classmethod
    def setUpClass(cls):
        cls.service = Service(*cls.options)
        cls.addClassCleanup(cls.service.remove)
        cls.prepare()

    @classmethod
    def prepare(cls):
        """What else the tests share."""
