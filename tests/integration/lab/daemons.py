"""What all tests need that start a daemon of ours and wait for what it does."""

import os
import sys
import time


def needs_root():
    """A daemon is started as root and becomes nobody: end as skipped tests do."""
    if os.geteuid() != 0:
        if os.environ.get("FERRY_REQUIRE_ALL") == "1":
            sys.exit("must be run by root")
        print("SKIPPED: must be run by root")
        sys.exit(77)


def sanitized(program):
    """Was it built with a sanitizer, which takes memory of its own?"""
    with open(program, "rb") as file:
        data = file.read()
    return b"__asan_init" in data or b"__tsan_init" in data


def wait_for(what, condition, seconds=60):
    """Ask again and again until the condition holds; what it gave."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)
    return value
