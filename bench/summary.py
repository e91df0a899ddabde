#!/usr/bin/env python3
"""Turn samples into a Markdown table and ratio lines.

Reads lines NAME, UNIT, OURS, PEER, separated by tabs, one a round; more is
better.  The ratio of a figure is that of its rounds' ratios, so that what slows
the whole machine down for a while weighs on both.
"""

import statistics
import sys


def spread(values, form):
    return (f"{statistics.median(values):{form}} "
            f"({min(values):{form}}-{max(values):{form}})")


def main():
    figures = {}
    for line in sys.stdin:
        name, unit, ours, peer = line.rstrip("\n").split("\t")
        figures.setdefault((name, unit), []).append((float(ours), float(peer)))
    if not figures:
        sys.exit("nothing was measured")
    print("Median (least-most) of the rounds; more is better.\n")
    print("| figure | unit | rounds | ours | peer | ours : peer |")
    print("| --- | --- | --- | --- | --- | --- |")
    ratios = {}
    for (name, unit), rounds in figures.items():
        ratios[name] = [ours / peer for ours, peer in rounds]
        ours, peer = zip(*rounds)
        print(f"| {name} | {unit} | {len(rounds)} | {spread(ours, '.1f')} | {spread(peer, '.1f')} "
              f"| {spread(ratios[name], '.2f')} |")
    print()
    for name, values in ratios.items():
        print(f"ratio {name} {statistics.median(values):.3f} {min(values):.3f} {max(values):.3f}")


if __name__ == "__main__":
    main()
