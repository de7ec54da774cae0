"""The report: everything a reader signs for is on it, and nothing that a text says is taken for an order."""

import io
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from app.imaging import render_png
from app.records import (
    DISCLAIMER,
    Assessment,
    Decision,
    Examination,
    Feedback,
    Finding,
    Mark,
    ModelVersion,
    Patient,
    Study,
    StudyImage,
    Timing,
)
from app.reports import Signature, study_pdf
from app.reports.pdf_front import DECLARATION
from app.reports.pdf_text import lines, markup
from tests.support.read_pdf import Pdf, read_pdf

ROOT = Path(__file__).resolve().parents[2]
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MODEL = ModelVersion("yolo & friends", "7.1", "c0" * 32)
FOUND = (
    Finding("elbow", 0.42, "possible", (10.0, 10.0, 30.0, 30.0)),
    Finding("wrist", 0.874, "definite", (40.0, 10.0, 80.0, 60.0)),
)
IMAGE = render_png(np.full((90, 120), 80, np.uint8))


def view(number: int = 0, findings: tuple[Finding, ...] = FOUND, **rest: object) -> StudyImage:
    verdict = "fracture" if findings else "none"
    assessment = Assessment(MODEL, 120, 90, verdict, 0.874, findings, Timing(0.0, 1.0, 2.0, 103.6))
    return StudyImage(f"image{number}", f"Smith_John_{number}.dcm", NOON, replace(assessment, **rest))  # type: ignore[arg-type]


def study(*images: StudyImage) -> Study:
    return Study("5d" * 16, "default", NOON, "person", images)


def report_bytes(of: Study | None = None, statement: str = "", reader: str = "Ada", made_at: datetime = NOON) -> bytes:
    of = of or study(view())
    return study_pdf(of, {image.id: IMAGE for image in of.images}, statement, reader, made_at)


def report(of: Study | None = None, statement: str = "", reader: str = "Ada") -> Pdf:
    return read_pdf(report_bytes(of, statement, reader))


def test_a_view_has_image_verdict_findings_and_where_they_come_from() -> None:
    made = report(study(view(spacing_mm=(0.143, 0.2))))

    said = made.text.split("\n")
    assert made.images == ((120, 90),)
    assert "Fracture likely (score 87%)" in said
    assert said[said.index("Wrist") :][:6] == ["Wrist", "Definite", "87%", "Elbow", "Possible", "42%"]
    assert "Read 23 Nov 2026, 12:00 UTC in 104 ms. Size 120 × 90 px, 0.143 × 0.2 mm each." in said
    assert "Model yolo & friends, version 7.1" in said
    assert f"SHA-256 of the weights {MODEL.sha256}" in said


def test_the_reader_finds_declaration_and_a_line_to_sign_on() -> None:
    made = report(statement="Distal radius, not displaced.", reader="Dr. Ada Müller")

    said = made.text.replace("\n", " ")
    assert "Assessment by the reader Distal radius, not displaced." in said
    assert DECLARATION in said
    assert said.index(DECLARATION) < said.rindex("Dr. Ada Müller") < said.rindex("Date")
    assert "Reader: name and signature" in said


def test_without_a_text_there_are_lines_to_write_on() -> None:
    # Head and foot of each page are ruled too.
    both = report(), report(statement="Nothing.")
    ruled = [b"".join(made.drawn).count(b" l S") - 2 * len(made.pages) for made in both]

    assert ruled[0] == ruled[1] + 5


@pytest.mark.parametrize("view_count", [1, 3, 20])
def test_every_page_has_the_disclaimer_and_its_number(view_count: int) -> None:
    made = report(study(*(view(i) for i in range(view_count))))

    assert len(made.pages) >= view_count / 3
    for number, page in enumerate(made.pages, 1):
        assert DISCLAIMER in page
        assert f"Page {number} of {len(made.pages)}" in page
    assert [f"View {i} of {view_count}" in made.text for i in range(1, view_count + 1)] == [True] * view_count


