"""The counts behind `scripts.check_scope`: radiographs pass in every variant, drawings without content do not."""

from app.imaging import phantom, render_png
from app.learning.evaluation.scope_counts import VARIANTS, count_outsiders, count_radiographs


def test_drawn_radiographs_are_assessed_in_every_variant(tmp_path):
    for seed in (1, 2):
        (tmp_path / f"{seed}.png").write_bytes(render_png(phantom(seed, (300, 240)).grey))
    counts = count_radiographs(sorted(tmp_path.glob("*.png")))
    assert counts == {"images": 2, "as-is": 2} | dict.fromkeys(VARIANTS, 2)


def test_what_shows_nothing_is_refused_and_every_kind_is_counted():
    refused, of = count_outsiders(0)
    assert all(refused[kind] == of[kind] > 0 for kind in ("even", "noise", "gradient"))
    assert {"ct", "mr", "chest", "skull", "text", "texture"} <= of.keys()
