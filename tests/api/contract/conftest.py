"""A world per module, and an organization of its own for a test that must not see its neighbours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from contract_client import Api, serving


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with serving(tmp_path_factory.mktemp("world")) as served:
        yield served


@pytest.fixture
def fresh(api: Api) -> Api:
    """An organization that has nothing yet, in the module's world."""
    return api.newcomer()
