"""A study is written or not, whole; read by its tenant only; listed newest first; and deleted without a trace."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.errors import BadRequest, ImageNotFound, StudyNotFound
from app.storage import NewStudy, Store, new_id, open_store
from app.storage.database import connect, is_sqlite
from app.storage.page_token import Position
from app.storage.studies.studies import page_query
from app.storage.tables import metadata
from tests.storage.conftest import NOW, new_image, new_study

TABLES = ("studies", "images", "originals")
COLUMNS = "tenant, id, created_at, created_by, wrapped_key"
SECOND = timedelta(seconds=1)


def rows_in(database_url: str) -> dict[str, int]:
    engine = connect(database_url)
    with engine.connect() as connection:
        counted = {name: connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in TABLES}
    engine.dispose()
    return counted


def added(store: Store, *studies: NewStudy, tenant: str = "default") -> list[str]:
    for study in studies:
        store.studies.add(tenant, study)
    return [study.id for study in studies]


def test_a_study_comes_back_as_it_was_added(store: Store) -> None:
    study = new_study(new_image(b"a"), new_image(b"b"))
    store.studies.add("default", study)
    found = store.studies.get("default", study.id)
    assert (found.id, found.tenant, found.created_at, found.created_by) == (study.id, "default", NOW, "anna")
    assert found.wrapped_key == b"wrapped"
    assert [(image.id, image.created_at, image.sealed_assessment) for image in found.images] == [
        (image.id, NOW, image.sealed_assessment) for image in study.images
    ]
    original = store.studies.original("default", study.id, study.images[1].id)
    assert (original.wrapped_key, original.sealed_original) == (b"wrapped", b"original b")
    assert original.image == found.images[1]
    assert b"original b" not in repr(original).encode()


def test_any_bytes_come_back_unchanged(store: Store) -> None:
    blob = bytes(range(256)) * 4000
    study = new_study(replace(new_image(), sealed_original=blob, sealed_assessment=b""))
    store.studies.add("default", study)
    found = store.studies.original("default", study.id, study.images[0].id)
    assert (found.sealed_original, found.image.sealed_assessment) == (blob, b"")


def test_someone_elses_study_is_not_found(store: Store) -> None:
    study = new_study()
    store.studies.add("default", study)
    with pytest.raises(StudyNotFound):
        store.studies.get("other", study.id)
    with pytest.raises(StudyNotFound):
        store.studies.original("other", study.id, study.images[0].id)
    with pytest.raises(StudyNotFound):
        store.studies.add_images("other", study.id, [new_image()])
    with pytest.raises(StudyNotFound):
        store.studies.delete("other", study.id)
    assert store.studies.page("other", 10).studies == ()
    assert len(store.studies.get("default", study.id).images) == 1


def test_an_image_of_another_study_or_tenant_is_not_found(store: Store) -> None:
    mine, second, theirs = new_study(), new_study(), new_study()
    added(store, mine, second)
    added(store, theirs, tenant="other")
    for image in (second.images[0].id, theirs.images[0].id, "none", "\x00"):
        with pytest.raises(ImageNotFound):
            store.studies.original("default", mine.id, image)


def test_two_tenants_may_have_the_same_ids_and_keep_their_own(store: Store) -> None:
    study = new_study(new_image(b"mine"))
    theirs = replace(study, images=(replace(study.images[0], sealed_original=b"theirs"),))
    added(store, study)
    added(store, theirs, tenant="other")
    assert store.studies.original("default", study.id, study.images[0].id).sealed_original == b"original mine"
    assert store.studies.original("other", study.id, study.images[0].id).sealed_original == b"theirs"
    store.studies.delete("other", study.id)
    assert len(store.studies.get("default", study.id).images) == 1


@pytest.mark.parametrize("wrong", ["", "none", "\x00", "\ud800", "x" * 10_000])
def test_an_id_that_never_was_is_not_found(store: Store, wrong: str) -> None:
    for tenant, study in (("default", wrong), (wrong, "none")):
        with pytest.raises(StudyNotFound):
            store.studies.get(tenant, study)
        with pytest.raises(StudyNotFound):
            store.studies.original(tenant, study, wrong)
        with pytest.raises(StudyNotFound):
            store.studies.add_images(tenant, study, [new_image()])
        with pytest.raises(StudyNotFound):
            store.studies.delete(tenant, study)


def test_a_study_whose_last_image_fails_leaves_nothing(store: Store, database_url: str) -> None:
    image = new_image()
    with pytest.raises(IntegrityError):
        store.studies.add("default", new_study(image, image))
    assert rows_in(database_url) == dict.fromkeys(TABLES, 0)


def test_images_of_which_the_last_fails_leave_nothing(store: Store, database_url: str) -> None:
    study, image = new_study(), new_image()
    store.studies.add("default", study)
    with pytest.raises(IntegrityError):
        store.studies.add_images("default", study.id, [image, image])
    assert rows_in(database_url) == dict.fromkeys(TABLES, 1)


def test_images_are_appended_in_order(store: Store) -> None:
    study, more = new_study(), [new_image() for _ in range(3)]
    store.studies.add("default", study)
    store.studies.add_images("default", study.id, more[:2])
    store.studies.add_images("default", study.id, more[2:])
    expected = [image.id for image in (*study.images, *more)]
    assert [image.id for image in store.studies.get("default", study.id).images] == expected


def test_images_appended_at_once_are_all_kept(store: Store) -> None:
    study = new_study()
    store.studies.add("default", study)
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(store.studies.add_images, "default", study.id, [new_image()]) for _ in range(16)]:
            future.result()
    assert len(store.studies.get("default", study.id).images) == 17


def test_images_for_a_study_that_was_deleted_meanwhile_are_refused(store: Store, database_url: str) -> None:
    study = new_study()
    store.studies.add("default", study)
    store.studies.delete("default", study.id)
    with pytest.raises(StudyNotFound):
        store.studies.add_images("default", study.id, [new_image()])
    assert rows_in(database_url) == dict.fromkeys(TABLES, 0)


def test_appending_and_deleting_at_once_leaves_no_orphan(store: Store, database_url: str) -> None:
    studies = [new_study() for _ in range(8)]
    added(store, *studies)

    def append(study: NewStudy) -> None:
        try:
            store.studies.add_images("default", study.id, [new_image()])
        except StudyNotFound:
            return

    with ThreadPoolExecutor(8) as pool:
        futures = []
        for study in studies:
            futures += [pool.submit(append, study), pool.submit(store.studies.delete, "default", study.id)]
        for future in futures:
            future.result()
    assert rows_in(database_url) == dict.fromkeys(TABLES, 0)


def test_a_deleted_study_is_gone_with_everything_and_the_others_stay(store: Store, database_url: str) -> None:
    first, second = new_study(new_image(), new_image()), new_study()
    added(store, first, second)
    store.studies.delete("default", first.id)
    assert rows_in(database_url) == dict.fromkeys(TABLES, 1)
    with pytest.raises(StudyNotFound):
        store.studies.delete("default", first.id)


def test_a_deleted_study_leaves_no_bytes_in_the_sqlite_files(migrated_file: Path, tmp_path: Path) -> None:
    (tmp_path / "test.db").write_bytes(migrated_file.read_bytes())
    store = open_store(f"sqlite:///{tmp_path / 'test.db'}")
    image = replace(new_image(), sealed_original=b"ORIGINALBYTES" * 5000)
    study = replace(new_study(image), wrapped_key=b"WRAPPEDKEYBYTES")
    store.studies.add("default", study)

    def on_disk(needle: bytes) -> bool:
        return any(needle in path.read_bytes() for path in tmp_path.iterdir())

    assert on_disk(b"WRAPPEDKEYBYTES")
    store.studies.delete("default", study.id)
    assert not on_disk(b"WRAPPEDKEYBYTES")
    assert not on_disk(b"ORIGINALBYTES")
    store.close()


def test_pages_go_through_all_studies_newest_first_each_once(store: Store) -> None:
    # Three studies share each moment, so that the id has to decide.
    studies = [new_study(created_at=NOW + SECOND * (n // 3)) for n in range(10)]
    added(store, *studies)
    added(store, new_study(), tenant="other")
    expected = [study.id for study in sorted(studies, key=lambda study: (study.created_at, study.id), reverse=True)]
    seen, after, sizes = [], None, []
    while True:
        page = store.studies.page("default", 4, after)
        seen += [study.id for study in page.studies]
        sizes.append(len(page.studies))
        assert all(len(study.images) == 1 for study in page.studies)
        if page.next is None:
            break
        after = page.next
    assert seen == expected
    assert sizes == [4, 4, 2]


def test_a_page_that_ends_exactly_at_the_last_study_has_no_next(store: Store) -> None:
    assert store.studies.page("default", 2) == store.studies.page("default", 2, None)
    assert store.studies.page("default", 2).next is None
    added(store, new_study(), new_study())
    assert store.studies.page("default", 2).next is None


def test_paging_goes_on_after_the_study_it_stopped_at_was_deleted(store: Store) -> None:
    oldest, *rest = added(store, *(new_study(created_at=NOW + SECOND * n) for n in range(3)))
    page = store.studies.page("default", 2)
    for study_id in rest:
        store.studies.delete("default", study_id)
    assert [study.id for study in store.studies.page("default", 2, page.next).studies] == [oldest]


def test_an_altered_page_token_or_another_tenants_is_refused(store: Store) -> None:
    added(store, new_study(), new_study())
    token = store.studies.page("default", 1).next
    assert token is not None
    altered = [token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :] for at in range(len(token))]
    for wrong in [*altered, token[:-1], token + "A", token + "=", token + "\n", "", "ü", "\ud800", "A" * 5000]:
        with pytest.raises(BadRequest):
            store.studies.page("default", 1, wrong)
    with pytest.raises(BadRequest):
        store.studies.page("other", 1, token)


def test_the_list_walks_its_index_among_100_000_studies(database_url: str) -> None:
    engine = connect(database_url)
    sqlite = is_sqlite(engine)
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 100000)"
    moment = (
        "datetime('2026-01-01', n || ' minutes') || '.000000'"
        if sqlite
        else "timestamptz '2026-01-01Z' + n * interval '1 minute'"
    )
    values = f"'tenant' || (n % 4), 'id' || n, {moment}, 'anna', CAST('key' AS {'BLOB' if sqlite else 'bytea'})"
    with engine.begin() as connection:
        connection.execute(text(f"INSERT INTO studies ({COLUMNS}) {numbers} SELECT {values} FROM numbers"))
        connection.execute(text("ANALYZE studies"))
    with engine.connect() as connection:
        for after in (None, Position(datetime(2026, 2, 1, tzinfo=UTC), "id")):
            query = page_query("tenant1", 50, after).compile(engine, compile_kwargs={"literal_binds": True})
            plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if sqlite else ''} {query}").all()
            steps = "\n".join(str(row) for row in plan)
            assert "ix_studies_tenant_created_at_id" in steps
            assert [word for word in ("Sort", "TEMP B-TREE", "Seq Scan", "SCAN studies") if word in steps] == []
    engine.dispose()
    store = open_store(database_url)
    page = store.studies.page("tenant1", 50)
    assert len(store.studies.page("tenant1", 50, page.next).studies) == 50
    store.close()


def test_old_studies_of_all_tenants_are_purged_and_named(store: Store, database_url: str) -> None:
    old = added(store, *(new_study(created_at=NOW - SECOND * (n + 1)) for n in range(45)))
    theirs = added(store, new_study(created_at=NOW - SECOND), tenant="other")
    added(store, new_study(created_at=NOW))
    first = store.studies.purge_some(NOW, 30)
    assert set(first) <= {("default", study) for study in old[-30:]}
    purged = first + store.studies.purge_some(NOW, 30)
    assert sorted(purged) == sorted([("default", study) for study in old] + [("other", study) for study in theirs])
    assert rows_in(database_url) == dict.fromkeys(TABLES, 1)
    assert store.studies.purge_some(NOW, 30) == ()


def test_every_wrapped_key_is_visited_and_replaced_unless_it_changed_meanwhile(store: Store, database_url: str) -> None:
    # More than are read at a time.
    many = [{"id": new_id(), "at": "2026-01-01 00:00:00.000000", "key": b"wrapped"} for _ in range(1001)]
    engine = connect(database_url)
    with engine.begin() as connection:
        values = "'default', :id, :at, 'anna', :key"
        connection.execute(text(f"INSERT INTO studies ({COLUMNS}) VALUES ({values})"), many)
    engine.dispose()
    expected = {("default", row["id"]) for row in many}
    expected |= {("other", study_id) for study_id in added(store, new_study(), tenant="other")}
    rows = list(store.studies.wrapped_keys())
    assert len(rows) == 1002
    assert {(row.tenant, row.study) for row in rows} == expected
    assert store.studies.replace_wrapped_key(rows[0], b"new")
    assert store.studies.get(rows[0].tenant, rows[0].study).wrapped_key == b"new"
    assert not store.studies.replace_wrapped_key(rows[0], b"newer")
    store.studies.delete(rows[1].tenant, rows[1].study)
    assert not store.studies.replace_wrapped_key(rows[1], b"new")
    assert store.studies.get(rows[2].tenant, rows[2].study).wrapped_key == b"wrapped"


def test_an_id_may_stand_in_a_url_and_is_never_the_same() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 32 and one.isalnum() for one in ids)
    assert set(TABLES) <= set(metadata.tables)


def test_a_unit_of_work_is_kept_whole_or_not_at_all(store: Store, database_url: str) -> None:
    study = new_study()
    with pytest.raises(StudyNotFound), store.begin() as unit:
        unit.studies.add("default", study)
        assert unit.studies.get("default", study.id).id == study.id
        unit.studies.delete("default", "none")
    assert rows_in(database_url) == dict.fromkeys(TABLES, 0)
    with store.begin() as unit:
        unit.studies.add("default", study)
        unit.audit.append("default", NOW, "anna", "study-created", study.id, sign=lambda *_: b"mac")
    assert rows_in(database_url) == dict.fromkeys(TABLES, 1)
    assert store.audit.last_sequence("default") == 1


def test_a_deletion_beside_a_reader_is_told_and_made_good_by_the_next_change(
    migrated_file: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "test.db").write_bytes(migrated_file.read_bytes())
    store = open_store(f"sqlite:///{tmp_path / 'test.db'}")
    study = replace(new_study(), wrapped_key=b"WRAPPEDKEYBYTES")
    store.studies.add("default", study)
    reader = connect(f"sqlite:///{tmp_path / 'test.db'}")

    with reader.begin() as connection:
        connection.execute(text("SELECT count(*) FROM studies")).scalar_one()
        with store.begin() as unit:
            unit.studies.delete("default", study.id)
        assert any(b"WRAPPEDKEYBYTES" in path.read_bytes() for path in tmp_path.iterdir())
        assert "deleted rows remain" in caplog.text
    with store.begin() as unit:
        unit.audit.append("default", NOW, "anna", "x", "y", sign=lambda *_: b"mac")

    assert not any(b"WRAPPEDKEYBYTES" in path.read_bytes() for path in tmp_path.iterdir())
    reader.dispose()
    store.close()
