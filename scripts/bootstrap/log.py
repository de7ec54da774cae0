"""Reads what a program said before it ended, for the one line that a person needs."""

import re

_EXCEPTION = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*: (.+)$")
_NOISE = re.compile(r"^\s|^Traceback|^\[[^\]]+\] \[\d+\] \[(INFO|WARNING)\]")
_PREFIX = re.compile(r"^(?:\[[^\]]+\] \[\d+\] \[\w+\] |Error: )+")


def last_error(output: str) -> str:
    """The last error that a program named: its exception's text, or else its last line that says anything."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    for line in reversed(lines):
        if named := _EXCEPTION.match(line):
            return named[1]
    told = [line for line in lines if not _NOISE.match(line)] or lines
    return _PREFIX.sub("", told[-1]) if told else "it gave no reason"
