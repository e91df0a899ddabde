#!/usr/bin/env python3
"""Run a command; say on standard error which programs used the CPU meanwhile.

    cpu COMMAND...

One line: milliseconds of user and system time a program, the busiest first, and how
busy the machine was.  Of processes that end before the command does, nothing is seen.
"""

import os
import subprocess
import sys

TICK = 1000 // os.sysconf("SC_CLK_TCK")


def programs():
    """Milliseconds of (user, system) time and name of each process."""
    times = {}
    for process in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{process}/stat") as file:
                name, fields = file.read().split("(", 1)[1].rsplit(") ", 1)
        except OSError:
            continue
        user, system = fields.split()[11:13]
        times[process] = (name, int(user) * TICK, int(system) * TICK)
    return times


def machine():
    """Milliseconds (of all CPUs): busy, and in all."""
    with open("/proc/stat") as file:
        fields = [int(field) * TICK for field in file.readline().split()[1:9]]
    return sum(fields) - fields[3] - fields[4], sum(fields)


def main():
    before, (busy, whole) = programs(), machine()
    status = subprocess.run(sys.argv[1:]).returncode
    after, (busy_then, whole_then) = programs(), machine()
    used = {}
    for process, (name, user, system) in after.items():
        _, user_before, system_before = before.get(process, (name, 0, 0))
        total = used.setdefault(name, [0, 0])
        total[0] += user - user_before
        total[1] += system - system_before
    busiest = sorted(used.items(), key=lambda item: -sum(item[1]))[:6]
    print(f"cpu: {100 * (busy_then - busy) // max(whole_then - whole, 1)} % busy,",
          ", ".join(f"{name} {user}+{system} ms" for name, (user, system) in busiest),
          file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
