"""Marks the texts that catalogues translate, where they stand as data and not in a call of gettext."""


def N_(text: str) -> str:
    """`text` unchanged; `scripts.translate` finds it by this call (gettext's own name for it)."""
    return text
