"""Start "ferry-transport --lmtp" before a sandbox, and speak LMTP to it, well or badly."""

import glob
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

for folder in "lab", "sandbox":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", folder))
from daemons import needs_root, sanitized, wait_for  # noqa: E402, F401
from service import Service  # noqa: E402

ME = "agent@sandbox.test"
MESSAGE = b"From: <agent@sandbox.test>\r\nSubject: one\r\nMessage-ID: <1@x>\r\n\r\nHello.\r\n"
BUILD = os.environ.get("FERRY_BUILD", ".")
WHOLE = os.path.join(BUILD, "transport", "ferry-transport")
USER = pwd.getpwnam("nobody")


class Client:
    """One LMTP connection."""

    def __init__(self, path, greet=True):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        try:
            self.socket.connect(path)
        except OSError:
            self.socket.close()
            raise
        self.replies = self.socket.makefile("rb")
        if greet:
            self.expect(b"220")

    def send(self, data):
        self.socket.sendall(data)

    def reply(self):
        """The last line of the next reply; b"" at the end."""
        while (line := self.replies.readline())[3:4] == b"-":
            pass
        return line

    def expect(self, start):
        line = self.reply()
        assert line.startswith(start), f"expected {start}, got {line}"
        return line

    def say(self, command, start):
        self.send(command + b"\r\n")
        return self.expect(start)

    def envelope(self, *recipients, sender=ME, queue_id=None):
        self.say(b"LHLO test", b"250")
        if queue_id:
            self.say(b"XFORWARD IDENT=" + queue_id.encode(), b"250")
        self.say(f"MAIL FROM:<{sender}>".encode(), b"250")
        for recipient in recipients:
            self.say(f"RCPT TO:<{recipient}>".encode(), b"250")
        self.say(b"DATA", b"354")

    def deliver(self, *recipients, message=MESSAGE, **options):
        """Send a whole message; the replies."""
        self.envelope(*recipients, **options)
        self.send(message + b".\r\n")
        return [self.reply() for _ in recipients]

    def rest(self):
        """All that is still said, to the end."""
        try:
            return self.replies.read()
        except ConnectionResetError:
            return b"(reset)"

    def close(self):
        self.replies.close()
        self.socket.close()


class Server:
    """A running server, its folder, and the sandbox that it sends to."""

    def __init__(self, options="", sandbox=("--difficulty", "0"), start=True):
        self.service = Service(*sandbox)
        self.folder = tempfile.mkdtemp(prefix="ferry-transport-test.")
        os.chmod(self.folder, 0o755)
        self.state = os.path.join(self.folder, "state")
        self.path = os.path.join(self.folder, "run", "sock")
        self.conf = os.path.join(self.folder, "ferry.conf")
        self.log_path = os.path.join(self.folder, "log")
        os.mkdir(self.state, 0o700)
        os.chown(self.state, USER.pw_uid, USER.pw_gid)
        self.process = None
        self.configure(options)
        subprocess.run([os.path.join(BUILD, "ferryctl"), "-c", self.conf, "account", "register",
                        "agent", "--username", "agent"], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        if start:
            self.start()

    def configure(self, options="", listen=None):
        listen = listen or f"unix:{self.path}"
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(
                f'state-dir = "{self.state}"\nlog {{ to = stderr }}\n'
                f'account "agent" {{\n auth-url = "{self.service.url}"\n'
                f' api-url = "{self.service.url}"\n default-domain = "sandbox.test"\n}}\n'
                f'transport {{\n account = "agent"\n listen = "{listen}"\n user = nobody\n{options}\n}}\n')

    def start(self, **popen):
        """Start it, and wait until it serves."""
        before = self.log().count(": ready: ")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([WHOLE, "-c", self.conf, "--lmtp"], stderr=log,
                                            stdin=subprocess.DEVNULL, **popen)
        wait_for("the server", lambda: self.process.poll() is not None or
                 self.log().count(": ready: ") > before)
        assert self.process.poll() is None, self.log()

    def tell(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def stop(self, number=signal.SIGTERM):
        """Stop it; its exit status."""
        if self.process.poll() is None:
            self.tell(number)
        return self.process.wait(timeout=60)

    def log(self):
        if not os.path.exists(self.log_path):
            return ""
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def client(self, **options):
        return Client(self.path, **options)

    def memory(self):
        """The most that it had in memory, in KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("VmHWM")).split()[1])

    def order(self, **fault):
        self.service.order(fault)

    def faults_left(self):
        return self.service.request("GET", "/sandbox/faults").json()

    def outbox(self, recipient):
        """The envelopes submitted for an address."""
        found = []
        for path in glob.glob(os.path.join(self.service.folder, "outbox", "*.json")):
            with open(path, encoding="utf-8") as file:
                envelope = json.load(file)
            if any(to["email"] == recipient for to in envelope["rcptTo"]):
                found.append(path)
        return found

    def message(self, recipient):
        """The one message submitted for an address."""
        (path,) = self.outbox(recipient)
        with open(path[:-5] + ".eml", "rb") as file:
            return file.read()

    def remove(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.service.remove()
        shutil.rmtree(self.folder)
