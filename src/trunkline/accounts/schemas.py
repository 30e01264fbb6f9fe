"""What clients send about organizations and keys."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator

from trunkline.organizations.keys import LONGEST_NAME, SCOPES, name_from
from trunkline.web.body import Body, shown_as

Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    AfterValidator(name_from),
    shown_as(pattern=r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x1f\x7f-\x9f\s][^\x00-\x1f\x7f-\x9f]*$"),
]
OrgId = Annotated[str, StringConstraints(max_length=64)]
Scope = Literal["full", "calls", "control", "read"]


class OrganizationBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bakery on the corner"}]})

    name: Name = Field(description="space around it is not kept")
    parent_org_id: OrgId | None = Field(
        None, description="the caller's own organization; it is the parent whether it is named or not"
    )


class RetentionBody(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"content_retention_days": 90, "metadata_retention_days": 365}]}
    )

    content_retention_days: Literal[30, 90, 180, 365] = Field(
        description="how long transcripts, summaries, analyses and recordings are kept; not longer than the metadata"
    )
    metadata_retention_days: Literal[30, 90, 180, 365, 730] = Field(
        description="how long numbers, links to campaigns and events are kept"
    )

    @model_validator(mode="after")
    def _content_goes_first(self) -> Self:
        if self.content_retention_days > self.metadata_retention_days:
            raise ValueError("content_retention_days: must not be longer than metadata_retention_days")
        return self


class KeyBody(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "switchboard", "scopes": ["calls"]}]})

    name: Name = Field(description="what the key is for; space around it is not kept")
    scopes: list[Scope] = Field(["full"], min_length=1, max_length=len(SCOPES), description="what the key may do")
    org_id: OrgId | None = Field(None, description="a child of the caller's organization; the caller's own if left out")
