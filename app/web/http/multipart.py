"""Forms with files whose part headers are in any encoding: a file name in Latin-1 is no reason to lose the file."""

from typing import IO, Any

from werkzeug.datastructures import FileStorage, Headers, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

_CHUNK_BYTES = 64 * 1024
# What browsers and scripts write that do not write UTF-8; every byte has a meaning in it.
_OTHER_ENCODING = "latin-1"

_Parts = tuple[MultiDict[str, str], MultiDict[str, FileStorage]]


class AnyEncodingDecoder(MultipartDecoder):
    """A decoder of multipart bodies that takes part headers which are not UTF-8 for Latin-1."""

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        try:
            data.decode()
        except UnicodeDecodeError:
            data = data.decode(_OTHER_ENCODING).encode()
        return super()._parse_headers(data)


class UploadFormParser(FormDataParser):
    """Werkzeug's parser of forms, with `AnyEncodingDecoder` for those with files."""

    def _parse_multipart(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str]
    ) -> tuple[IO[bytes], MultiDict[str, Any], MultiDict[str, FileStorage]]:
        boundary = options.get("boundary", "").encode("ascii")
        if not boundary:
            raise ValueError("Missing boundary")
        return stream, *self._parts(stream, boundary, content_length)

    def _parts(self, stream: IO[bytes], boundary: bytes, content_length: int | None) -> _Parts:
        """Fields and files of a body.

        Raises:
            RequestEntityTooLarge: a field or the number of parts exceeds the limits.
        """
        decoder = AnyEncodingDecoder(boundary, self.max_form_memory_size, max_parts=self.max_form_parts)
        fields: MultiDict[str, str] = MultiDict()
        files: MultiDict[str, FileStorage] = MultiDict()
        part: Field | File | None = None
        written: IO[bytes] | None = None
        text = bytearray()
        while True:
            data = stream.read(_CHUNK_BYTES)
            decoder.receive_data(data or None)
            while not isinstance(event := decoder.next_event(), (Epilogue, NeedData)):
                if isinstance(event, File):
                    part, written = event, self.stream_factory(content_length, None, event.filename, None)
                elif isinstance(event, Field):
                    part, written, text = event, None, bytearray()
                elif isinstance(event, Data):
                    if written is not None:
                        written.write(event.data)
                    else:
                        text += event.data
                        if self.max_form_memory_size is not None and len(text) > self.max_form_memory_size:
                            raise RequestEntityTooLarge
                    if not event.more_data:
                        self._keep(part, written, text, fields, files)
            if not data:
                return fields, files

    @staticmethod
    def _keep(
        part: Field | File | None,
        written: IO[bytes] | None,
        text: bytearray,
        fields: MultiDict[str, str],
        files: MultiDict[str, FileStorage],
    ) -> None:
        """Add a part that has ended."""
        if isinstance(part, File) and written is not None:
            written.seek(0)
            files.add(part.name, FileStorage(written, part.filename, part.name, headers=part.headers))
        elif part is not None:
            fields.add(part.name, text.decode("utf-8", "replace"))