def test_a_view_without_findings_says_so_and_explains_no_lines() -> None:
    made = report(study(view(findings=())))

    assert "The software marked no place on this view." in made.text
    assert "This does not rule a fracture out." in made.text
    assert "Dashed line" not in made.text


def test_a_warning_is_said_in_words() -> None:
    assert "does not look like a radiograph" in report(study(view(warnings=("not-a-radiograph",)))).text


def test_many_findings_go_on_over_the_page_under_the_same_head() -> None:
    many = tuple(Finding("fingers", 0.5, "possible", (1.0, 1.0, 9.0, 9.0)) for _ in range(60))
    made = report(study(view(findings=many)))

    assert made.text.count("Fingers") == 60
    assert sum("Marked place" in page for page in made.pages) >= 2


def test_no_file_name_is_anywhere_in_the_file() -> None:
    raw = report_bytes()

    assert b"Smith" not in raw
    assert "Smith" not in read_pdf(raw).text


def test_the_files_own_fields_name_nobody_and_tell_the_time_it_was_made() -> None:
    info = report(statement="Secret", reader="Ada").info

    assert b"(D:20261123120000+00'00')" in info
    assert b"Ada" not in info
    assert b"Secret" not in info


def test_the_same_input_gives_the_same_bytes_and_another_time_others() -> None:
    assert report_bytes(statement="Größe, Ωμέγα") == report_bytes(statement="Größe, Ωμέγα")
    assert report_bytes(made_at=NOON.replace(hour=13)) != report_bytes()


class Watched(dict[str, bytes]):
    """Images that tell whether two reports ask for them at once."""

    def __init__(self) -> None:
        super().__init__(image0=IMAGE)
        self.asking = Lock()
        self.was_shared = False

    def __getitem__(self, image_id: str) -> bytes:
        self.was_shared |= not self.asking.acquire(blocking=False)
        time.sleep(0.02)
        self.asking.release()
        return super().__getitem__(image_id)


def test_reports_are_made_one_after_the_other() -> None:
    # Seen once in some 200 that were made at once: a file with broken letters, or none.
    images = Watched()

    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(study_pdf, study(view()), images, "", "Ada", NOON) for _ in range(4)]

    assert {one.result() for one in made} == {report_bytes()}
    assert not images.was_shared


@pytest.mark.parametrize(
    "hostile",
    [
        "<b>bold</b> <para>x</para>",
        '<img src="file:///etc/passwd"/>',
        '<a href="http://example.org">click</a>',
        "</para></font>",
        "&lt;b&gt; &amp; &#65; &nosuch;",
        "(unbalanced \\) Tj ET endstream endobj",
        "<<!--",
        "<onDraw name='x'/>",
    ],
)
def test_hostile_text_is_shown_as_it_is_written(hostile: str) -> None:
    made = report(statement=hostile, reader=hostile)

    assert made.text.count(hostile) == 3
    assert not any(b"/URI" in body or b"/Annot" in body for body in made.objects.values())


@pytest.mark.parametrize(
    "text",
    ["Größe ÄÖÜ, façade, Łódź, õ ñ", "Κάταγμα της κερκίδας, ΩΜΕΓΑ μέχρι τέλος", "Перелом кости, Україна"],
)
def test_accents_greek_and_cyrillic_are_written_as_they_are(text: str) -> None:
    made = report(statement=text)

    assert text in made.text
    assert "cannot be written" not in made.text


def test_what_no_font_holds_is_a_question_mark_and_said_to_be_one() -> None:
    made = report(statement="骨折 \U0001f9b4 x\u0304 \u202eabc\x00\ud800")

    assert "?? ? x abc" in made.text
    assert "A question mark stands for each." in made.text


@pytest.mark.parametrize("text", ["كسر", "שבר"])
def test_letters_that_run_from_right_to_left_are_not_written_the_wrong_way_round(text: str) -> None:
    made = report(statement=text)

    assert "???" in made.text
    assert "A question mark stands for each." in made.text


