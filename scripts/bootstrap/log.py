"""Reads what a program said before it ended, for the one line that a person needs."""

import re

_CANNOT_START = re.compile(r"^Cannot start: (.+)$")
_EXCEPTION = re.compile(r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*: (.+)$")
_LOGGED = re.compile(r"^[\d-]{10} [\d:,]+ (?P<level>[A-Z]+) \S+ ")


def last_error(output: str) -> str:
    """Why a program ended: what it says of itself, else the last exception's text, else its last line of weight."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    for pattern in (_CANNOT_START, _EXCEPTION):
        for line in reversed(lines):
            if named := pattern.match(line):
                return named[1]
    weighty = [line for line in lines if not _is_small_talk(line)] or lines
    return _LOGGED.sub("", weighty[-1]) if weighty else "it gave no reason"


def _is_small_talk(line: str) -> bool:
    logged = _LOGGED.match(line)
    return line.startswith((" ", "Traceback")) or (logged is not None and logged["level"] in {"INFO", "DEBUG"})
