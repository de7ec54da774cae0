"""A page to look at a prepared set before training: odd images first, near-duplicates side by side, faults listed."""

import base64
from collections import Counter
from collections.abc import Sequence
from html import escape
from itertools import pairwise
from typing import Any

from app.drawings import Drawing, Stroke
from app.imaging import render_png
from app.learning.datasets.images import load_grey
from app.learning.layouts.annotations import SPLITS
from app.learning.likeness.near_duplicates import Pair
from app.learning.preparation.oddity import oddities
from app.learning.preparation.prepared_files import Item, image_path, summary_of
from app.learning.progress import Progress
from app.records import DISCLAIMER

_ODD, _PAIRS, _PER_CLASS, _FAULTS = 24, 16, 6, 200
_LONG_SIDE_PX = 240
_FRACTURE_RGB, _FINDING_RGB = (255, 196, 0), (90, 180, 255)
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse } th, td { padding: .2rem .7rem; border-bottom: 1px solid #d0d7de; text-align: left }
.note { background: #fff8c5; padding: .5rem .8rem; border-radius: 6px }
.row { display: flex; flex-wrap: wrap; gap: .8rem } .pair { display: flex; gap: .3rem; border: 1px solid #d0d7de }
figure { margin: 0; width: 200px } figure img { width: 100%; border-radius: 4px }
figcaption { font-size: .8rem; overflow-wrap: anywhere }
"""


def preview_page(
    kept: Sequence[Item], items: Sequence[Item], pairs: Sequence[Pair], manifest: dict[str, Any], progress: Progress
) -> str:
    """The page as HTML text; it needs no other file.

    kept, items: after and before leaks were set aside.

    Raises:
        DatasetError: an image has gone since it was examined.
    """
    page = _Page(kept, items, set(manifest["findings"]), progress)
    parts = [
        "<h1>Prepared data set</h1>",
        f'<p class="note">{escape(DISCLAIMER)} This page shows radiographs: treat it as you treat them.</p>',
        _counts(manifest),
        page.odd_ones(),
        page.pairs(pairs),
        page.examples(manifest["regions"]),
        _faults(manifest["set_aside"]),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Prepared data set</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


class _Page:
    """The sections with images."""

    def __init__(self, kept: Sequence[Item], items: Sequence[Item], findings: set[str], progress: Progress) -> None:
        self._kept, self._items, self._findings, self._progress = kept, items, findings, progress
        self._usable = [item for item in kept if item.found.problem is None]
        self._drawn, self._most = 0, _ODD + 2 * _PAIRS + _PER_CLASS * 9

    def odd_ones(self) -> str:
        """Images that differ most from the others, or whose boxes do."""
        found = oddities([(item.found.size_wh, item.found.boxes) for item in self._usable])[:_ODD]
        figures = [self._figure(self._usable[odd.number], "; ".join(odd.reasons)) for odd in found]
        return _section("Odd ones first", figures, "Nothing stands out.")

    def pairs(self, pairs: Sequence[Pair]) -> str:
        """Near-duplicates, those across the splits first."""

        def order(pair: Pair) -> tuple[bool, float]:
            return self._items[pair.one].split == self._items[pair.other].split, -pair.likeness

        shown = []
        for pair in sorted(pairs, key=order)[:_PAIRS]:
            both = [self._figure(self._items[n], f"likeness {pair.likeness:.2f}") for n in (pair.one, pair.other)]
            shown.append(f'<div class="pair">{"".join(both)}</div>')
        return _section(f"Near-duplicates ({len(pairs)} pairs)", shown, "None.")

    def examples(self, regions: Sequence[str]) -> str:
        """A few images of every class, and of those without a box."""
        parts = []
        for name in (*regions, ""):
            fits = [item for item in self._usable if _shows(item, name)]
            step = max(1, len(fits) // _PER_CLASS)
            figures = [self._figure(item, "") for item in fits[::step][:_PER_CLASS]]
            if figures:
                parts.append(_section(f"{name or 'No box'} ({len(fits)} images)", figures, ""))
        return "".join(parts)

    def _figure(self, item: Item, remark: str) -> str:
        self._drawn += 1
        self._progress("drawing the preview", min(self._drawn, self._most), self._most)
        width, height = item.found.size_wh
        classes = ", ".join(f"{name} {n}" for name, n in Counter(box.region for box in item.found.boxes).items())
        lines = [f"{width} × {height} px, {item.split}", classes or "no box", remark]
        caption = "<br>".join(escape(line) for line in lines if line)
        name = escape(image_path(item))
        return (
            f'<figure><img loading="lazy" alt="{name}" src="{self._url(item)}">'
            f"<figcaption>{caption}<br><small>{name}</small></figcaption></figure>"
        )

    def _url(self, item: Item) -> str:
        grey = load_grey(item.source.image)
        height, width = grey.shape
        strokes: list[Stroke] = []
        for box in item.found.boxes:
            colour_rgb = _FINDING_RGB if box.region in self._findings else _FRACTURE_RGB
            strokes += _outline(box.box, (width, height), colour_rgb)
        png = render_png(grey, Drawing(tuple(strokes)), min(_LONG_SIDE_PX, max(height, width)))
        return "data:image/png;base64," + base64.b64encode(png).decode("ascii")


def _shows(item: Item, name: str) -> bool:
    """Whether an image has a box of a class, or none at all for the class ""."""
    return any(box.region == name for box in item.found.boxes) if name else not item.found.boxes


def _outline(
    box: tuple[float, float, float, float], size_wh: tuple[int, int], colour_rgb: tuple[int, int, int]
) -> list[Stroke]:
    width, height = size_wh
    x1, y1, x2, y2 = box[0] * width, box[1] * height, box[2] * width, box[3] * height
    corners = ((x1, y1), (x2, y1), (x2, y2), (x1, y2), (x1, y1))
    return [Stroke(start, end, colour_rgb, max(size_wh) / 150) for start, end in pairwise(corners)]


def _counts(manifest: dict[str, Any]) -> str:
    counts = summary_of(manifest)
    rows = [(name, *(str(counts[name][split]) for split in SPLITS)) for name in ("images", "fractured", "boxes")]
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    classes = ", ".join(f"{escape(name)} {count}" for name, count in counts["classes"].items())
    others = ", ".join(escape(name) for name in counts["findings"])
    return (
        f"<table><tr><th></th><th>train</th><th>val</th></tr>{body}</table><p>Boxes by class: {classes or 'none'}."
        + (f" No fractures, shown only: {others}." if others else "")
        + f" Leaks between the splits: {counts['leaks']}.</p>"
    )


def _faults(set_aside: Sequence[dict[str, Any]]) -> str:
    if not set_aside:
        return "<h2>Set aside</h2><p>Nothing.</p>"
    rows = "".join(
        f"<tr><td>{escape(str(entry['original']))}</td><td>{escape(entry['reason'])}</td>"
        f"<td>{escape(entry['problem'])}</td></tr>"
        for entry in set_aside[:_FAULTS]
    )
    more = f"<p>And {len(set_aside) - _FAULTS} more, in the manifest.</p>" if len(set_aside) > _FAULTS else ""
    head = "<tr><th>File</th><th>Reason</th><th>What is wrong</th></tr>"
    return f"<h2>Set aside ({len(set_aside)})</h2><table>{head}{rows}</table>{more}"


def _section(title: str, figures: Sequence[str], nothing: str) -> str:
    body = f'<div class="row">{"".join(figures)}</div>' if figures else f"<p>{escape(nothing)}</p>"
    return f"<h2>{escape(title)}</h2>{body}"