def test_without_the_installed_font_a_report_loses_accents_and_says_what_it_cannot_write(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__"))
    program = "import app.reports.pdf_text as t; print(t.markup('Größe Łódź κάταγμα'), t.is_whole('Перелом'))"

    said = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout

    assert said == 'Größe Łódz <font face="Symbol">καταγμα</font> False\n'


def answer(number: int, person: str, **rest: object) -> Feedback:
    said = Feedback(f"answer{number}", "image0", person, person.title(), NOON.replace(hour=number), (), True, "")
    return replace(said, **rest)  # type: ignore[arg-type]


def test_the_newest_answer_of_each_reader_is_told_with_who_when_what_and_comment() -> None:
    confirmed = Mark("wrist", (40.0, 10.0, 80.0, 60.0), "confirmed")
    missed = Mark("elbow", (1.0, 1.0, 9.0, 9.0), "missed")
    said = (
        answer(11, "bea"),
        answer(10, "ada", marks=(confirmed, missed), normal=False, comment="Seen <b>twice</b>.\nSure."),
        answer(9, "ada", comment="Hasty."),
    )

    made = read_pdf(study_pdf(study(view()), {"image0": IMAGE}, "", "Cleo", NOON, answers=said))

    told = made.text[made.text.index("Answers of readers") : made.text.index("I have looked at")].split("\n")
    assert told[1:7] == [
        "View 1 · Bea · 23 Nov 2026, 11:00 UTC",
        "The whole image is normal.",
        "View 1 · Ada · 23 Nov 2026, 10:00 UTC",
        "Confirmed: wrist. Missed: elbow.",
        "Seen <b>twice</b>.",
        "Sure.",
    ]


def test_a_report_that_nobody_answered_says_so_and_a_reader_who_is_gone_has_no_name() -> None:
    assert "No reader has stored an answer." in report().text

    gone = (answer(9, "ada", person_name=None),)
    made = read_pdf(study_pdf(study(view()), {"image0": IMAGE}, "", "Cleo", NOON, answers=gone))
    assert "View 1 · A former reader · " in made.text


def test_a_question_mark_of_the_readers_own_needs_no_excuse() -> None:
    assert "A question mark stands" not in report(statement="Fracture? Unclear?").text


def test_a_long_text_goes_on_over_pages_and_loses_nothing() -> None:
    made = report(statement="\n".join(f"Line {i} " + "word " * 20 for i in range(300)) + "\n" + "w" * 5000)

    said = made.text.split("\n")
    assert [i for i in range(300) if not any(line.startswith(f"Line {i} ") for line in said)] == []
    assert made.text.count("w") >= 5000 + 300 * 20
    assert len(made.pages) > 10


def test_empty_lines_are_kept_but_not_heaped_up() -> None:
    assert lines("\n\n a \r\n\r\n\r\n\r\nb\n\n") == [" a", "", "b"]


@pytest.mark.parametrize("size_wh", [(1, 1), (1600, 1600), (60, 3000), (3000, 60)])
def test_a_image_of_any_shape_stands_on_the_first_page(size_wh: tuple[int, int]) -> None:
    out = io.BytesIO()
    Image.new("L", size_wh).save(out, "PNG")

    made = read_pdf(study_pdf(study(view()), {"image0": out.getvalue()}, "", "Ada", NOON))

    assert made.images == (size_wh,)
    assert b" Do" in made.drawn[0]


def test_a_study_without_views_is_a_report_without_views() -> None:
    assert "no views" in report(study()).text


def test_a_image_that_is_missing_or_broken_is_an_error_not_a_gap() -> None:
    with pytest.raises(KeyError):
        study_pdf(study(view()), {}, "", "Ada", NOON)
    with pytest.raises(OSError, match="identify"):
        study_pdf(study(view()), {"image0": b"no image"}, "", "Ada", NOON)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.text(max_size=200))
def test_no_text_breaks_a_report(text: str) -> None:
    assert read_pdf(report_bytes(statement=text, reader=text[:40])).pages


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text(max_size=60))
def test_no_text_becomes_a_tag_of_its_own(text: str) -> None:
    assert set(markup(text).replace('<font face="Symbol">', "").replace("</font>", "")).isdisjoint("<>")


