"""Tickets: leave to open one call's live socket, for a browser that must not hold a key.

A ticket is good for that call's socket and nothing else, until it expires; a socket that it has opened stays open after
that. It dies with the key that asked for it. Only its hash is stored. Where tickets are shown is `api/admission.py`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.calls.tables import TicketRow

PREFIX = "tkt_"
_BYTES = 32


def new(key_text: str, call_id: str, idempotency_key: str | None) -> str:
    """The text of a ticket. The same request gets the same text, so that a repeat can be answered with it.

    It is by chance, or else made from the key: nobody without the key can tell it, and the key cannot be told from it.
    """
    chance = secrets.token_bytes(_BYTES)
    if idempotency_key is not None:
        of = f"ticket\0{call_id}\0{idempotency_key}"
        chance = hmac.digest(key_text.encode("utf-8", "surrogatepass"), of.encode(), "sha256")
    return PREFIX + base64.urlsafe_b64encode(chance).decode().rstrip("=")


def is_ticket(text: str) -> bool:
    return text.startswith(PREFIX)


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


async def good(session: AsyncSession, hash: str, now: datetime) -> TicketRow | None:
    """The ticket, unless it has expired."""
    row = await session.get(TicketRow, hash)
    return None if row is None or row.expires_at <= now else row


async def delete_expired(session: AsyncSession, now: datetime, limit: int = 500) -> int:
    """At most `limit`, none that another process is about to delete. Returns how many."""
    expired = select(TicketRow.hash).where(TicketRow.expires_at <= now).limit(limit).with_for_update(skip_locked=True)
    gone = await session.execute(delete(TicketRow).where(TicketRow.hash.in_(expired)).returning(TicketRow.hash))
    return len(gone.all())
