"""Numbers in the database, and the pool of them that calls are placed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.errors import NoAvailableNumber, NotFound


@dataclass(frozen=True, slots=True)
class Chosen:
    number_id: str
    phone_number: str
    chosen_by: str


class Pool:
    """The numbers that an organization may call from."""

    async def choose(self, session: AsyncSession, org_id: str, destination: str, number_id: str | None) -> Chosen:
        """Raises NotFound, Conflict, NoAvailableNumber."""
        if number_id is not None:
            raise NotFound("No number with this id", details=["number_id: not found"])
        raise NoAvailableNumber(
            "No number with a trunk can call this destination: this organization has no phone numbers",
            details=["number_id: no active number with a trunk"],
        )

    async def used(self, session: AsyncSession, number_id: str, at: datetime) -> None:
        """It is called from, in this transaction."""
