"""Start ferry-milter before a sandbox's alias service, and hand messages to it without an MTA."""

import collections
import contextlib
import email
import email.policy
import email.utils
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

for folder in "lab", "sandbox":
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", folder))
from daemons import needs_root, sanitized, wait_for  # noqa: E402, F401
from service import Service  # noqa: E402

ME = "sender@sandbox.test"
KEY = "ferrysandboxkey" * 4
HERE = os.path.dirname(os.path.realpath(__file__))
BUILD = os.path.abspath(os.environ.setdefault("FERRY_BUILD", os.path.join(HERE, "../../../build")))
PROGRAM = os.path.join(BUILD, "ferry-milter")
CLIENT = os.path.join(BUILD, "tests", "integration", "milter-client")
USER = pwd.getpwnam("nobody")
DOMAIN = "@sl.example"  # of reverse addresses


def message(to="you@far.example", extra="", body="Hello.\n", **fields):
    """A message as text; a field that is None is left out."""
    fields = {"From": f"Me <{ME}>", "To": to, "Subject": "A subject", "Message-ID": "<1@sandbox.test>",
              "Date": "Thu, 26 Nov 2026 10:00:00 +0000", **fields}
    head = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in fields.items() if value is not None)
    return head + extra + "\n" + body


class Answer:
    """What a filter did with a message."""

    def __init__(self, status, lines, leaving):
        self.status = status
        self.lines = lines
        self.raw = leaving  # the message as it leaves, bytes
        self.passed = status == 0
        #: "accept", or "reply 451 4.7.1 ..."
        self.decision = next((line for line in lines if re.match(
            "(accept|reject|tempfail|discard|reply|lost)", line)), "nothing")
        self.to = [line[len("leaves-to "):] for line in lines if line.startswith("leaves-to ")]
        self.sender = next((line[len("leaves-from "):] for line in lines if line.startswith("leaves-from ")), None)
        self.missed = [line for line in lines if line.startswith("missed ")]
        edits = ("delrcpt", "addrcpt", "chgfrom", "chgheader", "insheader", "addheader", "replbody", "quarantine")
        self.edits = [line for line in lines if line.startswith(edits)]

    def header(self):
        return email.message_from_bytes(self.raw, policy=email.policy.compat32)

    def field(self, name):
        """The value of the one field of a name, bytes as they are; None if there is none."""
        found = self.fields(name)
        assert len(found) <= 1, found
        return found[0] if found else None

    def fields(self, name):
        head = self.raw.partition(b"\n\n")[0] + b"\n"
        return [value.decode("utf-8", "surrogateescape") for value in re.findall(
            rb"(?mi)^%s: ?((?:.*\n[ \t])*.*)\n" % name.encode(), head)]

    def addresses(self):
        """All that To and Cc name, as Python reads it."""
        return [address for _, address in email.utils.getaddresses(
            [re.sub(r"\n", "", value) for name in ("To", "Cc") for value in self.fields(name)]) if address]


