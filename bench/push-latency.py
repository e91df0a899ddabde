#!/usr/bin/env python3
"""From a change at the sandbox to the file in new/.

usage: push-latency.py URL KEY-FILE sign-up
       push-latency.py URL KEY-FILE FOLDER COUNT

The first signs up and stores the API key.  The second imports COUNT messages, one after the
other, and waits for each to be named in FOLDER; it prints the inverse of the median time,
in messages a second.
"""

import ctypes
import os
import select
import statistics
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../tests/integration/sandbox"))
from service import BLOB, CORE, MAIL, SUBMISSION, Account, Service, decode, message  # noqa: E402

IN_MOVED_TO, IN_CREATE = 0x80, 0x100
LEAST = 0.001  # seconds: what a clock in another process can tell
PATIENCE = 30


def running(url):
    service = object.__new__(Service)
    service.url, service.host = url, urllib.parse.urlsplit(url).netloc
    return service


def log_in(service, key):
    account = object.__new__(Account)
    answer = service.session(apiKey=key)
    assert answer.status == 200, answer.body
    account.service, account.session = service, answer.headers["Authorization"]
    account.using = [CORE, MAIL, SUBMISSION, BLOB]
    account.renew()
    account.id = account.inbox = decode(account.token.split()[-1])["inbox"]
    return account


class Folder:
    """What comes into a folder."""

    def __init__(self, path):
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.fd = self.libc.inotify_init1(os.O_CLOEXEC)
        if self.libc.inotify_add_watch(self.fd, path.encode(), IN_MOVED_TO | IN_CREATE) < 0:
            sys.exit(f"{path}: {os.strerror(ctypes.get_errno())}")

    def wait(self):
        if not select.select([self.fd], [], [], PATIENCE)[0]:
            sys.exit("no file came")
        os.read(self.fd, 65536)


def measure(account, folder, count):
    inbox = account.mailboxes()["inbox"]
    times = []
    for number in range(count):
        data = message("a@x.example", headers=f"Message-ID: <{os.getpid()}.{number}.{time.time_ns()}@bench>\r\n")
        email = {"blobId": account.upload(data), "mailboxIds": {inbox: True}}
        result = account.call("Email/import", emails={"e": email})
        began = time.monotonic()
        assert result["created"], result
        folder.wait()
        times.append(max(time.monotonic() - began, LEAST))
    print(f"bench: {1000 * min(times):.1f} to {1000 * max(times):.1f} ms, "
          f"median {1000 * statistics.median(times):.1f} ms", file=sys.stderr)
    return statistics.median(times)


def main():
    url, key_file = sys.argv[1:3]
    if sys.argv[3] == "sign-up":
        with open(os.open(key_file, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(running(url).sign_up("me-myself").api_key + "\n")
        return
    with open(key_file, encoding="ascii") as file:
        account = log_in(running(url), file.read().strip())
    print(f"{1 / measure(account, Folder(sys.argv[3]), int(sys.argv[4])):.2f}")


if __name__ == "__main__":
    main()
