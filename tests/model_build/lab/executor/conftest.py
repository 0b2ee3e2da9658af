"""Worker processes must find the modules of the tests."""

from collections.abc import Iterator

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="package", autouse=True)
def _path_of_workers() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        yield
