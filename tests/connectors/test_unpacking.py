"""What is stored compressed is unpacked up to a size, whatever it says of itself."""

from __future__ import annotations

import pytest
import zstandard

from connectors import raw_pages
from connectors.raw_pages import compress, decompress


def test_what_was_stored_is_what_is_read() -> None:
    assert decompress(compress(b'[{"id": 1}]')) == b'[{"id": 1}]'


@pytest.mark.case("S29")
@pytest.mark.parametrize("tells_its_size", [True, False])
def test_a_stored_page_that_unpacks_to_more_than_a_page_may_be_is_refused(
    tells_its_size: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw_pages, "MAX_BODY_BYTES", 1_000)
    bomb = zstandard.ZstdCompressor(write_content_size=tells_its_size).compress(b"0" * 100_000)
    assert len(bomb) < 100
    with pytest.raises(zstandard.ZstdError):
        decompress(bomb)
