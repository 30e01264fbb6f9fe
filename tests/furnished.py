"""A world with one of everything an id can name, for tests that try every URL there is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import described
import httpx
from api_world import ECHO, SANDBOX, World, world
from sqlalchemy import MetaData, select

from trunkline.api.routes import BASE, Url
from trunkline.storage.columns import Table

CAMPAIGN = {"name": "C", "schedule_start_time": "09:00", "schedule_end_time": "17:00", "timezone": "Europe/Amsterdam"}
NUMBER = "+31201234568"


@dataclass(slots=True)
class Furnished:
    world: World
    runner: asyncio.Runner
    ids: dict[str, str] = field(default_factory=dict)
    """By the name that paths and bodies have for them."""

    def furnish(self) -> None:
        """Whatever of everything is not there (any more)."""
        ids = self.ids
        if "call_id" not in ids:
            ids["call_id"] = call = self.runner.run(self.world.live_call())
            ids["command_id"] = self._post(f"/calls/{call}/control", {"type": "say", "content": "Hi."})["command_id"]
        if "assistant_id" not in ids:
            ids["assistant_id"] = self._assistant()
        if "campaign_id" not in ids:
            campaign = self._post("/campaigns", {**CAMPAIGN, "assistant_id": self._assistant()})
            ids["campaign_id"] = campaign["campaign"]["id"]
        if "lead_id" not in ids:
            lead = self._post(f"/campaigns/{ids['campaign_id']}/leads", {"phone_number": NUMBER})
            ids["lead_id"] = lead["lead"]["id"]
        if "key_id" not in ids:
            ids["key_id"] = self._post("/keys", {"name": "K"})["key"]["id"]
        if "number_id" not in ids:
            ids["number_id"] = self._post("/numbers", {"phone_number": NUMBER})["number"]["id"]
        ids |= {"after": ids["command_id"], "agent_id": ids["assistant_id"]}
        ids |= {"org_id": self.world.org_id, "parent_org_id": self.world.org_id}

    def path(self, url: Url) -> str:
        return url.path.format_map(self.ids)

    def examples(self, url: Url) -> list[dict[str, Any]]:
        """The bodies that the document shows, naming what is here and calling sandbox lines."""
        operation = described.document()["paths"][BASE + url.path][url.method.lower()]
        examples = operation["requestBody"]["content"]["application/json"]["examples"].values()
        return [at_home(example["value"], self.ids) for example in examples]

    def send(self, request: httpx.Request) -> httpx.Response:
        return self.runner.run(self.world.client.send(request))

    def rows(self) -> list[Any]:
        """All there is in the database."""

        async def read() -> list[Any]:
            async with self.world.database.reading() as session:
                return [list(await session.execute(select(table))) for table in tables.sorted_tables]

        tables: MetaData = Table.metadata
        return self.runner.run(read())

    def _assistant(self) -> str:
        made: str = self._post("/assistants", {"name": "A", **SANDBOX})["assistant"]["id"]
        return made

    def _post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.runner.run(self.world.client.post(path, json=body))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()


@contextmanager
def furnished(folder: Path) -> Iterator[Furnished]:
    with asyncio.Runner() as runner:
        made = world(folder, control_limit_per_minute=0, rate_limit_per_minute=0)
        here = Furnished(runner.run(_entered(made)), runner)
        try:
            here.furnish()
            runner.run(here.world.worker.beat())
            yield here
        finally:
            runner.run(made.__aexit__(None, None, None))


def at_home(body: Any, ids: dict[str, str]) -> Any:
    """`body` calling a sandbox line, and naming by id what is in `ids`."""
    if not isinstance(body, dict):
        return body
    named = {name: ids.get(name, value) if isinstance(value, str) else value for name, value in body.items()}
    if isinstance(body.get("destination"), str):
        named["destination"] = ECHO
        named.pop("number_id", None)  # it has no trunk
    return named


async def _entered(made: Any) -> World:
    there: World = await made.__aenter__()
    return there
