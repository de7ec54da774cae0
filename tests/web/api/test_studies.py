"""The good paths of /api/v1."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.web.conftest import Sender, image, multipart, sealed

STUDY_KEYS = {"id", "created_at", "model", "images"}
IMAGE_KEYS = {"id", "width", "height", "verdict", "score", "findings", "timing_ms"}


def test_a_study_has_the_shape_of_the_contract(api: Sender, png: bytes) -> None:
    answer = api("post", "/studies", **multipart(("a.png", png)))

    study = answer.get_json()
    (image,) = study["images"]
    assert answer.status_code == 201
    assert set(study) >= STUDY_KEYS
    assert set(image) >= IMAGE_KEYS
    assert study["model"] == {"name": "fake", "version": "7", "sha256": "ab" * 32}
    assert (image["width"], image["height"], image["verdict"], image["score"]) == (160, 120, "fracture", 0.87)
    assert image["findings"][0] == {
        "region": "wrist",
        "confidence": 0.87,
        "tier": "definite",
        "box_px": [40.0, 30.0, 120.0, 60.0],
    }
    assert image["findings"][1]["tier"] == "possible"
    assert set(image["timing_ms"]) == {"open", "decode", "detect", "total"}
    assert study["rejected"] == []


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
def test_several_files_become_the_views_of_one_study_in_their_order(api: Sender, kind: str) -> None:
    files = [(f"{side}.x", image(kind, (100, side))) for side in (100, 140, 180)]

    study = api("post", "/studies", **multipart(*files)).get_json()

    assert [image["width"] for image in study["images"]] == [100, 140, 180]
    assert [image["name"] for image in study["images"]] == ["100.x", "140.x", "180.x"]


def test_a_sealed_upload_is_read_like_a_plain_one(api: Sender, png: bytes) -> None:
    key = api("get", "/encryption-key").get_json()
    assert {name: key[name] for name in ("kem", "kdf", "aead")} == {
        "kem": "P-256",
        "kdf": "HKDF-SHA256",
        "aead": "AES-256-GCM",
    }

    answer = api("post", "/studies", **sealed(key, png, "Schürfwunde links.png"))

    (image,) = answer.get_json()["images"]
    assert answer.status_code == 201
    assert (image["width"], image["name"]) == (160, "Schürfwunde links.png")


def test_a_sealed_upload_needs_no_name(api: Sender, png: bytes) -> None:
    key = api("get", "/encryption-key").get_json()

    assert api("post", "/studies", **sealed(key, png)).status_code == 201


def test_yesterdays_key_still_opens(api: Sender, png: bytes, clock) -> None:
    key = api("get", "/encryption-key").get_json()
    clock.pass_(hours=15)

    assert api("get", "/encryption-key").get_json()["kid"] != key["kid"]
    assert api("post", "/studies", **sealed(key, png)).status_code == 201


def test_a_view_can_be_added_plain_and_sealed(api: Sender, png: bytes) -> None:
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    path = f"/studies/{study['id']}/images"

    assert api("post", path, **multipart(("b.png", png))).status_code == 201
    answer = api("post", path, **sealed(api("get", "/encryption-key").get_json(), png, "c.png"))

    assert answer.status_code == 201
    assert [image["name"] for image in answer.get_json()["images"]] == ["a.png", "b.png", "c.png"]


def test_a_study_can_be_read_again_and_deleted(api: Sender, png: bytes) -> None:
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    del study["rejected"]
    path = f"/studies/{study['id']}"

    assert api("get", path).get_json() == study
    assert api("delete", path).status_code == 204
    assert api("get", path).status_code == 404
    assert api("delete", path).status_code == 404


def test_the_list_is_newest_first_and_its_pages_join(api: Sender, png: bytes, clock) -> None:
    made = []
    for _ in range(5):
        clock.pass_(seconds=1)
        made.append(api("post", "/studies", **multipart(("a.png", png))).get_json()["id"])

    seen, after = [], ""
    while after is not None:
        page = api("get", f"/studies?limit=2&after={after}").get_json()
        assert len(page["studies"]) <= 2
        seen += [study["id"] for study in page["studies"]]
        after = page["next"]

    assert seen == made[::-1]


def test_the_list_of_nothing_is_empty(api: Sender) -> None:
    assert api("get", "/studies").get_json() == {"studies": [], "next": None, "damaged": []}


def test_the_images_are_png_in_the_radiographs_own_size(api: Sender, png: bytes) -> None:
    study = api("post", "/studies", **multipart(("a.png", png))).get_json()
    path = f"/studies/{study['id']}/images/{study['images'][0]['id']}"

    original, annotated = api("get", f"{path}/original.png"), api("get", f"{path}/annotated.png")

    assert original.mimetype == annotated.mimetype == "image/png"
    plain, drawn = (Image.open(io.BytesIO(answer.data)) for answer in (original, annotated))
    assert plain.size == drawn.size == (160, 120)
    assert np.array_equal(np.asarray(plain), np.asarray(Image.open(io.BytesIO(png))))
    assert np.ptp(np.asarray(drawn.convert("RGB")).astype(int), axis=2).max() > 0


def test_in_a_batch_the_good_are_kept_and_the_bad_are_named(api: Sender, png: bytes) -> None:
    files = [("good.png", png), ("bad.png", png[:100]), ("empty.png", b""), ("also.png", png)]

    study = api("post", "/studies", **multipart(*files)).get_json()

    assert [image["name"] for image in study["images"]] == ["good.png", "also.png"]
    assert [(one["index"], one["name"], one["code"]) for one in study["rejected"]] == [
        (1, "bad.png", "damaged-image"),
        (2, "empty.png", "empty-file"),
    ]
    assert all(one["message"] for one in study["rejected"])


def test_a_verdict_of_none_is_said_as_such(api: Sender, png: bytes, detector) -> None:
    detector.scores_of = {"wrist": 0.05}

    (image,) = api("post", "/studies", **multipart(("a.png", png))).get_json()["images"]

    assert (image["verdict"], image["findings"]) == ("none", [])
