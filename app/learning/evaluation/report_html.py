"""One page with everything about an evaluation; it needs no other file and asks nothing of the network."""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from app.learning.evaluation import plots
from app.learning.evaluation.figures import Evaluation, Figure
from app.learning.evaluation.metrics.classification import Share
from app.learning.evaluation.metrics.intervals import Interval
from app.learning.evaluation.metrics.matching import Case, match
from app.learning.evaluation.strata import GroupRow
from app.learning.evaluation.worst import Worst, image_url, worst_alarms, worst_misses
from app.records import DISCLAIMER

_IMAGES = 12
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; max-width: 1100px; margin: 2rem auto; padding: 0 1rem; color: #1b1f24 }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; margin: .5rem 0 } caption { text-align: left; color: #57606a; padding: .2rem 0 }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #d0d7de; text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left; white-space: normal }
small { color: #57606a } .note { background: #fff8c5; padding: .5rem .8rem; border-radius: 6px }
.row { display: flex; flex-wrap: wrap; gap: .8rem } .row > img { max-width: 100%; height: auto }
figure { margin: 0; width: 250px } figure img { width: 100%; border-radius: 4px }
figcaption { font-size: .8rem; overflow-wrap: anywhere }
"""


def report_page(evaluation: Evaluation, cases: Sequence[Case], about: Mapping[str, str]) -> str:
    """The page as HTML text.

    about: what was evaluated, line by line: model, data, settings. cases: as given to `figures`.

    Raises:
        DatasetError: an image has gone since it was read.
    """
    parts = [
        "<h1>Evaluation</h1>",
        f'<p class="note">{escape(DISCLAIMER)} This page shows radiographs: treat it as you treat them.</p>',
        _table(("", ""), [(name, value) for name, value in about.items()], ""),
        _boxes(evaluation),
        _regions(evaluation),
        _whole_images(evaluation),
        _curves(evaluation, cases),
        _strata(evaluation),
        _images(evaluation, cases),
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Evaluation</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _boxes(e: Evaluation) -> str:
    means = "every box of one class" if e.single_class else "mean over the regions that have boxes"
    rows = [
        ("mAP50", _figure(e.map50)),
        ("mAP50-95", _figure(e.map50_95)),
        ("mAP50 on the images with a fracture alone", _figure(e.map50_fractured)),
        (f"Precision at raw score {e.f1_threshold:.3f} (best mean F1)", _figure(e.precision)),
        ("Recall there", _figure(e.recall)),
        *((f"Fractures found at {rate} false alarms per image", _figure(f)) for rate, f in e.froc.items()),
    ]
    at = [
        (a.name, _number(a.threshold), _share(a.found), _number(a.alarms_per_image), _number(a.alarms_per_normal),
         _share(a.normals_called))
        for a in e.boxes_at
    ]  # fmt: skip
    head = ("Threshold", "Probability", "Fractures found", "False alarms per image", "… per normal image",
            "Normal images with an alarm")  # fmt: skip
    return (
        "<h2>Fractures</h2>"
        + _table(("Figure", "Value"), rows, f"AP by COCO's rule, {means}; 95 % intervals by bootstrap over images.")
        + (_table(head, at, "IoU ≥ 0.5, region ignored.") if at else "")
    )


def _regions(e: Evaluation) -> str:
    rows = [
        (r.region, str(r.boxes), _figure(r.ap50), _figure(r.ap50_95), _figure(r.precision), _figure(r.recall))
        for r in e.regions
    ]
    head = ("Region", "Boxes", "AP50", "AP50-95", "Precision", "Recall")
    return "<h2>Regions</h2>" + _table(head, rows, "Regions without a box are left out.") if rows else ""


def _whole_images(e: Evaluation) -> str:
    rows = [
        (f"{p.name} ({p.threshold:.3f})", _share(p.sensitivity), _share(p.specificity), _share(p.ppv), _share(p.npv))
        for p in e.operating_points
    ]
    elsewhere = [
        (p.name, f"{at.prevalence:.0%}", _value(at.ppv, at.ppv_interval), _value(at.npv, at.npv_interval))
        for p in e.operating_points
        for at in p.at_prevalence
    ]
    rest = [
        ("AUROC (DeLong)", _figure(e.auroc)),
        ("Calibration error (ECE)", _figure(e.ece)),
        ("Brier", _figure(e.brier)),
    ]
    return (
        f"<h2>Whole images</h2><p>{e.images} images, {e.images_with_fracture} with a fracture.</p>"
        + _table(("Figure", "Value"), rest, "")
        + _table(("Threshold", "Sensitivity", "Specificity", "PPV", "NPV"), rows, "Wilson intervals.")
        + _table(("Threshold", "Prevalence", "PPV", "NPV"), elsewhere, "Where fractures are rarer than here.")
    )


def _curves(e: Evaluation, cases: Sequence[Case]) -> str:
    everything = match(cases, None)
    by_region = [(row.region, match(cases, row.region)) for row in e.regions]
    marked = [
        (p.name, 1 - p.specificity.value, p.sensitivity.value)
        for p in e.operating_points
        if p.specificity.value is not None and p.sensitivity.value is not None
    ]
    drawn = [
        ("FROC curve", plots.froc_svg(everything)),
        ("ROC curve", plots.roc_svg(cases, marked)),
        ("Precision and recall", plots.precision_recall_svg(by_region or [("all", everything)])),
        ("Reliability", plots.reliability_svg(e.reliability)),
    ]
    images = [f'<img alt="{escape(name)}" src="{_svg_url(svg)}">' for name, svg in drawn]
    return f'<h2>Curves</h2><div class="row">{"".join(images)}</div>'


def _svg_url(svg: str) -> str:
    """As an image of its own, so that the curves' ids and styles do not meet on the page."""
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode("ascii")


def _strata(e: Evaluation) -> str:
    sizes = [(s.name, str(s.boxes), _share(s.at_possible), _share(s.at_quarter)) for s in e.box_sizes]
    head = ("Size of the fracture at 512 px", "Boxes", "Found at possible", "Found at 0.25 false alarms per image")
    return (
        "<h2>Where it fails</h2>"
        + _table(head, sizes, "Size: root of the box's area, the image's long side scaled to 512 px.")
        + _groups("Size of the image", e.image_sizes)
        + _groups("Data set", e.groups)
    )


def _groups(what: str, groups: Sequence[GroupRow]) -> str:
    rows = [
        (g.name, str(g.images), str(g.with_fracture), _value(g.auroc, g.auroc_interval), _share(g.sensitivity),
         _share(g.specificity))
        for g in groups
    ]  # fmt: skip
    head = (what, "Images", "With fracture", "AUROC", "Sensitivity", "Specificity")
    return _table(head, rows, "Sensitivity and specificity at possible.") if rows else ""


def _images(e: Evaluation, cases: Sequence[Case]) -> str:
    everything = match(cases, None)
    shown_from = e.froc_thresholds.get("0.25") or e.f1_threshold
    legend = (
        "Green: marked fracture. Amber, dashed: detection at 0.25 false alarms per image. Red: what this image is "
        "here for."
    )
    return (
        f"<h2>Worst misses</h2><p><small>{legend}</small></p>"
        + _gallery(worst_misses(cases, everything, _IMAGES), cases, shown_from)
        + "<h2>Worst false alarms</h2>"
        + _gallery(worst_alarms(cases, everything, _IMAGES), cases, shown_from)
    )


def _gallery(worst: Sequence[Worst], cases: Sequence[Case], shown_from: float) -> str:
    if not worst:
        return "<p>None.</p>"
    figures = [
        f'<figure><img alt="{escape(one.says)}" src="{image_url(cases[one.case], one, shown_from)}">'
        f"<figcaption>{escape(one.says)}<br><small>{escape(cases[one.case].path.name)}</small></figcaption></figure>"
        for one in worst
    ]
    return f'<div class="row">{"".join(figures)}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    if not rows:
        return ""
    top = "".join(f"<th>{escape(cell)}</th>" for cell in head) if any(head) else ""
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def _figure(figure: Figure) -> str:
    return _value(figure.value, figure.interval)


def _share(share: Share | None) -> str:
    if share is None:
        return "–"
    return f"{_value(share.value, share.interval)} of {share.of}" if share.of else "– (none)"


def _value(value: float | None, interval: Interval | None) -> str:
    return _number(value) + (f" ({interval[0]:.3f}–{interval[1]:.3f})" if interval and value is not None else "")


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
