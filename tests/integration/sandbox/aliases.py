"""Speak to ferry-sandbox's alias service with nothing but the standard library.

A test makes its users by seed, each with a key of its own, so that no test sees another's.
"""

import itertools
import json
import os
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)))
from service import Service  # noqa: E402

NEVER = object()  # a member that must be missing


class User:
    """One who has a key."""

    def __init__(self, service, email, key):
        self.service = service
        self.email = email
        self.key = key

    def request(self, method, path, body=None, **headers):
        """body: JSON as Python has it, or bytes to be sent as they are, without a type."""
        return self.service.request(method, "/api" + path, body, {"Authentication": self.key, **headers})

    def get(self, path):
        return self.request("GET", path)

    def ok(self, method, path, body=None, status=200):
        """The answer's JSON, which must have this status."""
        answer = self.request(method, path, body)
        assert answer.status == status, (method, path, answer.status, answer.body)
        return answer.json()

    def suffixes(self, **arguments):
        """{suffix: signed suffix}, in their order"""
        query = "&".join(f"{key}={value}" for key, value in arguments.items())
        return {item["suffix"]: item["signed_suffix"]
                for item in self.ok("GET", "/v5/alias/options?" + query)["suffixes"]}

    def mailbox_id(self, email=None):
        return next(box["id"] for box in self.ok("GET", "/v2/mailboxes")["mailboxes"]
                    if box["email"] == (email or self.email))

    def alias(self, prefix="alias", **body):
        """A new alias, with the first suffix."""
        signed = next(iter(self.suffixes().values()))
        return self.ok("POST", "/v3/alias/custom/new",
                       {"alias_prefix": prefix, "signed_suffix": signed,
                        "mailbox_ids": [self.mailbox_id()], **body}, 201)

    def find(self, email):
        """The alias of this address, looked for as a client must."""
        found = self.ok("POST", "/v2/aliases?page_id=0", {"query": email})["aliases"]
        return next(alias for alias in found if alias["email"] == email)

    def contact(self, alias, address):
        return self.ok("POST", f"/aliases/{alias['id']}/contacts", {"contact": address}, 201)


class AliasTest(unittest.TestCase):
    """Tests that share one alias service."""

    options = ()
    config = {"limits": False}
    seed = {"domains": [{"domain": "sl.example"}, {"domain": "premium.example", "premium": True},
                        {"domain": "hidden.example", "hidden": True}]}
    numbers = itertools.count(1)

    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({**cls.seed, "config": cls.config}, file)
            file.flush()
            cls.service = Service("--aliases", "--alias-seed", file.name, *cls.options)
        cls.addClassCleanup(cls.service.remove)
        # Time passes when a test says so.
        assert cls.service.request("POST", "/sandbox/aliases/clock", {"stop": True}).status == 200

    def setUp(self):
        self.service.request("DELETE", "/sandbox/faults")

    def control(self, path, body=None, status=200):
        answer = self.service.request("GET" if body is None else "POST", "/sandbox/aliases" + path, body)
        self.assertEqual(answer.status, status, answer.body)
        return answer.json()

    def plant(self, **seed):
        return self.control("", seed)

    def configure(self, **config):
        """Change the configuration until the test is over."""
        before = self.control("")["config"]
        self.plant(config=config)
        self.addCleanup(self.plant, config={name: before[name] for name in config})

    def advance(self, seconds):
        return self.control("/clock", {"advance": seconds})["now"]

    def now(self):
        return self.advance(0)

    def wait_for_faults(self):
        """Until those that were ordered have struck."""
        while self.service.request("GET", "/sandbox/faults").json():
            time.sleep(0.01)

    def user(self, email=None, **members):
        number = next(self.numbers)
        email = email or f"user{number}@mail.example"
        key = "".join(chr(ord("a") + int(digit)) for digit in f"{number:060d}")
        self.plant(users=[{"email": email, "api_keys": [key], **members}])
        return User(self.service, email, key)

    def change(self, user, **members):
        self.plant(users=[{"email": user.email, **members}])

    def letters(self, to):
        return [letter for letter in self.control("/letters") if letter["to"] == to]

    def code_of(self, to):
        """The code in the last letter."""
        return self.letters(to)[-1]["code"]

    def expect(self, answer, status, body):
        """body: the JSON; a text is that of an error; a dict may be a part of the answer's."""
        self.assertEqual(answer.status, status, answer.body)
        got = answer.json()
        if isinstance(body, str):
            self.assertEqual(got, {"error": body})
        elif isinstance(body, dict) and isinstance(got, dict):
            for key, value in body.items():
                if value is NEVER:
                    self.assertNotIn(key, got)
                else:
                    self.assertEqual(got.get(key), value, (key, got))
        else:
            self.assertEqual(got, body)

    def table(self, user, rows):
        """Rows (method, path, body, status, answer), one after the other."""
        for method, path, body, status, expected in rows:
            with self.subTest(f"{method} {path} {body!r}"):
                self.expect(user.request(method, path, body), status, expected)

    def send(self, sender, recipients, message):
        """Hand the service a message from elsewhere: its answer and what left, [(envelope, bytes)]."""
        query = "&".join("to=" + address.replace("+", "%2B") for address in recipients)
        before = len(self.service.outbox())
        answer = self.service.request("POST", f"/sandbox/aliases/mail?from={sender.replace('+', '%2B')}&{query}",
                                      message)
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json()["reply"], self.service.outbox()[before:]
