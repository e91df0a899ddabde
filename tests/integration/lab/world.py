"""A world of three messages: what the service has, what the Maildir has, and ferry-sync between.

A state is written "x=I+A/S y=B": message x in the mailboxes INBOX and A with the flag S,
message y in B without any.  The mailboxes are I (INBOX), A, B, T (the trash) and U, which the
configuration leaves out; N, P and Y may come, and O, Q and Z below these.  V is a folder of U's
name, and X one whose name no mailbox may have.  Messages p and q are old and large.  Flags are
those of a Maildir, and k, l for keywords of these names.

Changes at the service, "MESSAGE WHAT":     +F -F (flag)  >A (is now in A alone)
    *A (is in A, too)  -A (is not in A any more)  ! (destroyed)  =I/S (is new)
Changes in the Maildir, "MESSAGE@MAILBOX WHAT":  +F -F (renamed)  ! (removed)  =S (is new)
    >A (moved under its name)  *A (linked under its name)
    =>A =*A (the same under another name, as Dovecot does)
    ~>A ~*A (copied under another name, as mail readers do)
or of a whole folder, or a mailbox at the service, "@A" and
    !! (removed)  ?? (moved away, and made again, empty)  ++ (is new)  >>N (is called New now)
"""

import datetime
import glob
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "sandbox"))
from liar import Liar  # noqa: E402
from service import Service  # noqa: E402

KEYWORDS = {"S": "$seen", "F": "$flagged", "R": "$answered", "D": "$draft", "P": "$forwarded",
            "k": "keyword-k", "l": "keyword-l"}
FLAGS = {keyword: flag for flag, keyword in KEYWORDS.items()}
NAMES = {"A": "A", "B": "B", "U": "U", "N": "New", "O": "New/Sub",  # of mailboxes without a role
         "P": "Par", "Q": "Par/Sub", "Y": "Yet", "Z": "Yet/Sub"}
FOLDERS = {"I": "", "A": ".A", "B": ".B", "T": ".Trash", "N": ".New", "O": ".New.Sub",
           "P": ".Par", "Q": ".Par.Sub", "Y": ".Yet", "Z": ".Yet.Sub", "V": ".U", "X": ".Par.S\\01b"}
TREE = {letter: folder[1:].replace(".", "/") or "INBOX" for letter, folder in FOLDERS.items()}  # with layout = fs
RECEIVED = 1_700_000_000
LONG_AGO = 1_060_000_000
OLD = "pq"
SOME = 1  # the exit status of a run that could not do all


def text_of(name):
    """The message called so, as it is in the Maildir; all are of one size, but the old ones."""
    more = "and so on\n" * 50 if name in OLD else ""
    return f"From: a@x.example\nSubject: {name}\nMessage-ID: <{name}@x.example>\n\nbody of {name}\n{more}".encode()


def received(name):
    return LONG_AGO if name in OLD else RECEIVED


def parse(state):
    """{message: (set of mailboxes, set of flags)}"""
    parsed = {}
    for word in state.split():
        name, _, rest = word.partition("=")
        boxes, _, flags = rest.partition("/")
        parsed[name] = (set(boxes.split("+")), set(flags))
    return parsed


def show(parsed):
    return " ".join(f"{name}={'+'.join(sorted(boxes))}" + (f"/{''.join(sorted(flags))}" if flags else "")
                    for name, (boxes, flags) in sorted(parsed.items()))


