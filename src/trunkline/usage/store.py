"""Usage in the database: what an ended call adds to it, what is read of it, and who may still place calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.calls.events import Event
from trunkline.calls.tables import CallRow
from trunkline.errors import PaymentRequired
from trunkline.organizations.tables import Organization
from trunkline.storage.columns import Table
from trunkline.storage.sqlite import LONG
from trunkline.usage import billing
from trunkline.usage.tables import UsageRow

_CALLS, _ORGS, _USAGE = (Table.metadata.tables[row.__tablename__] for row in (CallRow, Organization, UsageRow))
_PARENTS = _ORGS.alias()
_OF_CALL = ("id", "org_id", "direction", "destination", "caller_id", "assistant_name", "business_name", "created_at")
_UNBILLED = (
    select(*(_CALLS.c[name] for name in _OF_CALL), _ORGS.c.parent_org_id)
    .join(_ORGS, _ORGS.c.id == _CALLS.c.org_id)
    .outerjoin(_USAGE, _USAGE.c.call_id == _CALLS.c.id)
    .where(_CALLS.c.id.in_(bindparam("calls", expanding=True)), _USAGE.c.call_id.is_(None))
)
_INSERT = insert(_USAGE)
_TAKE = (
    update(_ORGS)
    .where(_ORGS.c.id == bindparam("payer"), _ORGS.c.minutes_balance.is_not(None))
    .values(minutes_balance=_ORGS.c.minutes_balance - bindparam("minutes"))
)
_BALANCES = (
    select(_ORGS.c.parent_org_id, _ORGS.c.minutes_balance, _PARENTS.c.minutes_balance.label("parents"))
    .outerjoin(_PARENTS, _PARENTS.c.id == _ORGS.c.parent_org_id)
    .where(_ORGS.c.id == bindparam("org"))
)


@dataclass(frozen=True, slots=True)
class Summary:
    calls: int
    seconds: float


async def charge(session: AsyncSession, told: Mapping[str, Sequence[Event]]) -> None:
    """In the transaction that records these events, by call: the ending of an answered call becomes a line of usage, once.

    The payer's balance may fall below zero: a call that was begun is not cut off for it.
    """
    billed = {
        call_id: seconds for call_id, events in told.items() if (seconds := billing.billed_seconds(events)) is not None
    }
    rows = (await session.execute(_UNBILLED, {"calls": list(billed)})).all() if billed else ()
    if not rows:
        return
    await session.execute(_INSERT, [_line(row, billed[row.id]) for row in rows])
    minutes: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        minutes[_payer(row)] += billed[row.id] / 60
    # in one order, or two transactions could each wait for a balance that the other has taken from
    await session.execute(_TAKE, [{"payer": payer, "minutes": used} for payer, used in sorted(minutes.items())])


def _payer(row: Any) -> str:
    payer: str = row.parent_org_id or row.org_id
    return payer


def _line(row: Any, seconds: float) -> dict[str, Any]:
    return {
        "call_id": row.id,
        "org_id": row.org_id,
        "payer_org_id": _payer(row),
        "call_type": "web" if row.direction == "web" else "phone",
        "phone_number": billing.phone_of(row.direction, row.destination, row.caller_id),
        "assistant_name": row.assistant_name,
        "business_name": row.business_name,
        "duration_seconds": seconds,
        "created_at": row.created_at,
    }


async def require_credit(session: AsyncSession, org_id: str) -> None:
    """Raises PaymentRequired where the balance of whoever pays is used up; null is unlimited."""
    row = (await session.execute(_BALANCES, {"org": org_id})).one()
    is_child = row.parent_org_id is not None
    balance = row.parents if is_child else row.minutes_balance
    if balance is not None and balance <= 0:
        whose = "of the parent organization, which pays for this one's calls," if is_child else "of this organization"
        raise PaymentRequired(f"The balance {whose} is used up")


async def minutes_since(session: AsyncSession, org_id: str, since: datetime, *, paid_for: bool = True) -> float:
    """Of the calls placed since then that this organization pays for; not `paid_for`: of its own, whoever pays."""
    whose = UsageRow.payer_org_id if paid_for else UsageRow.org_id
    used = select(func.sum(UsageRow.duration_seconds)).where(whose == org_id, UsageRow.created_at >= since)
    return (await session.scalar(used, execution_options=LONG) or 0.0) / 60


@dataclass(frozen=True, slots=True)
class Lines:
    """Which lines of usage are meant. `start` and `end` are inclusive."""

    org_id: str
    paid_for: bool = False
    """Also those of others that this organization pays for."""
    start: datetime | None = None
    end: datetime | None = None

    def where(self) -> list[ColumnElement[bool]]:
        own = UsageRow.org_id == self.org_id
        where = [or_(own, UsageRow.payer_org_id == self.org_id) if self.paid_for else own]
        if self.start is not None:
            where.append(UsageRow.created_at >= self.start)
        if self.end is not None:
            where.append(UsageRow.created_at <= self.end)
        return where


async def page(session: AsyncSession, lines: Lines, limit: int, offset: int) -> list[UsageRow]:
    """Newest first."""
    newest = select(UsageRow).where(*lines.where()).order_by(UsageRow.created_at.desc(), UsageRow.call_id)
    return list((await session.execute(newest.limit(limit).offset(offset), execution_options=LONG)).scalars())


async def summary(session: AsyncSession, lines: Lines) -> Summary:
    """Of all of them, whatever the page."""
    query = select(func.count(), func.sum(UsageRow.duration_seconds)).select_from(UsageRow).where(*lines.where())
    calls, seconds = (await session.execute(query, execution_options=LONG)).one()
    return Summary(calls, seconds or 0.0)
