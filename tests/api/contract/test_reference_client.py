"""A client written for the reference platform, pointed at this one: only its base URL and its key are changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from api_world import ECHO, SANDBOX
from contract_client import NOBODY, Api, serving


class ClientError(Exception):
    def __init__(self, answer: httpx.Response) -> None:
        body = answer.json()
        super().__init__(body["error"])
        self.status, self.error, self.message = answer.status_code, body["error"], body.get("message")
        self.details: list[str] = body.get("details", [])
        self.retry_after: int | None = int(answer.headers["Retry-After"]) if "Retry-After" in answer.headers else None


class AuthenticationError(ClientError): ...


class InsufficientCreditsError(ClientError): ...


class NotFoundError(ClientError): ...


class RateLimitError(ClientError): ...


ERRORS = {401: AuthenticationError, 402: InsufficientCreditsError, 404: NotFoundError, 429: RateLimitError}
REALTIME = {"llm_config": {"provider": "xai_realtime", "model": "grok-voice-think-fast-2.0"}}

RETRIED = {"GET", "PUT", "DELETE"}


@dataclass
class ReferenceClient:
    """The reference's SDK in short: retries, waits, errors of its own, pages of 100, encoded path parameters."""

    api: Api
    key: str
    max_retries: int = 2
    waited: list[float] = field(default_factory=list)
    sent: int = 0

    def request(self, method: str, path: str, body: Any = None, query: dict[str, Any] | None = None) -> Any:
        for attempt in range(self.max_retries + 1):
            answer = self._send(method, path, body, query)
            if answer.is_success:
                return None if answer.status_code == 204 or not answer.content else answer.json()
            again = answer.status_code == 429 or (answer.status_code >= 500 and method in RETRIED)
            if not again or attempt == self.max_retries:
                raise ERRORS.get(answer.status_code, ClientError)(answer)
            self.waited.append(min(float(answer.headers.get("Retry-After", 2**attempt)), 30))
        raise AssertionError("unreachable")

    def _send(self, method: str, path: str, body: Any, query: dict[str, Any] | None) -> httpx.Response:
        self.sent += 1
        headers = {"Authorization": f"Bearer {self.key}", "User-Agent": "hmsovereign-node/2.0.0"}
        if method in ("POST", "PATCH"):
            headers["Content-Type"] = "application/json"
        send = self.api.world.client.request
        if body is None:
            return self.api.run(send(method, path, params=query, headers=headers))
        return self.api.run(send(method, path, params=query, headers=headers, json=body))

    def get(self, *parts: str, **query: Any) -> Any:
        return self.request("GET", path_of(parts), query=query or None)

    def post(self, *parts: str, body: Any) -> Any:
        return self.request("POST", path_of(parts), body)

    def patch(self, *parts: str, body: Any) -> Any:
        return self.request("PATCH", path_of(parts), body)

    def delete(self, *parts: str) -> None:
        answer = self.request("DELETE", path_of(parts))
        assert answer is None or answer["success"] is True

    def every_call(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []
        while True:
            got = self.get("calls", limit=100, offset=len(calls))
            calls += got["calls"]
            if len(calls) >= got["pagination"]["total"]:
                return calls


def path_of(parts: tuple[str, ...]) -> str:
    return "/" + "/".join(quote(part, safe="") for part in parts)


@pytest.fixture
def client(api: Api) -> ReferenceClient:
    return ReferenceClient(api, api.key)


# ---- a day of work -------------------------------------------------------------------------------


def test_an_assistant_is_made_changed_listed_and_deleted(client: ReferenceClient) -> None:
    made = client.post("assistants", body={"name": "Ann", **SANDBOX})["assistant"]
    changed = client.patch("assistants", made["id"], body={"first_message": "Hi.", "business_name": None})["assistant"]
    assert changed["first_message"] == "Hi."
    assert client.get("assistants", made["id"])["assistant"] == changed
    assert made["id"] in {each["id"] for each in client.get("assistants")["assistants"]}
    client.delete("assistants", made["id"])
    with pytest.raises(NotFoundError):
        client.get("assistants", made["id"])


@pytest.mark.parametrize("blocks", [SANDBOX, {}, REALTIME], ids=["text", "defaults", "realtime"])
def test_what_is_read_can_be_sent_back(client: ReferenceClient, blocks: dict[str, Any]) -> None:
    """A dashboard loads an assistant, changes one field of the form and saves what it has."""
    made = client.post("assistants", body={"name": "Ann", **blocks})["assistant"]
    given = {name: value for name, value in made.items() if name not in ("id", "created_at", "updated_at", "org_id")}
    saved = client.patch("assistants", made["id"], body={**given, "name": "Ben"})["assistant"]
    assert saved == {**made, "name": "Ben", "updated_at": saved["updated_at"]}


def test_a_call_is_placed_steered_and_read(client: ReferenceClient) -> None:
    worker = client.api.world.worker
    agent = client.post("assistants", body={"name": "Ann", **SANDBOX})["assistant"]
    placed = client.post("calls", "outbound", body={"destination": ECHO, "assistant_id": agent["id"]})
    assert (placed["success"], placed["status"]) == (True, "dialing")
    call_id = placed["call_id"]
    client.api.run(worker.answer(call_id))
    for body in (
        {"type": "inject-context", "content": "VIP.", "trigger_response": False},
        {"type": "say", "content": "Hello.", "end_after": False},
        {"type": "end-call", "message": "Goodbye."},
    ):
        answer = client.post("calls", call_id, "control", body=body)
        assert (answer["success"], answer["message"]) == (True, "Command sent successfully")
    client.api.run(worker.end(call_id))
    call = client.get("calls", call_id)
    assert (call["id"], call["status"], call["agent_id"]) == (call_id, "ended", agent["id"])
    with pytest.raises(ClientError) as late:
        client.post("calls", call_id, "control", body={"type": "end-call"})
    assert late.value.status == 400


def test_numbers_say_agent_id(client: ReferenceClient) -> None:
    agent = client.post("assistants", body={"name": "Ann", **SANDBOX})["assistant"]
    number = client.post("numbers", body={"phone_number": "+31201235001", "agent_id": agent["id"]})["number"]
    assert (number["agent_id"], number["agent_name"]) == (agent["id"], "Ann")
    number = client.patch("numbers", number["id"], body={"agent_id": None, "workflow_id": None})["number"]
    assert number["agent_id"] is None
    assert number["id"] in {each["id"] for each in client.get("numbers")["numbers"]}
    client.delete("numbers", number["id"])


def test_campaigns_say_agent_id(client: ReferenceClient) -> None:
    agent = client.post("assistants", body={"name": "Ann", **SANDBOX})["assistant"]
    body = {
        "name": "Autumn",
        "agent_id": agent["id"],
        "schedule_start_time": "09:00:00",
        "schedule_end_time": "17:00:00",
        "timezone": "Europe/Amsterdam",
        "system_message_template": "You call {{name}}.",
        "leads": [{"phone_number": "+31201234567", "variables": {"name": "Ann"}}],
    }
    campaign = client.post("campaigns", body=body)["campaign"]
    assert (campaign["agent_id"], campaign["status"], campaign["total_leads"]) == (agent["id"], "draft", 1)
    lead = client.post("campaigns", campaign["id"], "leads", body={"phone_number": "+31201234568"})["lead"]
    leads = client.get("campaigns", campaign["id"], "leads")["leads"]
    assert len(leads) == 2 and lead in leads
    client.delete("campaigns", campaign["id"], "leads", lead["id"])
    client.patch("campaigns", campaign["id"], body={"status": "cancelled"})
    client.delete("campaigns", campaign["id"])


def test_organizations_usage_and_voices_are_read(client: ReferenceClient) -> None:
    own = client.get("organizations", include_children="true")
    assert own["children"] == [] or set(own["children"][0]) == {"id", "name", "created_at"}
    retention = {"content_retention_days": 90, "metadata_retention_days": 365}
    assert client.patch("organizations", body=retention).items() >= retention.items()
    usage = client.get("usage", limit=100, offset=0)
    assert set(usage) == {"logs", "pagination", "summary"}
    assert client.get("voices")["voices"]
    assert client.get("health")["status"] == "ok"


def test_pages_of_100_read_everything(fresh: Api) -> None:
    client = ReferenceClient(fresh, fresh.key)
    made = {fresh.call() for _ in range(101)}
    calls = client.every_call()
    assert client.sent == 2
    assert len(calls) == 101
    assert {call["id"] for call in calls} == made


# ---- paths ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "id",
    [
        "call-_+31612345678_abc123",
        "../organizations",
        "a/b",
        "..",
        ".",
        "?limit=1",
        "#x",
        "%2e%2e",
        "a b",
        "é",
        "'; drop table calls; --",
        NOBODY,
    ],
)
def test_an_encoded_path_parameter_stays_one_parameter(client: ReferenceClient, id: str) -> None:
    for path in (("calls", id), ("assistants", id), ("numbers", id), ("campaigns", id), ("campaigns", id, "leads")):
        if id in (".", ".."):
            continue  # URL libraries resolve these before sending
        with pytest.raises(NotFoundError):
            client.get(*path)
    assert client.waited == []


