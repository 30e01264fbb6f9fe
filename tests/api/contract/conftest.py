"""A world per module for what only adds to it, a world per test for what must not see its neighbours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract_client import Api, serving


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("world")) as served:
        yield served


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Api]:
    """An organization that has nothing yet."""
    with serving(tmp_path) as served:
        yield served
