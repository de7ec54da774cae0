"""`strings` over the database finds nothing of an image, a file name or a finding."""

import json
from pathlib import Path

from app.security import AssociatedData, MasterKeys, Vault, new_master_key
from app.storage import NewFeedback, NewImage, NewStudy, migrate, new_id, open_store
from tests.storage.conftest import NOW

PIXELS = b"\x89PNG and pixels of a wrist " * 400
READING = {
    "name": "Mustermann_Max_1970.dcm",
    "findings": [{"region": "wrist", "confidence": 0.8713, "tier": "definite"}],
}
SAID = {"marks": [{"region": "elbow", "answer": "rejected"}], "comment": "Frau Muster, Gips rechts"}
# Long enough not to occur in ciphertext by chance.
SECRETS = [b"pixels of", b'"wrist"', b"Mustermann", b"1970.dcm", b"confidence", b"0.8713", b"definite", b"findings"]
SECRETS += [b'"elbow"', b"rejected", b"Gips rechts", b"comment"]


def test_nothing_of_an_image_a_name_or_a_finding_is_on_the_disk(tmp_path: Path) -> None:
    migrate(f"sqlite:///{tmp_path / 'fractures.db'}")
    store = open_store(f"sqlite:///{tmp_path / 'fractures.db'}")
    key_text = new_master_key()
    vault, study, image = Vault(MasterKeys.parse(key_text)), new_id(), new_id()
    key = vault.new_study_key("default", study)
    sealed = {
        kind: vault.seal(plain, key, AssociatedData("default", study, kind, image))
        for kind, plain in (
            ("reading", json.dumps(READING).encode()),
            ("original", PIXELS),
            ("feedback", json.dumps(SAID).encode()),
        )
    }
    store.studies.add("default", NewStudy(study, NOW, "anna", key, (new_image(image, sealed),)))
    said = NewFeedback(new_id(), study, image, "anna", NOW, sealed["feedback"])
    store.feedback.add("default", said, NOW, is_same=lambda _: False)

    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {"fractures.db", "fractures.db-wal"} <= set(written)
    # The bytes are there, or the rest of this test would prove nothing.
    for kind in sealed:
        assert any(sealed[kind][:100] in content for content in written.values())
    master_key = key_text.partition(":")[2].encode()
    for content in written.values():
        assert [secret for secret in [*SECRETS, master_key] if secret in content] == []

    found = store.studies.original("default", study, image)
    place = AssociatedData("default", study, "original", image)
    assert vault.open(found.sealed_original, found.wrapped_key, place) == PIXELS
    store.close()


def new_image(image_id: str, sealed: dict[str, bytes]) -> NewImage:
    return NewImage(image_id, NOW, sealed["reading"], sealed["original"])
