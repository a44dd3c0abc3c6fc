"""Fixtures of pytest, found by it where ossvec is installed."""

from collections.abc import Iterator

import pytest

from ossvec._service import Service


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "ossvec(*options): options of `ossvec serve` for the fixture ossvec_service")


@pytest.fixture
def ossvec_service(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A local OSS Vectors service for one test: an `ossvec.Service` with a directory of its own."""
    marker = request.node.get_closest_marker("ossvec")
    options = marker.args if marker else ()
    with Service(*options, data_dir=tmp_path_factory.mktemp("ossvec")) as service:
        yield service
