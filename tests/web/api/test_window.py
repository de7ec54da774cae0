"""A radiograph through a window, by the API: from its true values, in words where the numbers make none."""

import io
from collections.abc import Callable

import numpy as np
import pytest
from flask.testing import FlaskClient
from PIL import Image

from app.services import Services
from tests.conftest import Account
from tests.web.conftest import Sender, multipart

# 16 bits, and one bright line that no window of 8 bits would tell apart.
DEEP = (np.arange(100 * 120).reshape(100, 120) * 5).astype("u2")


@pytest.fixture
def deep_png() -> bytes:
    out = io.BytesIO()
    Image.fromarray(DEEP).save(out, "PNG")
    return out.getvalue()


@pytest.fixture
def where(api: Sender, deep_png: bytes) -> str:
    """The path of a stored image of 16 bits."""
    study = api("post", "/studies", **multipart(("a.png", deep_png))).get_json()
    return f"/studies/{study['id']}/images/{study['images'][0]['id']}"


def pixels(api: Sender, path: str) -> np.ndarray:
    answer = api("get", path)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    return np.asarray(Image.open(io.BytesIO(answer.data)))


def test_a_window_shows_the_true_values(api: Sender, where: str) -> None:
    shown = pixels(api, f"{where}/window.png?centre=1000&width=510")

    expected = np.clip((DEEP.astype(float) - 745) / 2, 0, 255)
    np.testing.assert_allclose(shown, expected, atol=0.51)


def test_without_a_window_it_is_the_original(api: Sender, where: str) -> None:
    original = api("get", f"{where}/original.png").data

    assert api("get", f"{where}/window.png").data == original
    assert api("get", f"{where}/window.png?centre=&width=&invert=&long_side=").data == original


def test_it_is_inverted_and_scaled_down_when_asked(api: Sender, where: str) -> None:
    plain = pixels(api, f"{where}/window.png")

    np.testing.assert_array_equal(pixels(api, f"{where}/window.png?invert=1"), 255 - plain)
    assert pixels(api, f"{where}/window.png?long_side=60").shape == (50, 60)
    assert pixels(api, f"{where}/window.png?long_side=9999").shape == plain.shape


def test_one_number_alone_goes_with_the_window_shown_at_first(api: Sender, where: str) -> None:
    first = api("get", f"{where}/window.json").get_json()["windows"][0]

    alone = pixels(api, f"{where}/window.png?centre=1000")
    both = pixels(api, f"{where}/window.png?centre=1000&width={first['width']}")

    np.testing.assert_array_equal(alone, both)


def test_the_windows_to_choose_from_begin_with_the_one_shown(api: Sender, where: str) -> None:
    windows = api("get", f"{where}/window.json").get_json()

    assert (windows["low"], windows["high"], windows["spacing_mm"]) == (0, DEEP.max(), None)
    assert [one["kind"] for one in windows["windows"]] == ["shown", "full", "bone", "soft"]
    first = windows["windows"][0]
    shown = pixels(api, f"{where}/window.png?centre={first['centre']}&width={first['width']}")
    np.testing.assert_allclose(shown, pixels(api, f"{where}/window.png"), atol=1)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("centre=bright", "must be numbers"),
        ("width=nan", "must be numbers"),
        ("centre=inf", "must be numbers"),
        ("width=0", "width must be at least"),
        ("width=-5", "width must be at least"),
        ("centre=1e300&width=1e300", "at most nine digits"),
        ("invert=perhaps", "invert must be 1 or 0"),
        ("long_side=15", "from 16 to 32768"),
        ("long_side=99999", "from 16 to 32768"),
        ("long_side=20.5", "whole number"),
    ],
)
def test_numbers_that_make_no_window_are_refused_in_words(api: Sender, where: str, query: str, words: str) -> None:
    answer = api("get", f"{where}/window.png?{query}")

    assert answer.status_code == 400
    assert words in answer.get_json()["error"]["message"]


@pytest.mark.parametrize("path", ["window.png", "window.json"])
def test_someone_elses_image_is_not_found_though_it_lies_in_memory(
    api: Sender, client: FlaskClient, account: Callable[..., Account], where: str, path: str
) -> None:
    assert api("get", f"{where}/{path}").status_code == 200
    eve = account("Eve", tenant="elsewhere")

    assert client.get(f"/api/v1{where}/{path}", headers=eve.bearer).status_code == 404
    assert client.get(f"/api/v1{where}/{path}").status_code == 401
    assert api("get", f"{where.rsplit('/', 1)[0]}/{'0' * 32}/{path}").status_code == 404


def test_a_deleted_study_leaves_the_memory_with_it(api: Sender, services: Services, where: str) -> None:
    api("get", f"{where}/window.png")
    assert services.radiograph_cache.bytes > 0

    api("delete", "/".join(where.split("/")[:3]))

    assert services.radiograph_cache.bytes == 0
    assert api("get", f"{where}/window.png").status_code == 404


def test_a_study_deleted_by_somebody_else_is_gone_though_its_image_lies_in_memory(
    api: Sender, services: Services, ada: Account, where: str
) -> None:
    api("get", f"{where}/window.png")

    services.store.studies.delete(ada.person.tenant, where.split("/")[2])

    assert api("get", f"{where}/window.png").status_code == 404


def test_a_image_in_memory_is_not_decoded_again(api: Sender, services: Services, where: str) -> None:
    api("get", f"{where}/original.png")
    held = services.radiograph_cache.bytes

    for path in ("window.png?width=50", "window.json", "annotated.png", "original.png"):
        assert api("get", f"{where}/{path}").status_code == 200

    assert services.radiograph_cache.bytes == held
    assert held >= DEEP.nbytes
