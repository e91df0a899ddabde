"""A real Cyrus as the service of worlds, and the rows of sync-worlds that are run with it.

    python3 world_cyrus.py FILE USER PASSWORD [ROW]...

FILE is the lab.env of a Cyrus that runs (cyrus-lab).  What changes there is changed over JMAP by
the client of the sandbox's tests, which is not Ferry's.
"""

import base64
import http.client
import imaplib
import importlib.machinery
import importlib.util
import json
import os
import shlex
import sys
import time

from world import Table
from service import Account, Answer, CORE, MAIL, Service

# What Cyrus does otherwise than the sandbox, and these rows show besides:
# - An id is made of the bytes of a message: destroyed and imported again it has its old one, and
#   Email/changes calls it updated, not created.  So it is whenever a row is run once more.
# - When a mailbox was destroyed, the changes since any state before that cannot be calculated.
#   No row whose run destroys one itself is here: the next run has to list all, in five requests.
SELECTED = [
    "other flags",
    "other keywords",
    "moved here by a reader",
    "moved there",
    "moved to two mailboxes",
    "copied here",
    "deleted here, flag there",
    "deleted there",
    "several new here",
    "new there",
    "the same new, in other mailboxes",  # Cyrus has the message, and refuses it: alreadyExists
    "a folder renamed here",
    "a mailbox renamed there, flag here",
    "a mailbox removed there",  # cannotCalculateChanges
    "a folder renamed here, whose mailbox is newer than the one below it",
    "refused: a folder renamed here, and then not",
    "refused: a folder renamed here, and back",
    "refused: a folder renamed here to another's name",
    "refused: a folder with one below it",
    "refused, fs: the folder of the inbox",
]

# Of somebody's own mailbox, without that to remove or rename it.
NO_RENAMES = "lrswipkteacdn"


class Client(Account):
    """One who has an account of the Cyrus."""

    def __init__(self, service, user, password):  # pylint: disable=super-init-not-called
        self.service = service
        self.id = user
        self.using = [CORE, MAIL]
        self.token = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def call(self, name, **arguments):
        """Cyrus keeps what was a mailbox under its name and the second in which it was destroyed:
        the next one of that name can be destroyed in the next second."""
        deadline = time.monotonic() + 10
        while True:
            result = super().call(name, **arguments)
            errors = (result.get("notDestroyed") or {}).values()
            if name != "Mailbox/set" or time.monotonic() > deadline or \
                    not any(error.get("description") == "Mailbox already exists" for error in errors):
                return result
            time.sleep(0.05)


class Cyrus(Service):
    """A Cyrus that somebody else starts and stops."""

    def __init__(self, folder, facts, user, password):  # pylint: disable=super-init-not-called
        self.connection = http.client.HTTPConnection("127.0.0.1", int(facts["HTTP_PORT"]), timeout=60)
        self.url = facts["JMAPS_URL"].removesuffix("/.well-known/jmap")
        self.authority = facts["TLS_CA"]
        self.account = Client(self, user, password)
        self.imap = ("127.0.0.1", int(facts["IMAP_PORT"])), (user, password)
        self.refused = False
        self.password = os.path.join(folder, "password")
        with open(os.open(self.password, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(password + "\n")

    def request(self, method, path, body=None, headers=None):
        """One request on the one connection: for each, Cyrus would start a process."""
        headers = dict(headers or {})
        if isinstance(body, dict):
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def section(self, url):
        return (f'auth = basic api-url = "{url}" ca-file = "{self.authority}"'
                f' user = "{self.account.id}" password-file = "{self.password}"')

    def refuse(self, errors):
        """By what the user may do: mayRename is false then, and Mailbox/set update forbidden."""
        if self.refused == bool(errors):
            return
        self.refused = bool(errors)
        where, who = self.imap
        with imaplib.IMAP4(*where) as imap:
            imap.login(*who)
            for line in imap.list()[1]:
                name = line.decode().rpartition(" ")[2]
                status, said = imap.setacl(name, who[0], NO_RENAMES if errors else NO_RENAMES + "x")
                assert status == "OK", said

    def requests(self):
        return None

    def remove(self):
        self.connection.close()


def facts_of(path):
    """{name: value} of a lab.env"""
    with open(path, encoding="utf-8") as file:
        return dict(word.split("=", 1) for word in shlex.split(file.read()))


def rows_of(story):
    """The table of a story, whose name has no .py."""
    loader = importlib.machinery.SourceFileLoader("story", story)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("story", loader))
    sys.dont_write_bytecode = True
    loader.exec_module(module)
    return {row[0]: row for row in module.ROWS}


def main():
    env, user, password = sys.argv[1:4]
    del sys.argv[1:4]  # Table takes the rest for names of rows
    rows = rows_of(os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "sync-worlds"))
    table = Table([rows[name] for name in sys.argv[1:] or SELECTED])
    return table.run(int(os.environ.get("SYNC_WORLD_KILLS", "2")),
                     lambda folder: Cyrus(folder, facts_of(env), user, password), liar=None)


if __name__ == "__main__":
    sys.exit(main())
