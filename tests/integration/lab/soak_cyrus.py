"""The soak with a real Cyrus, which somebody changes over IMAP, while Dovecot looks at the Maildir.

    python3 soak_cyrus.py FOLDER LAB_ENV USER PASSWORD DOVECOT_CONF

LAB_ENV is the lab.env of a Cyrus that runs (cyrus-lab), DOVECOT_CONF has doveadm(1) read the
Maildir of the world in FOLDER.  At the end both sides have to be the same, nothing lost and nothing
there twice; and what was not moved by anybody has the UID that it had for Dovecot.
"""

import imaplib
import os
import random
import shutil
import subprocess
import sys
import threading
import time

from soak import ACTIONS, Actor, Reader, Soak, subject_of
from world import NAMES, RECEIVED, text_of
from world_cyrus import Cyrus, facts_of

MESSAGES = 25
IMAP_NAMES = {**NAMES, "I": "INBOX", "T": "Trash"}
IMAP_FLAGS = {"S": "\\Seen", "F": "\\Flagged", "R": "\\Answered", "D": "\\Draft", "P": "$Forwarded", "k": "keyword-k"}


class ImapClient(Actor):
    """Works at the service as one of many mail programs; what somebody else was faster with is
    refused, and that is all."""

    def __init__(self, soak, dice):
        super().__init__(soak, dice)
        self.imap = imaplib.IMAP4("127.0.0.1", int(soak.facts["IMAP_PORT"]))
        self.imap.login(soak.user, soak.password)

    def run(self):
        super().run()
        if self.error is None:
            self.imap.logout()

    def act(self):
        what = self.dice.choices((self.flag, self.move, self.copy, self.expunge, self.append, self.change_mailboxes),
                                 (45, 15, 12, 8, 10, 10))[0]
        what()

    def say(self, words):
        self.soak.said.append(f"{time.monotonic():.3f} there: {words}")

    def select(self, box):
        return self.imap.select(f'"{IMAP_NAMES[box]}"')[0] == "OK"

    def pick(self, boxes):
        """(mailbox, UID, subject, flags) of a message, the mailbox being open; or None."""
        box = self.dice.choice(boxes)
        uids = self.imap.uid("SEARCH", "UNDELETED")[1][0].split() if self.select(box) else []
        if not uids:
            return None
        uid = self.dice.choice(uids).decode()
        answer = self.imap.uid("FETCH", uid, "(FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        parts = [part for part in answer if isinstance(part, tuple)]
        if not parts:
            return None
        flags = b" ".join(part if isinstance(part, bytes) else part[0] for part in answer)
        subject = parts[0][1].decode().partition(":")[2].strip()
        return box, uid, subject, {flag.decode() for flag in imaplib.ParseFlags(flags)}

    def flag(self):
        found = self.pick("IAB")
        if found is not None:
            box, uid, subject, flags = found
            flag = IMAP_FLAGS[self.dice.choice(sorted(IMAP_FLAGS))]
            sign = "-" if flag in flags else "+"
            self.imap.uid("STORE", uid, sign + "FLAGS", f"({flag})")
            self.say(f"{subject} in {box} {sign}{flag}")

    def subjects(self, box):
        """What is in a mailbox."""
        if not self.select(box):
            return set()
        answer = self.imap.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")[1]
        return {part[1].decode().partition(":")[2].strip() for part in answer if isinstance(part, tuple)}

    def place(self, command, boxes, targets):
        found = self.pick(boxes)
        if found is None:
            return
        box, uid, subject, _ = found
        to = self.dice.choice([other for other in targets if other != box])
        if subject in self.subjects(to) or not self.select(box):
            return
        self.soak.touched.add(subject)
        answer = self.imap.uid(command, uid, f'"{IMAP_NAMES[to]}"')
        self.say(f"{subject} {command} from {box} to {to}: {answer[0]}")

    def move(self):
        self.place("MOVE", "IAB", "IABTU")

    def copy(self):
        self.place("COPY", "IAB", "IAB")

    def expunge(self):
        found = self.pick("IAB")
        if found is not None:
            box, uid, subject, _ = found
            self.soak.gone.add(subject)
            self.soak.touched.add(subject)
            self.imap.uid("STORE", uid, "+FLAGS", "(\\Deleted)")
            self.imap.uid("EXPUNGE", uid)
            self.say(f"{subject} expunged in {box}")

    def append(self):
        name, box = self.soak.made("far"), self.dice.choice("IAB")
        self.soak.touched.add(name)
        answer = self.imap.append(f'"{IMAP_NAMES[box]}"', f"({IMAP_FLAGS[self.dice.choice('SF')]})",
                                  imaplib.Time2Internaldate(RECEIVED), text_of(name).replace(b"\n", b"\r\n"))
        if answer[0] != "OK":
            self.soak.gone.add(name)  # it never was
        self.say(f"{name} is new in {box}: {answer[0]}")

    def change_mailboxes(self):
        what, box = self.dice.choice((("create", "N"), ("rename", "BN"), ("rename", "NB"), ("delete", "N")))
        names = [f'"{IMAP_NAMES[letter]}"' for letter in box]
        if what == "delete":
            # With it goes what is in it, and what is on its way there from a folder of its old name.
            self.soak.gone |= self.subjects(box) | self.soak.into_b
            if self.imap.state == "SELECTED":
                self.imap.unselect()
        answer = getattr(self.imap, what)(*names)
        self.soak.moved_boxes |= set(box)
        self.say(f"mailbox {what} {box}: {answer[0]}")


class MailReader(Reader):
    """Works in the Maildir; folders may go while it does."""

    def __init__(self, soak, dice):
        super().__init__(soak, dice)
        self.soak = soak

    def act(self):
        try:
            super().act()
        except FileNotFoundError:
            pass  # the folder is called otherwise by now

    def knows(self, subject):
        return subject in self.soak.world.email_ids()

    def delete(self, path):
        self.soak.touched.add(subject_of(path))
        super().delete(path)

    def place(self, box, part, name, to, moves):
        subject = subject_of(self.world.path(box, part, name))
        self.soak.touched.add(subject)
        if to == "B":
            self.soak.into_b.add(subject)
        super().place(box, part, name, to, moves)

    def put(self):
        name = super().put()
        self.soak.touched.add(name)
        self.soak.into_b.add(name)


class Onlooker(threading.Thread):
    """Dovecot, which looks at every folder, numbers what is new and moves it to cur/."""

    def __init__(self, soak, _dice):
        super().__init__()
        self.soak, self.error = soak, None

    def run(self):
        try:
            for _ in range(ACTIONS):
                self.soak.dovecot("mailbox", "status", "messages uidnext uidvalidity", "*")
                self.soak.looks += 1
        except Exception as error:  # pylint: disable=broad-except
            self.error = error


class CyrusSoak(Soak):
    def __init__(self, folder, seed, facts, user, password, dovecot_conf):  # pylint: disable=too-many-arguments
        os.mkdir(folder)
        self.facts, self.user, self.password, self.dovecot_conf = facts, user, password, dovecot_conf
        super().__init__(folder, seed, lambda where: Cyrus(where, facts, user, password))
        self.touched, self.moved_boxes = set(), set()  # since both sides were the same
        self.into_b = set()  # what the reader ever put into folder B
        self.looks, self.uids = 0, {}

    def crash(self):
        return 0  # what is killed with Dovecot's lock keeps it

    def dovecot(self, *words):
        """What doveadm says.  Folders that go while it looks at them are no trouble of ours."""
        return subprocess.run(["doveadm", "-c", self.dovecot_conf, *words], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, text=True, timeout=60, check=False).stdout

    def numbers(self):
        """{(mailbox, message): UID}, of messages that are there once"""
        found = {}
        for line in self.dovecot("-f", "tab", "fetch", "mailbox uid hdr.subject", "mailbox", "*", "all").splitlines()[1:]:
            box, uid, subject = line.split("\t")
            found.setdefault((box, subject), []).append(uid)
        return {key: uids[0] for key, uids in found.items() if len(uids) == 1}

    def end(self):
        count = super().end()
        folders = {letter for letter in "ABN" if os.path.isdir(self.world.path(letter, "cur"))}
        assert folders == set(self.world.boxes) & set("ABN"), f"folders {folders}, mailboxes {self.world.boxes}"
        boxes = {IMAP_NAMES[letter] for letter in self.moved_boxes}
        before, self.uids = self.uids, self.numbers()
        stayed = [key for key in before if key[0] not in boxes and key[1] not in self.touched]
        other = [f"{key}: {before[key]}, now {self.uids.get(key)}" for key in stayed if before[key] != self.uids.get(key)]
        assert not other, f"UIDs have changed: {other}"
        assert self.uids, "Dovecot sees nothing"
        self.stayed = len(stayed)
        self.touched.clear()
        self.moved_boxes.clear()
        return count


def main():
    folder, env, user, password, dovecot_conf = sys.argv[1:]
    seed = os.environ.get("SYNC_SOAK_SEED") or "2"
    seed = str(random.randrange(1 << 32)) if seed == "random" else seed
    rounds = int(os.environ.get("SYNC_SOAK_ROUNDS") or "9")
    print(f"* SYNC_SOAK_SEED={seed} SYNC_SOAK_ROUNDS={rounds}", flush=True)
    soak, done, stayed = CyrusSoak(folder, seed, facts_of(env), user, password, dovecot_conf), 0, 0
    try:
        soak.begin(MESSAGES)
        soak.end()
        for done in range(1, rounds + 1):
            soak.round((MailReader, ImapClient, Onlooker))
            if done % 3 == 0 or done == rounds:
                count = soak.end()
                stayed += soak.stayed
        assert stayed, "no message stayed where it was"
        print(f"* {soak.runs} runs, {soak.looks} looks; both sides have the same {count} messages,"
              f" and {stayed} times one kept its UID")
    except AssertionError as error:
        print("\n".join(soak.said))
        print(soak.world.run("--dump")[1])
        print(f"FAILED in round {done}: {error}")
        return 1
    finally:
        soak.world.close()
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