def decided(of: Study, **rest: object) -> Study:
    patient = Patient("Doe^Jane Marie", "4711", "1980-12-31", "F")
    examination = Examination("1.2", "A-77", "2026-11-20", "WRIST", "L")
    decision = Decision("fracture", ("Ada", "Bea"), NOON)
    return replace(of, **{"patient": patient, "examination": examination, "decision": decision, **rest})  # type: ignore[arg-type]


def test_page_one_leads_with_patient_examination_and_the_readers_decision() -> None:
    page = report(decided(study(view())), "Distal radius.").pages[0]

    order = (
        "Patient", "Doe, Jane Marie", "4711", "1980-12-31, female", "WRIST left, 2026-11-20", "A-77", "Conclusion",
        "Fracture (decided)", "Decided by Ada, Bea", "Software: Fracture likely (score 87%)", "Distal radius.",
        "View 1 of 1",
    )  # fmt: skip
    places = [page.index(words) for words in order]
    assert places == sorted(places)
    assert "SHA-256" not in page


def test_a_report_says_that_nobody_has_decided_or_who_closed_a_disagreement() -> None:
    assert "Not decided by a reader yet" in report().pages[0]
    closed = Decision("none", ("Ada", "Bea"), NOON, "Cleo", "Seen together.")
    page = report(decided(study(view()), decision=closed)).pages[0]
    assert page.index("No fracture (decided)") < page.index("Closed by Cleo") < page.index("Seen together.")


def test_views_stand_four_a_page_and_the_software_last() -> None:
    made = report(decided(study(*(view(n) for n in range(10)))))

    grids = [page for page in made.pages[1:] if page.count(" of 10") == 4]
    assert len(grids) == 2
    assert "Appendix: assessment by the software" in made.pages[-3] + made.pages[-2] + made.pages[-1]
    assert not any("SHA-256" in page for page in made.pages[:4])


RECTANGLE = re.compile(rb"n ([\d.-]+) ([\d.-]+) ([\d.-]+) ([\d.-]+) re S")


def test_the_boxes_are_the_signing_readers_numbered_as_in_the_text_and_true_to_scale() -> None:
    kept = Mark("wrist", (40.0, 10.0, 80.0, 60.0), "confirmed")
    refused = Mark("elbow", (10.0, 10.0, 30.0, 30.0), "rejected")
    missed = Mark("hip", (90.0, 60.0, 110.0, 80.0), "missed")
    said = (
        answer(11, "bea", marks=(Mark("wrist", kept.box_px, "rejected"), refused)),
        answer(10, "ada", marks=(kept, refused, missed), normal=False),
    )

    made = read_pdf(study_pdf(study(view()), {"image0": IMAGE}, "", "Ada", NOON, answers=said, reader_id="ada"))

    front = made.pages[0] + made.pages[1]
    assert "1: wrist (confirmed by the reader)" in front
    assert "2: hip (marked by the reader)" in front
    assert "elbow (" not in front
    boxes = [tuple(map(float, found)) for page in made.drawn for found in RECTANGLE.findall(page)]
    (left, _, wide, high), (other_left, *_) = boxes
    scale = wide / 40
    assert high / 50 == pytest.approx(scale, rel=1e-3)
    assert (other_left - left) / 50 == pytest.approx(scale, rel=1e-3)


def test_what_is_only_possible_is_dashed_and_has_a_question_mark() -> None:
    made = report()

    assert b"[4 2.5] 0 d" in b"".join(made.drawn)
    assert "2?: elbow (42%, software, not decided)" in made.text
    certain = report(study(view(findings=FOUND[1:])))
    assert b"[4 2.5] 0 d" not in b"".join(certain.drawn)
    assert "?" not in certain.text


def test_a_signed_report_says_who_when_and_what_it_replaces() -> None:
    signed = Signature("Ada", NOON, 2)

    text = read_pdf(study_pdf(study(view()), {"image0": IMAGE}, "Seen.", "Ada", NOON, signed=signed)).text

    assert "Signed electronically by Ada, 23 Nov 2026, 12:00 UTC" in text
    assert "Version 2. It replaces version 1." in text
    assert "draft" not in text
    assert "Reader: name and signature" not in text