# ---- errors --------------------------------------------------------------------------------------


def test_each_status_has_its_error_with_a_readable_text(client: ReferenceClient) -> None:
    with pytest.raises(AuthenticationError) as wrong:
        ReferenceClient(client.api, "fl_live_of_the_other_platform").get("assistants")
    assert wrong.value.error == "Invalid API key"
    with pytest.raises(NotFoundError) as missing:
        client.get("assistants", NOBODY)
    assert isinstance(missing.value.error, str)
    with pytest.raises(ClientError) as invalid:
        client.post("assistants", body={})
    assert invalid.value.status == 400
    assert any("name" in detail for detail in invalid.value.details)
    assert client.waited == []


def test_429_is_retried_after_what_the_answer_says_and_then_given_up(tmp_path: Any) -> None:
    with serving(tmp_path, rate_limit_per_minute=2) as api:
        client = ReferenceClient(api, api.key)
        for _ in range(2):
            client.get("assistants")
        with pytest.raises(RateLimitError) as limited:
            client.post("assistants", body={"name": "Ann"})
        assert client.sent == 2 + 3
        assert len(client.waited) == 2
        assert all(1 <= seconds <= 30 for seconds in client.waited)
        assert limited.value.retry_after is not None and 1 <= limited.value.retry_after <= 60


def test_a_retry_after_503_is_one_call(fresh: Api) -> None:
    """The SDK never repeats a POST on 5xx; whoever does it by hand may use a key."""
    client = ReferenceClient(fresh, fresh.key)
    with fresh.full(), pytest.raises(ClientError) as full:
        client.post("calls", "outbound", body={"destination": ECHO, "assistant": SANDBOX})
    assert (full.value.status, full.value.retry_after, client.sent) == (503, 5, 1)


def test_a_get_with_a_content_type_and_no_body_is_a_get(api: Api) -> None:
    headers = {"Content-Type": "application/json"}
    for path in ("/assistants", "/calls", "/organizations"):
        assert api.get(path, headers).status_code == 200
    made = api.assistant()
    assert api.delete(f"/assistants/{made['id']}", headers).status_code == 200
