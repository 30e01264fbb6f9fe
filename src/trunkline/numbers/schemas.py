"""Phone numbers as clients write them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

from trunkline.policy import dialing
from trunkline.policy.dialing import Blocked, Malformed, Rules
from trunkline.web.body import E164, Body, shown_as

RENAMED = {"agent_id": "assistant_id"}


def _own_number(number: str) -> str:
    """A number that somebody can own: whether it may be called is another question."""
    if not number.startswith("+"):
        raise ValueError("must be a possible E.164 number with a leading +")
    if dialing.is_sandbox(number):
        raise ValueError("is a sandbox line, which belongs to everybody")
    match dialing.judge(number, Rules()):
        case Malformed():
            raise ValueError("must be a possible E.164 number with a leading +")
        case Blocked("emergency"):
            raise ValueError("is an emergency number")
    return number


def _fixed(_: Any) -> Any:
    raise ValueError("cannot change; delete this number and register the other")


Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Source = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]

NAME = "what people call it"
ASSISTANT = "who answers it; `agent_id` is its old name"
TRUNK = "the SIP trunk that calls and transfers from it go through; there are no trunks yet"
WORKFLOW = "who answers it instead of an assistant; there are no workflows yet"
SOURCE = "where the number came from, in the words of whoever registers it"
ACTIVE = "an inactive number is never called from"
RESERVED = "a child organization: calls of nobody else are made from this number"


class NumberBody(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "phone_number": "+31201234567",
                    "name": "Front desk",
                    "assistant_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
                }
            ]
        }
    )

    phone_number: Annotated[
        str, StringConstraints(max_length=32), AfterValidator(_own_number), shown_as(pattern=E164)
    ] = Field(description="E.164 with its plus; neither a sandbox line nor an emergency number")
    name: Name | None = Field(None, description=NAME)
    assistant_id: Id | None = Field(None, description=ASSISTANT)
    transfer_trunk_id: Id | None = Field(None, description=TRUNK)
    workflow_id: Id | None = Field(None, description=WORKFLOW)
    source: Source | None = Field(None, description=SOURCE)
    is_active: bool = Field(True, description=ACTIVE)
    reserved_for_org_id: Id | None = Field(None, description=RESERVED)


class NumberChanges(Body):
    """What is sent changes, and nothing else does. Null detaches, or clears."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"assistant_id": None, "is_active": False}]})

    phone_number: SkipJsonSchema[Annotated[Any, AfterValidator(_fixed)]] = None
    name: Name | None = Field(None, description=NAME)
    assistant_id: Id | None = Field(None, description=ASSISTANT)
    transfer_trunk_id: Id | None = Field(None, description=TRUNK)
    workflow_id: Id | None = Field(None, description=WORKFLOW)
    source: Source | None = Field(None, description=SOURCE)
    is_active: bool = Field(default_factory=bool, description=ACTIVE)
    reserved_for_org_id: Id | None = Field(None, description=RESERVED)

    def changes(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)
