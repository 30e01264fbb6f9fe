"""A supervisor whose api and workers are this file: quick to start, and obedient or not as a test wants.

    python supervisor_stand_ins.py serve FOLDER     the real supervisor and nats-server over stand-ins
    python supervisor_stand_ins.py api | worker     one stand-in

Each stand-in writes a line to `FOLDER/said` when something happens: who, what, its pid.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


def serve(folder: Path) -> int:
    from trunkline import logs  # noqa: PLC0415  (the stand-ins must be quick to start)
    from trunkline.config import Settings  # noqa: PLC0415
    from trunkline.supervisor.machine import CannotStart, Programs  # noqa: PLC0415
    from trunkline.supervisor.machine import serve as run  # noqa: PLC0415

    logs.set_up()
    us = (sys.executable, __file__)
    settings = Settings(data_dir=folder, port=0, workers=2)
    try:
        return run(settings, Programs(api=(*us, "api"), worker=(*us, "worker")), lambda line: print(line, flush=True))
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 2


def api() -> None:
    class Ready(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/ready" else 404)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    def stop(*_: Any) -> None:
        say("api", "stops")
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    if os.environ.get("STAND_IN_BAD_SETTINGS"):
        sys.exit(2)
    server = HTTPServer((os.environ["TRUNKLINE_HOST"], int(os.environ["TRUNKLINE_PORT"])), Ready)
    say("api", "starts", nice=os.nice(0), nats=os.environ["TRUNKLINE_NATS_URL"])
    server.serve_forever()


def worker() -> None:
    """Takes STAND_IN_CALL_S to stop, as one with a live call would. Has a process of its own, as one with a voice has."""
    name = os.environ["TRUNKLINE_WORKER_ID"]
    nested = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])

    def stop(*_: Any) -> None:
        say(name, "drains")
        time.sleep(float(os.environ.get("STAND_IN_CALL_S", "0")))
        say(name, "stops")
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    say(name, "starts", nested=nested.pid, pgid=os.getpgid(0))
    while True:
        signal.pause()


def say(who: str, what: str, **more: Any) -> None:
    line = json.dumps({"who": who, "what": what, "pid": os.getpid(), **more}) + "\n"
    with (Path(os.environ["TRUNKLINE_DATA_DIR"]) / "said").open("a") as file:
        file.write(line)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", folder]:
            sys.exit(serve(Path(folder)))
        case ["api"]:
            api()
        case ["worker"]:
            worker()
