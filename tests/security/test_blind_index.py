"""A label says that two terms of one tenant are equal, and nothing else."""

import itertools

from app.security import BlindIndex
from app.security.blind_index import LABEL_BYTES

INDEX = BlindIndex("a secret that only tests use", "scheme/v1")


def test_equal_terms_have_equal_labels_in_every_process() -> None:
    again = BlindIndex("a secret that only tests use", "scheme/v1")
    assert INDEX.label("north", "region", "wrist") == again.label("north", "region", "wrist")
    assert again.fingerprint == INDEX.fingerprint
    # Stored labels are found again only while this stays as it is.
    assert INDEX.label("north", "region", "wrist").hex() == "ff23493ae61c273617c9ff436ce83f80"


def test_another_key_scheme_tenant_or_term_has_another_label() -> None:
    others = [BlindIndex("a secret that only tests usE", "scheme/v1"), BlindIndex("a secret that only tests use", "v2")]
    labels = [index.label("north", "region", "wrist") for index in (INDEX, *others)]
    for terms in (("region", "elbow"), ("region",), ("wrist", "region"), ("regionwrist",), ("region", "wrist", "")):
        labels.append(INDEX.label("north", *terms))
    labels += [INDEX.label("south", "region", "wrist"), INDEX.label("", "north", "region", "wrist")]
    assert len(set(labels)) == len(labels)
    assert {len(label) for label in labels} == {LABEL_BYTES}
    assert all(one.fingerprint != other.fingerprint for one, other in itertools.combinations([INDEX, *others], 2))


def test_any_text_has_a_label() -> None:
    assert len({INDEX.label("t", text) for text in ("", "\x00", "\ud800", "é", "e\u0301")}) == 5
