"""Thumbnails of images for the worklist: made with the assessment, sealed, and opened without the original."""

from app import imaging
from app.records import Person, Radiograph
from app.security import AssociatedData, Vault
from app.services import Services
from app.usecases import audit
from app.usecases.sealed_records import open_original

LONG_SIDE_PX = 96
_QUALITY = 60
# Part of the associated data of what is stored, so this word stays.
_THUMBNAIL = "thumbnail"


def thumbnail_webp(services: Services, person: Person, study_id: str, image_id: str) -> bytes:
    """The thumbnail of an image; one that has none yet gets it.

    Raises:
        ImageNotFound: no such image in this person's tenant.
        FractureError: the image cannot be decoded.
    """
    row = services.store.thumbnails.get(person.tenant, study_id, image_id)
    audit.record_list_view(services, person)
    place = (person.tenant, study_id, image_id)
    if row.sealed is not None:
        return services.vault.open(row.sealed, row.wrapped_key, _belongs(place))
    radiograph = services.decoder.decode(open_original(services, *place))
    webp = render(radiograph)
    services.store.thumbnails.keep(person.tenant, image_id, seal(services.vault, place, row.wrapped_key, webp))
    return webp


def seal(vault: Vault, place: tuple[str, str, str], wrapped_key: bytes, webp: bytes) -> bytes:
    """The ciphertext of a thumbnail; `place` is the (tenant, study, image) that it belongs to."""
    return vault.seal(webp, wrapped_key, _belongs(place))


def render(radiograph: Radiograph) -> bytes:
    """A WebP of the radiograph, at most `LONG_SIDE_PX` long."""
    return imaging.render_webp(radiograph.grey, LONG_SIDE_PX, _QUALITY)


def _belongs(place: tuple[str, str, str]) -> AssociatedData:
    tenant, study_id, image_id = place
    return AssociatedData(tenant, study_id, _THUMBNAIL, image_id)
