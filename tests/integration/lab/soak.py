"""Both sides of a world (world.py) change at once, while ferry-sync runs and is killed.

Reader works in the Maildir as mail readers do, Client at the service; each act() is one thing that
somebody does, by the dice, and all of them in a thread of its own if it is started.  Soak has the
world, knows what may be gone at the end, and looks whether both sides are the same then.
"""

import json
import os
import random
import shutil
import threading
import time

from world import FLAGS, FOLDERS, KEYWORDS, RECEIVED, Sandbox, World, show, text_of

START = 40    # messages
ACTIONS = 12  # of each side in a round
PAUSE = 0.02  # seconds between two of them, at most
LETTERS = "SFRDPk"


def subject_of(path):
    with open(path, "rb") as file:
        return file.read().split(b"Subject: ")[1].split(b"\n")[0].decode()


class Actor(threading.Thread):
    """Does one thing with each act()."""

    def __init__(self, soak, dice):
        super().__init__()
        self.soak, self.world, self.dice, self.made = soak, soak.world, dice, soak.made
        self.gone, self.placed, self.said = soak.gone, soak.placed, soak.said
        self.error = None

    def run(self):
        try:
            for _ in range(ACTIONS):
                self.act()
                time.sleep(self.dice.random() * PAUSE)
        except Exception as error:  # pylint: disable=broad-except
            self.error = error


class Reader(Actor):
    """Works in the Maildir as mail readers do, by names alone, and loses some races."""

    def pick(self, boxes):
        box = self.dice.choice(boxes)
        part = self.dice.choice(("cur", "cur", "new"))
        names = sorted(os.listdir(self.world.path(box, part)))
        return (box, part, self.dice.choice(names)) if names else (box, part, None)

    def act(self):
        what = self.dice.choices(("flag", "move", "copy", "delete", "new"), (50, 20, 10, 10, 10))[0]
        if what == "new":
            return self.put()
        box, part, name = self.pick("IAB")  # what is deleted in the trash is not told
        if name is None:
            return None
        try:
            if what == "flag":
                self.flag(box, part, name)
            elif what == "delete":
                self.delete(self.world.path(box, part, name))
            else:
                self.place(box, part, name, self.dice.choice([to for to in "IAB" if to != box]), what == "move")
        except (FileNotFoundError, FileExistsError):
            pass  # somebody was faster
        return None

    def flag(self, box, part, name):
        base, _, flags = name.partition(":2,")
        flag = self.dice.choice(LETTERS)
        if flag == "k" and flag not in self.world.letters(box).values():
            return  # to make a letter takes Dovecot's lock
        letter = self.world.letter(box, flag)
        flags = flags.replace(letter, "") if letter in flags else "".join(sorted(flags + letter))
        new = self.world.path(box, "cur", f"{base}:2,{flags}")
        if not os.path.exists(new):
            os.rename(self.world.path(box, part, name), new)
            self.said.append(f"{time.monotonic():.3f} here: {part}/{name} is {new}")

    def files(self, box):
        """What is there now: [(message, path, flags)], whatever goes meanwhile."""
        while True:
            try:
                return self.world.files(box)
            except FileNotFoundError:
                pass

    def knows(self, subject):
        """Does the service have a message of this subject?"""
        return bool(self.world.account.call("Email/query", filter={"subject": subject})["ids"])

    def delete(self, path):
        """What the service has never heard of is gone with its file."""
        subject = subject_of(path)
        if not self.knows(subject):
            self.gone.add(subject)
        os.remove(path)
        self.said.append(f"{time.monotonic():.3f} here: {subject} deleted, {path}")

    def place(self, box, part, name, to, moves):
        """Under its name, under another as Dovecot does, or as a copy."""
        how = self.dice.choice(("same", "link", "copy"))
        _, mark, flags = name.partition(":2,")
        # Letters of keywords mean something else in another folder.
        flags = "".join(flag for flag in flags if flag.isupper())
        base = name.partition(":")[0] if how == "same" else self.world.new_name()
        old, new = self.world.path(box, part, name), self.world.path(to, part, base + mark + flags)
        subject = subject_of(old)
        if any(name == subject for name, _, _ in self.files(to)):
            return
        self.placed.add((subject, to))
        if how == "copy":
            shutil.copy2(old, self.world.path(to, "tmp", base))
            os.rename(self.world.path(to, "tmp", base), new)
        else:
            os.link(old, new)
        if moves:
            os.remove(old)
        self.said.append(f"{time.monotonic():.3f} here: {subject} {how} {'moved' if moves else 'copied'}, {old} to {new}")

    def put(self):
        name, box = self.made("near"), self.dice.choice("IAB")
        file = self.world.new_name()
        try:
            with open(self.world.path(box, "tmp", file), "wb") as text:
                text.write(text_of(name))
            received = RECEIVED + self.world.made  # inodes are given again: no two files of one date
            os.utime(self.world.path(box, "tmp", file), (received, received))
            os.rename(self.world.path(box, "tmp", file), self.world.path(box, "new", file))
            self.said.append(f"{time.monotonic():.3f} here: {name} is new, {box} {file}")
        except FileNotFoundError:
            self.gone.add(name)  # the folder went before it was there
        return name


