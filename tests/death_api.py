"""`trunkline api` that kills itself with SIGKILL right after a request was committed and before anybody else was told of it.

python death_api.py placing | steering
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from trunkline.calls.control import Steering
from trunkline.calls.placing import Placing
from trunkline.cli import roles


async def die(*_: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "placing":
        Placing._dispatch = die  # type: ignore[method-assign]
    else:
        Steering._send = die  # type: ignore[method-assign]
    roles.api(roles.settings())