class World:
    """A filter, the alias service that it asks, and a folder for both."""

    def __init__(self, options="", user=None, config=None, alias="rate-limits = none", start=True):
        self.folder = tempfile.mkdtemp(prefix="ferry-milter-test.")
        os.chmod(self.folder, 0o755)
        self.state = self.make_folder("state", 0o700)
        self.run = self.make_folder("run", 0o755)
        self.socket = os.path.join(self.run, "sock")
        self.conf = os.path.join(self.folder, "ferry.conf")
        self.log_path = os.path.join(self.folder, "log")
        self.key_path = os.path.join(self.state, "key")
        self.alias = alias
        self.process = None
        seed = os.path.join(self.folder, "seed.json")
        with open(seed, "w", encoding="utf-8") as file:
            json.dump({"config": {"email_domain": "sl.example", "limits": False, **(config or {})},
                       "domains": [{"domain": "sl.example"}],
                       "users": [{"email": ME, "api_keys": [KEY], "plan": "premium", "website_aliases": False,
                                  **(user or {})}]}, file)
        self.service = Service("--aliases", "--alias-seed", seed)
        self.write_key(KEY)
        self.configure(options)
        if start:
            try:
                self.start()
            except AssertionError:
                self.remove()
                raise

    def make_folder(self, name, mode):
        path = os.path.join(self.folder, name)
        os.mkdir(path, mode)
        os.chmod(path, mode)
        os.chown(path, USER.pw_uid, USER.pw_gid)
        return path

    def write_key(self, key):
        with open(self.key_path, "w", encoding="utf-8") as file:
            file.write(key + "\n")
        os.chmod(self.key_path, 0o600)
        os.chown(self.key_path, USER.pw_uid, USER.pw_gid)

    def configure(self, options="", url=None, sections=""):
        url = url or self.service.url
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(
                f'state-dir = "{self.state}"\nlog {{ to = stderr }}\n'
                f'alias "main" {{\n api-url = "{url}"\n api-key-file = "{self.key_path}"\n {self.alias}\n}}\n{sections}\n'
                f'milter {{\n listen = "unix:{self.socket}"\n listen-mode = 0666\n user = nobody\n'
                f' alias = "main"\n networks = {{"127.0.0.1/32"}}\n{options}\n}}\n')

    def start(self, **environment):
        before = self.log().count(": ready: ")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([PROGRAM, "-c", self.conf], stderr=log, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **environment})
        wait_for("the filter", lambda: self.process.poll() is not None or self.log().count(": ready: ") > before)
        assert self.process.poll() is None, self.log()

    def stop(self, number=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout=60)

    def restart(self, options=None):
        self.stop()
        if options is not None:
            self.configure(options)
        self.start()

    def remove(self):
        status = self.stop() if self.process else 0
        self.service.remove()
        log = self.log()
        shutil.rmtree(self.folder)
        assert status in (0, -signal.SIGKILL), f"ferry-milter ended with {status}:\n{log}"

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def logged(self):
        """The last line about a message: {key: value}."""
        line = [line for line in self.log().splitlines() if " event=" in line][-1]
        return {key: value.strip('"') for key, value in re.findall(r'([a-z_]+)=("[^"]*"|\S*)', line)}

    def hand(self, text, *recipients, options=(), sender=ME):
        """Hand a message to the filter."""
        output = tempfile.NamedTemporaryFile(dir=self.folder)
        with output:
            result = subprocess.run(
                [CLIENT, "-f", sender, "-o", output.name, *options, self.socket, *(recipients or ["you@far.example"])],
                input=text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape"),
                capture_output=True, timeout=120, check=False)
            assert result.returncode != 1, result.stderr.decode()
            return Answer(result.returncode, result.stdout.decode("utf-8", "surrogateescape").splitlines(), output.read())

    def client(self, text, *recipients, options=(), sender=ME):
        """The same, begun and not waited for: the process, to be given to `ended`."""
        file = tempfile.NamedTemporaryFile(dir=self.folder, delete=False)
        with file:
            file.write(text.encode())
        with open(file.name, "rb") as stdin:
            return subprocess.Popen([CLIENT, "-f", sender, *options, self.socket, *recipients], stdin=stdin,
                                    stdout=subprocess.PIPE)

    def api(self, path, method="GET", body=None):
        answer = self.service.request(method, "/api" + path, body, {"Authentication": KEY})
        assert answer.status in (200, 201), answer.body
        return answer.json()

    def pages(self, path, member):
        page = 0
        while items := self.api(f"{path}?page_id={page}")[member]:
            yield from items
            page += 1

    def aliases(self):
        return list(self.pages("/v2/aliases", "aliases"))

    def contacts(self):
        """{correspondent: [(alias, reverse address)]}"""
        found = collections.defaultdict(list)
        for alias in self.aliases():
            for contact in self.pages(f"/aliases/{alias['id']}/contacts", "contacts"):
                found[contact["contact"]].append((alias["email"], contact["reverse_alias_address"]))
        return found

    def reverse(self, address):
        """The one reverse address of a correspondent."""
        (_, reverse), = self.contacts()[address]
        return reverse

    def alias_of(self, address):
        (alias, _), = self.contacts()[address]
        return alias

    def forget_limits(self):
        """As if the time had passed for which the service's 429 is heeded, restarts or not."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self.state, "aliases", "main", "limits"))

    def no_faults(self):
        self.service.request("DELETE", "/sandbox/faults")


class FilterTest(unittest.TestCase):
    """Tests that share one world, made with `options` (of the section) and `world` (of World)."""

    options = ""
    world_options = {}

    @classmethod
    def setUpClass(cls):
        cls.world = World(cls.options, **cls.world_options)
        cls.addClassCleanup(cls.world.remove)

    def setUp(self):
        self.world.no_faults()

    def hand(self, *arguments, **options):
        return self.world.hand(*arguments, **options)

    def passes(self, text, *recipients, **options):
        """It is let through, and shows nobody's address: the answer."""
        answer = self.hand(text, *recipients, **options)
        self.assertTrue(answer.passed, (answer.lines, self.world.log().splitlines()[-3:]))
        self.check_clean(answer)
        return answer

    def check_clean(self, answer):
        """Whatever leaves is for reverse addresses alone."""
        removed = [line[len("delrcpt "):] for line in answer.lines if line.startswith("delrcpt ")]
        # One who was named twice is gone after the first.
        self.assertEqual([line for line in answer.missed if line[len("missed delrcpt "):] not in removed], [])
        self.assertTrue(answer.to)
        for to in answer.to:
            self.assertRegex(to, r"^<[^<>@]+@sl\.example>")
        for address in answer.addresses():
            self.assertTrue(address.endswith(DOMAIN), (address, answer.raw[:2000]))
        self.assertEqual(answer.fields("Bcc"), [])
        self.assertEqual(answer.fields("X-No-Alias"), [])

    def deferred(self, text, *recipients, code="451 4.7.1", **options):
        """It is refused for now, and nothing was edited: the answer."""
        answer = self.hand(text, *recipients, **options)
        self.assertEqual((answer.status, answer.edits), (75, []), answer.lines)
        self.assertTrue(answer.decision.startswith(f"reply {code} "), answer.decision)
        return answer

    def refused(self, text, *recipients, code="550 5.7.1", **options):
        answer = self.hand(text, *recipients, **options)
        self.assertEqual((answer.status, answer.edits), (69, []), answer.lines)
        self.assertTrue(answer.decision.startswith(f"reply {code} "), answer.decision)
        return answer


def free_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