class Client(Actor):
    """Works at the service."""

    def act(self):
        account, boxes = self.world.account, self.world.boxes
        what = self.dice.choices(("flag", "move", "copy", "leave", "destroy", "new"), (50, 20, 10, 5, 5, 10))[0]
        if what == "new":
            state = f"{self.made('far')}={self.dice.choice('IAB')}/{self.dice.choice('SF')}"
            self.said.append(f"{time.monotonic():.3f} there: {state}")
            return self.world.import_all(state)
        ids = account.call("Email/query")["ids"]
        email = account.email(self.dice.choice(ids), "subject", "mailboxIds", "keywords")
        if email is None:
            return None
        patch = {}
        if what == "destroy":
            self.gone.add(email["subject"])
            account.call("Email/set", destroy=[email["id"]])
            self.said.append(f"{time.monotonic():.3f} there: {email['subject']} {email['id']} destroyed")
        elif what == "flag":
            keyword = KEYWORDS[self.dice.choice(LETTERS)]
            patch["keywords/" + keyword] = None if keyword in email["keywords"] else True
        elif what == "move":
            patch["mailboxIds"] = {boxes[self.dice.choice("IABTU")]: True}
        elif what == "copy":
            patch["mailboxIds/" + boxes[self.dice.choice("IAB")]] = True
        elif len(email["mailboxIds"]) > 1:
            patch["mailboxIds/" + self.dice.choice(sorted(email["mailboxIds"]))] = None
        if patch:
            account.call("Email/set", update={email["id"]: patch})
            self.said.append(f"{time.monotonic():.3f} there: {email['subject']} {email['id']} {patch}")
        return None


class Soak:
    def __init__(self, folder, seed, service=Sandbox):
        build = os.environ.get("FERRY_BUILD", ".")
        self.dice = random.Random(seed)
        self.world = World(folder, build, os.path.join(build, "tests", "crash", "crash_point.so"), service=service)
        self.names, self.gone = set(), set()  # of messages
        self.placed = set()  # (message, mailbox) where the reader may have made a second file
        self.lock = threading.Lock()
        self.kills = self.runs = 0
        self.said = []  # what happened: what the two did, and what all runs said

    def made(self, who):
        """A name for one more message."""
        with self.lock:
            name = f"{who}{len(self.names):05}"
            self.names.add(name)
            return name

    def begin(self, messages=START):
        """Both sides are the same, and have so many."""
        for known in (self.names, self.gone, self.placed, self.said):
            known.clear()
        self.world.reset(" ".join(f"{self.made('far')}={self.dice.choice('IAB')}/{self.dice.choice('SFk')}"
                                  for _ in range(messages)))

    def run(self, *options, **how):
        status, said = self.world.run("--json", "-v", "--allow-deletes", *options, **how)
        self.said.append(f"{time.monotonic():.3f} ferry-sync {how}: exit status {status}\n{said}")
        self.runs += 1
        self.kills += status == -9
        return status, said

    def crash(self):
        """The step at which the next run is killed, 0 if it is not."""
        return self.dice.randrange(1, 120) if self.dice.random() < 0.5 else 0

    def sync(self):
        """Any of the ends that a run may have while others change what it looks at."""
        crash = self.crash()
        status, said = self.run(crash=crash)
        assert status in (0, 1) or (crash and status == -9), f"exit status {status}: {said}"

    def round(self, workers=(Reader, Client)):
        """Each worker has a thread of its own, and ferry-sync runs until all are done."""
        workers = [worker(self, random.Random(self.dice.random())) for worker in workers]
        for worker in workers:
            worker.start()
        while any(worker.is_alive() for worker in workers):
            self.sync()
        for worker in workers:
            worker.join()
            if worker.error:
                raise worker.error
        crash = self.crash()
        if crash and self.dice.random() < 0.6:  # the power goes while nobody else writes
            status, said = self.run(crash=crash, loses=True)
            assert status in (0, 1, -9), f"exit status {status}: {said}"

    def near(self, far):
        """What the Maildir has; a second file in a folder is the reader's doing, or an error."""
        found = {}  # {message: {box: [(path, flags)]}}
        for box in FOLDERS:
            for name, path, flags in self.world.files(box):
                found.setdefault(name, {}).setdefault(box, []).append((path, frozenset(flags)))
        state = {}
        for name, boxes in found.items():
            twice = [box for box, files in boxes.items() if len(files) > 1 and (name, box) not in self.placed]
            assert not twice, f"{name} is twice in {twice}: {boxes}"
            # Of two files in a folder one is the message's; the other may have any flags.
            common = frozenset.intersection(*(frozenset(flags for _, flags in files) for files in boxes.values()))
            assert common, f"flags differ: {boxes}"
            there = frozenset(far[name][1]) if name in far else frozenset()
            state[name] = (set(boxes), set(there if there in common else min(common, key=sorted)))
        return state

    def end(self):
        for _ in range(3):
            status, said = self.run()
            assert status == 0, f"exit status {status}: {said}"
        _, said = self.run()
        requests = json.loads(said.splitlines()[-1])["requests"]
        assert requests == 1, f"the last run takes {requests} requests: {said}"
        far = self.world.far()
        near = self.near(far)
        lost = self.names - self.gone - set(far)
        assert not lost, f"lost: {sorted(lost)}"
        seen = {name: (boxes & set(FOLDERS), flags) for name, (boxes, flags) in far.items() if boxes & set(FOLDERS)}
        odd = [name for name in sorted(set(seen) | set(near)) if seen.get(name) != near.get(name)]
        assert not odd, "not the same: there " + show({name: seen[name] for name in odd if name in seen}) + \
            "; here " + show({name: near[name] for name in odd if name in near})
        assert set(FLAGS) >= {KEYWORDS.get(flag, flag) for _, flags in near.values() for flag in flags}
        return len(far)