class Sandbox(Service):
    """ferry-sandbox as the service of a world.  Another one (world_cyrus.py) has the same: url,
    account, section(), refuse(), requests() and remove()."""

    def __init__(self, folder):
        super().__init__("--capability-ttl", "86400", "--session-ttl", "86400")
        self.account = self.sign_up("me-myself")
        self.key = os.path.join(folder, "key")
        with open(os.open(self.key, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="ascii") as file:
            file.write(self.account.api_key + "\n")

    def section(self, url):
        """What says in ferry.conf how to reach the account, by a url."""
        return f'auth-url = "{self.url}" api-url = "{url}" default-domain = "sandbox.test" api-key-file = "{self.key}"'

    def refuse(self, errors):
        assert not errors, "a liar before it does that"

    def requests(self):
        """How many JMAP requests it had; None of a service that does not count them."""
        return self.counters()["jmapRequests"]


class World:
    def __init__(self, folder, build, shim, liar=None, service=Sandbox):
        """liar(url of the service) is what stands before it, for ferry-sync (liar.py)."""
        self.folder = folder
        # Whoever builds meanwhile does not disturb.
        self.program = shutil.copy(os.path.join(build, "ferry-sync"), folder)
        self.shim = shutil.copy(shim, folder)
        self.service = service(folder)
        self.account = self.service.account
        self.liar = liar(self.service.url) if liar else None
        self.url = self.liar.url if self.liar else self.service.url
        self.maildir = os.path.join(folder, "Maildir")
        self.state = os.path.join(folder, "state")
        os.mkdir(self.state, 0o700)
        self.memory = 0  # bytes that a run may have, if not 0
        self.graveyard = os.path.join(folder, "graveyard")
        self.made = 0
        self.configure("")

    def close(self):
        if self.liar:
            self.liar.close()
        self.service.remove()

    def refuse(self, errors):
        """What the service refuses from now on: {METHOD: error}."""
        if self.liar:
            self.liar.refuses = errors
        else:
            self.service.refuse(errors)

    def configure(self, options):
        self.folders = TREE if "layout = fs" in options else FOLDERS
        with open(os.path.join(self.folder, "ferry.conf"), "w", encoding="utf-8") as file:
            file.write(f'state-dir = "{self.state}"\n'
                       f'account "me" {{ {self.service.section(self.url)} }}\n'
                       f'sync "me" {{ maildir = "{self.maildir}"\n'
                       f'{"" if "direction" in options else "direction = both"}\n'
                       f'exclude = {{"U", "Archive", "Drafts", "Junk", "Sent"}}\n{options} }}\n'
                       'log { to = stderr level = err }\n')

    # --- the service

    def email_ids(self):
        """{message: id}"""
        found = self.account.calls(
            ("Email/query", {}),
            ("Email/get", {"#ids": {"resultOf": "0", "name": "Email/query", "path": "/ids"},
                           "properties": ["id", "subject", "mailboxIds", "keywords"]}))[1][1]["list"]
        self.emails = found
        return {email["subject"]: email["id"] for email in found}

    def find_boxes(self):
        """Know the mailboxes that are there: {letter: id}, and the other way."""
        found = self.account.call("Mailbox/get", ids=None)["list"]
        names = {box["id"]: box["name"] for box in found}
        letters = {name: letter for letter, name in NAMES.items()}
        self.boxes = {}
        for box in found:
            if box["role"] in ("inbox", "trash"):
                self.boxes["I" if box["role"] == "inbox" else "T"] = box["id"]
            elif not box["role"]:
                name = "/".join(([names[box["parentId"]]] if box["parentId"] else []) + [box["name"]])
                self.boxes[letters[name]] = box["id"]
        self.box_names = {number: name for name, number in self.boxes.items()}

    def reset_boxes(self, more=""):
        """Those that are always there, and more, in the order of their letters."""
        self.find_boxes()
        extra = [box for letter, box in sorted(self.boxes.items(), reverse=True) if letter not in "IABUT"]
        missing = {letter: {"name": letter} for letter in "ABU" if letter not in self.boxes}
        for box in extra:
            self.account.call("Mailbox/set", destroy=[box])
        if missing:
            self.account.call("Mailbox/set", create=missing)
        self.find_boxes()
        for box in more:
            self.change_mailbox(box, "++")

    def far(self):
        self.find_boxes()
        ids = self.email_ids()
        assert len(ids) == len(self.emails), f"twice at the service: {self.emails}"
        return {email["subject"]: ({self.box_names[box] for box in email["mailboxIds"]},
                                   {FLAGS.get(keyword, keyword) for keyword in email["keywords"]})
                for email in self.emails}

    def import_all(self, state):
        if not state:
            return
        emails = {}
        for name, (boxes, flags) in parse(state).items():
            blob = self.account.upload(text_of(name).replace(b"\n", b"\r\n"))
            emails[name] = {"blobId": blob, "receivedAt": datetime.datetime.utcfromtimestamp(received(name)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                            "mailboxIds": {self.boxes[box]: True for box in boxes},
                            "keywords": {KEYWORDS[flag]: True for flag in flags}}
        result = self.account.call("Email/import", emails=emails)
        assert len(result["created"]) == len(emails), result

    def change_far(self, changes):
        if not changes:
            return
        ids, update, destroy = self.email_ids(), {}, []
        for change in changes:
            if change.startswith("@"):
                self.change_mailbox(*change[1:].split(" ", 1))
                continue
            name, what = change.split(" ", 1) if " " in change else (change.partition("=")[0], change)
            if "=" in what:
                self.import_all(what)
            elif what == "!":
                destroy.append(ids[name])
            else:
                patch = update.setdefault(ids[name], {})
                kind, value = what[0], what[1:]
                if kind == ">":
                    patch["mailboxIds"] = {self.boxes[value]: True}
                elif kind == "*":
                    patch["mailboxIds/" + self.boxes[value]] = True
                elif value in self.boxes and kind == "-" and value not in KEYWORDS:
                    patch["mailboxIds/" + self.boxes[value]] = None
                else:
                    patch["keywords/" + KEYWORDS[value]] = True if kind == "+" else None
        if update or destroy:
            result = self.account.call("Email/set", update=update, destroy=destroy)
            assert not result["notUpdated"] and not result["notDestroyed"], result

    def mailbox_object(self, box):
        above, _, name = NAMES[box].rpartition("/")
        parent = next((self.boxes[letter] for letter, known in NAMES.items() if known == above), None)
        return {"name": name, "parentId": parent}

    def change_mailbox(self, box, what):
        self.find_boxes()
        if what == "++":
            result = self.account.call("Mailbox/set", create={"new": self.mailbox_object(box)})
        elif what == "!!":
            result = self.account.call("Mailbox/set", destroy=[self.boxes[box]], onDestroyRemoveEmails=True)
        else:
            result = self.account.call("Mailbox/set", update={self.boxes[box]: self.mailbox_object(what[2:])})
        assert not any(result[key] for key in ("notCreated", "notUpdated", "notDestroyed")), result
        self.find_boxes()

    # --- the Maildir

    def path(self, box, *more):
        return os.path.join(self.maildir, self.folders[box], *more)

    def letters(self, box):
        """{letter: flag of the world}, by dovecot-keywords"""
        try:
            with open(self.path(box, "dovecot-keywords"), encoding="utf-8") as file:
                pairs = [line.split() for line in file]
        except FileNotFoundError:
            return {}
        return {chr(ord("a") + int(number)): FLAGS.get(keyword, keyword) for number, keyword in pairs}

    def files(self, box):
        """[(message, path, flags)]"""
        found, letters = [], self.letters(box)
        for path in glob.glob(self.path(box, "new", "*")) + glob.glob(self.path(box, "cur", "*")):
            with open(path, "rb") as file:
                content = file.read()
            name = content.split(b"Subject: ")[1].split(b"\n")[0].strip().decode()
            assert content == text_of(name), f"{path} has other bytes"
            flags = path.rpartition(":2,")[2] if ":2," in path else ""
            found.append((name, path, {letters.get(flag, flag) for flag in flags}))
        return found

    def near(self):
        state = {}
        for box in FOLDERS:
            names = [name for name, _, _ in self.files(box)]
            assert len(names) == len(set(names)), f"twice in {box}: {names}"
            for name, path, flags in self.files(box):
                boxes, known = state.setdefault(name, (set(), flags))
                assert known == flags, f"{path}: flags differ between mailboxes"
                boxes.add(box)
        leftovers = glob.glob(os.path.join(self.maildir, "tmp", "*")) + \
            glob.glob(os.path.join(self.maildir, ".*", "tmp", "*"))
        assert not leftovers, leftovers
        return state

    def new_name(self):
        self.made += 1
        return f"{RECEIVED}.R{self.made}.reader"

    def letter(self, box, flag):
        """The letter of a flag in a folder; keywords get one as Dovecot would give it."""
        if flag not in "kl":
            return flag
        known = {flag: letter for letter, flag in self.letters(box).items()}
        if flag not in known:
            known[flag] = chr(ord("a") + len(known))
            with open(self.path(box, "dovecot-keywords"), "a", encoding="utf-8") as file:
                file.write(f"{ord(known[flag]) - ord('a')} {KEYWORDS[flag]}\n")
        return known[flag]

    def set_flags(self, box, path, flags):
        base = os.path.basename(path).partition(":")[0]
        letters = "".join(sorted(self.letter(box, flag) for flag in flags))
        os.rename(path, self.path(box, "cur", f"{base}:2,{letters}"))

    def change_near(self, changes):
        for change in changes:
            name, _, rest = change.partition("@")
            box, what = rest.split(" ", 1)
            if what == "!!":
                shutil.rmtree(self.path(box))
                continue
            if what.startswith(">>"):
                os.rename(self.path(box), self.path(what[2:]))
                continue
            if what == "++":
                for part in ("cur", "new", "tmp"):
                    os.makedirs(self.path(box, part))
                continue
            if what == "??":
                os.rename(self.path(box), os.path.join(self.folder, f"away.{self.new_name()}"))
                for part in ("cur", "new", "tmp"):
                    os.makedirs(self.path(box, part))
                continue
            if what[0] == "=" and what[1:2] not in (">", "*"):
                where = ("cur", self.new_name() + ":2,") if what[1:] else ("new", self.new_name())
                path = self.path(box, *where)
                with open(self.path(box, "tmp", "x"), "wb") as file:
                    file.write(text_of(name))
                os.utime(self.path(box, "tmp", "x"), (received(name), received(name)))
                os.rename(self.path(box, "tmp", "x"), path)
                if what[1:]:
                    self.set_flags(box, path, what[1:])
                continue
            path, flags = next((path, flags) for known, path, flags in self.files(box) if known == name)
            if what == "!":
                os.remove(path)
            elif what[0] in "+-":
                self.set_flags(box, path, flags | {what[1]} if what[0] == "+" else flags - {what[1]})
            else:
                self.move(path, flags, what)

    def move(self, path, flags, what):
        to = what[-1]
        if what[0] in ">*":
            part = os.path.basename(os.path.dirname(path))
            target = self.path(to, part, os.path.basename(path))
        else:
            letters = "".join(sorted(self.letter(to, flag) for flag in flags))
            target = self.path(to, "cur", f"{self.new_name()}:2,{letters}")
        if what[0] == "~":
            shutil.copyfile(path, target)
        else:
            os.link(path, target)
        if ">" in what:
            os.remove(path)

    # --- runs

    def limit(self):
        if self.memory:
            resource.setrlimit(resource.RLIMIT_DATA, (self.memory, self.memory))

    def run(self, *options, crash=0, count=None, loses=False):
        """(exit status, what it said).  Killed at a step, with loses as by a power cut: what was
        not fsynced is gone."""
        env = {"PATH": os.environ["PATH"], "HOME": self.folder,
               "ASAN_OPTIONS": "verify_asan_link_order=0:detect_leaks=0"}
        if crash or count:
            env["LD_PRELOAD"] = self.shim
        if crash:
            env["CRASH_AT"] = str(crash)
        if loses:
            shutil.rmtree(self.graveyard, ignore_errors=True)
            os.mkdir(self.graveyard)
            env["CRASH_LOSES"] = self.graveyard
        if count:
            env["CRASH_COUNT"] = count
        done = subprocess.run([self.program, "-c", os.path.join(self.folder, "ferry.conf"), *options, "me"],
                              env=env, preexec_fn=self.limit, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, timeout=60)
        return done.returncode, done.stdout

    def good_run(self, *options):
        status, said = self.run(*options)
        assert status == 0, f"exit status {status}: {said}"
        return said

    def reset(self, base, options="", boxes=""):
        shutil.rmtree(self.maildir, ignore_errors=True)
        shutil.rmtree(os.path.join(self.state, "sync"), ignore_errors=True)
        ids = list(self.email_ids().values())
        if ids:
            self.account.call("Email/set", destroy=ids)
        self.reset_boxes(boxes)
        self.configure(options)
        self.import_all(base)
        self.good_run()

    def check(self, far, near, boxes, folders):
        self.find_boxes()
        there = "".join(sorted(set(self.boxes) - set("ITU")))
        here = "".join(letter for letter in sorted(FOLDERS)
                       if letter not in "IT" and os.path.isdir(self.path(letter)))
        assert (there, here) == (boxes, folders), f"mailboxes {there} and folders {here}, not {boxes} and {folders}"
        assert show(self.far()) == show(parse(far)), f"at the service: {show(self.far())}, not {far}"
        assert show(self.near()) == show(parse(near)), f"in the Maildir: {show(self.near())}, not {near}"


class Table:
    """Rows of (what, base, far, near, expected[, more]) that are run, run again, and killed.

    Of more, "options" are in the section from the start; "settled" instead of them after both
    sides agreed, with a run more; "then" from before the run that is looked at.  "later" is
    what changes at the service when all is done, "meanwhile" what does after a run that may have
    been killed; "kills" is at how many points that is, where what it shows happens at few.

    "has" are mailboxes that are there from the start.  What the service "refuses" is as in
    liar.py, and what is "refused" then is said by each run, in as many requests as there are in
    "requests".  When all that is done, it goes on with "next": (far, near, expected, more)."""

    def __init__(self, rows):
        self.rows = rows

    @staticmethod
    def more(row):
        return row[5] if len(row) > 5 else {}

    def begin(self, world, row):
        _, base, *_ = row
        more = self.more(row)
        world.refuse({})
        world.reset(base, more.get("options", ""), more.get("has", ""))
        if "settled" in more:
            world.configure(more["settled"])
            world.good_run()
        return self.change(world, row)

    def change(self, world, row):
        _, _, far, near, expected, more = (*row, {})[:6]
        if "then" in more:
            world.configure(more["then"])
        world.refuse(more.get("refuses", {}))
        world.change_far(far)
        world.change_near(near)
        boxes = more.get("boxes", "AB")
        return (expected, more.get("near", expected), boxes, more.get("folders", boxes)), more.get("flags", ())

    def good_run(self, world, row, *options, **how):
        """A run that ends well, but for what is refused."""
        refused = self.more(row).get("refused")
        status, said = world.run(*options, **how)
        assert status == (SOME if refused else 0), f"exit status {status}: {said}"
        assert not refused or refused in said, f"not \"{refused}\": {said}"
        return said

    def finish(self, world, row, state):
        more = self.more(row)
        world.check(*state)
        before = world.service.requests()
        said = self.good_run(world, row, "--json")
        after = world.service.requests()
        events = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
        names = [event["event"] for event in events]
        expected = ["error"] * (len(names) - 1) if "refused" in more else []
        assert names == expected + ["summary"], f"the next run does something: {said}"
        requests = events[-1]["requests"]
        assert requests == more.get("requests", 1), f"the next run takes {requests} requests: {said}"
        assert before is None or after - before == requests, f"the next run made {after - before} requests: {said}"
        world.check(*state)

    def go_on(self, world, row, when, flags):
        if when in self.more(row):
            world.change_far(self.more(row)[when])
            self.good_run(world, row, *flags)

    @staticmethod
    def next(row):
        """The row that goes on where this one ends, or None."""
        return (row[0], "", *row[5]["next"]) if "next" in Table.more(row) else None

    def once(self, world, row):
        """Run a row; how many steps it took."""
        state, flags = self.begin(world, row)
        steps = 0
        while row:
            steps += self.part(world, row, state, flags)
            row = self.next(row)
            if row:
                state, flags = self.change(world, row)
        return steps

    def part(self, world, row, state, flags):
        count = os.path.join(world.folder, "count")
        if os.path.exists(count):
            os.remove(count)
        self.good_run(world, row, *flags, count=count)
        self.go_on(world, row, "meanwhile", flags)
        self.go_on(world, row, "later", flags)
        self.finish(world, row, state)
        with open(count, encoding="ascii") as file:
            return int(file.read())

    def killed(self, world, row, point, loses):
        """Run a row killed at a point, and again killed at another, and to its end."""
        state, flags = self.begin(world, row)
        while row:
            self.part_killed(world, row, state, flags, point, loses)
            row = self.next(row)
            if row:
                state, flags = self.change(world, row)

    def part_killed(self, world, row, state, flags, point, loses):
        whole = SOME if "refused" in self.more(row) else 0
        status, said = world.run(*flags, crash=point, loses=loses)
        assert status in (whole, -9), f"exit status {status}: {said}"
        world.change_far(self.more(row).get("meanwhile"))
        status, said = world.run(*flags, crash=point * 37 % 101 + 1, loses=loses)
        assert status in (whole, -9), f"the run after it: exit status {status}: {said}"
        self.good_run(world, row, *flags)
        self.go_on(world, row, "later", flags)
        self.finish(world, row, state)

    def run(self, kills, service=Sandbox, liar=Liar):
        """Every row, killed at as many points as told, spread over it, every other time by a power
        cut; 0 is at every point, by both.  The liar refuses for the service, unless it does so."""
        rows = [row for row in self.rows if row[0] in sys.argv[1:] or not sys.argv[1:]]
        refused = [row for row in rows if self.is_refused(row)]
        failed = self.run_rows([row for row in rows if row not in refused], kills, service)
        return self.run_rows(refused, kills, service, liar) or failed

    @staticmethod
    def is_refused(row):
        return row is not None and ("refuses" in Table.more(row) or Table.is_refused(Table.next(row)))

    def run_rows(self, rows, kills, service, liar=None):
        if not rows:
            return 0
        build = os.environ.get("FERRY_BUILD", ".")
        shim = os.path.join(build, "tests", "crash", "crash_point.so")
        folder = tempfile.mkdtemp(prefix="ferry-sync-worlds.")
        world = World(folder, build, shim, liar, service=service)
        failed, started, killed = [], time.monotonic(), 0
        try:
            for row in rows:
                point = loses = None
                try:
                    steps = self.once(world, row)
                    every = range(1, steps + 1)
                    offset = (len(row[0]) % 7 + 1) / 8
                    some = max(kills, self.more(row).get("kills", 0))
                    points = every if kills == 0 or steps <= some else \
                        [1 + int((i + offset) * steps / some) for i in range(some)]
                    for i, point in enumerate(points):
                        for loses in (False, True) if kills == 0 else (i % 2 == 1,):
                            self.killed(world, row, point, loses)
                            killed += 1
                except (AssertionError, subprocess.TimeoutExpired) as error:
                    failed.append(row[0])
                    print(f"FAILED: {row[0]}" + (f", killed at step {point}" if point else "") +
                          (" by a power cut" if point and loses else "") + f": {error}")
            print(f"* {len(rows)} worlds, {killed} kills, {time.monotonic() - started:.0f} s")
        finally:
            world.close()
            shutil.rmtree(folder)
        return 1 if failed else 0
