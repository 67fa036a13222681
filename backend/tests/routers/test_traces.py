"""Traces by HTTP, on both databases."""

import uuid
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt.config import SFTConfig
from tunix_rt.trace import ReasoningTrace, render
from tunix_rt_backend.services.pages import encode_cursor
from tunix_rt_backend.tables import AuditEntry, Rating, Trace, TraceScore

MISSING = "00000000-0000-4000-8000-000000000000"


def payload(answer: str = "4", prompt: str = "What is 2 + 2?", **meta: Any) -> dict[str, Any]:
    steps = [{"i": 1, "type": "compute", "content": f"2 + 2 = {answer}"}]
    return {"trace_version": "1.0", "prompt": prompt, "steps": steps, "final_answer": answer, "meta": meta}


def post(client: TestClient, **changes: Any) -> str:
    answer = client.post("/api/traces", json={**payload(), **changes})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def test_a_trace_is_kept_and_comes_back(client: TestClient, session: Session) -> None:
    sent = payload(source="me", x={"deep": [1.5, True, None, "é🙂"]})
    made = client.post("/api/traces", json=sent)
    assert made.status_code == 201
    assert set(made.json()) == {"id", "created_at", "trace_version"}
    found = client.get(f"/api/traces/{made.json()['id']}")
    assert found.json() == {**made.json(), "payload": sent}
    assert found.json()["created_at"].endswith(("Z", "+00:00"))
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.action == "create_trace"


def test_a_trace_is_not_sent_twice(client: TestClient) -> None:
    path = f"/api/traces/{post(client)}"
    etag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": etag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_tokens_of_a_trace_are_its_text_and_say_what_is_trained(client: TestClient) -> None:
    made = post(client)
    found = client.get(f"/api/traces/{made}/tokens").json()
    text = render(ReasoningTrace.model_validate(payload()))
    assert found["texts"][0] == "<bos>"
    assert "".join(found["texts"][1 : found["given"]]) == text.prompt
    assert "".join(found["texts"][found["given"] :]) == text.completion
    assert (found["model_id"], found["max_length"]) == ("nano", SFTConfig.model_fields["max_length"].default)


def test_tokens_that_cannot_be_shown_are_refused(sqlite_client: TestClient) -> None:
    long = post(sqlite_client, prompt="p" * 50_000)
    refusals = {
        (long, "nano", 422): "data tokens FILE",
        (long, "gpt", 422): "expected one of gemma3-270m",
        (post(sqlite_client), "gemma3-1b-it", 409): "models fetch gemma3-1b-it",
        (MISSING, "nano", 404): "is not here",
    }
    for (trace, model, status), words in refusals.items():
        answer = sqlite_client.get(f"/api/traces/{trace}/tokens", params={"model_id": model})
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
        assert words in answer.json()["detail"]


def test_a_trace_without_meta_is_taken_and_white_space_is_stripped(client: TestClient) -> None:
    made = post(client, meta=None, final_answer=" 4\n", steps=[{"i": 0, "content": " so 4 "}])
    found = client.get(f"/api/traces/{made}").json()["payload"]
    assert (found["meta"], found["final_answer"]) == ({}, "4")
    assert found["steps"] == [{"i": 0, "type": "step", "content": "so 4"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"steps": []}, "steps"),
        ({"steps": [{"i": 1, "content": "a"}, {"i": 1, "content": "b"}]}, "unique"),
        ({"steps": [{"i": 1, "content": "a <answer>"}]}, "prompt contract"),
        ({"steps": [{"i": 1, "content": " \n"}]}, "steps"),
        ({"steps": [{"i": "1", "content": "a"}]}, "steps.0.i"),
        ({"steps": [{"i": 2**63, "content": "a"}]}, "steps.0.i"),
        ({"steps": [{"i": 1, "content": "a", "extra": 1}]}, "extra"),
        ({"prompt": ""}, "prompt"),
        ({"prompt": "p" * 50_001}, "prompt"),
        ({"prompt": "a <end_of_turn> b"}, "prompt"),
        ({"final_answer": None}, "final_answer"),
        ({"meta": []}, "meta"),
        ({"meta": {"n": 2**64}}, "64 bits"),
        ({"trace_version": "0.9"}, "trace_version"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_trace_that_cannot_be_used_is_refused_by_field(
    client: TestClient, session: Session, changes: dict[str, Any], words: str
) -> None:
    answer = client.post("/api/traces", json={**payload(), **changes})
    assert answer.status_code == 422
    assert words in answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert session.scalars(select(Trace)).all() == []


@pytest.mark.parametrize("body", [b'{"prompt": "\\u0000"}', b"{", b"\xff", b'{"prompt": "\\ud800"}', b"[" * 5000])
def test_json_that_is_none_is_refused(client: TestClient, body: bytes) -> None:
    answer = client.post("/api/traces", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


def test_a_number_that_is_none_in_meta_is_refused(client: TestClient) -> None:
    body = b'{"prompt": "p", "steps": [{"i": 1, "content": "a"}], "final_answer": "4", "meta": {"x": NaN}}'
    answer = client.post("/api/traces", content=body, headers={"content-type": "application/json"})
    assert answer.status_code in (400, 422)


def test_a_batch_is_kept_in_order(client: TestClient) -> None:
    answer = client.post("/api/traces/batch", json=[payload(str(n)) for n in range(30)])
    assert answer.status_code == 201
    body = answer.json()
    assert body["created_count"] == len(body["traces"]) == 30
    last = client.get(f"/api/traces/{body['traces'][29]['id']}").json()
    assert last["payload"]["final_answer"] == "29"


def test_a_batch_with_wrong_rows_keeps_nothing_and_names_them(client: TestClient) -> None:
    rows = [payload(str(n)) for n in range(5)]
    rows[1]["steps"][0]["content"] = "<answer>"
    rows[3]["meta"]["n"] = 2**70
    answer = client.post("/api/traces/batch", json=rows)
    assert answer.status_code == 422
    assert [(one["row"], one["field"]) for one in answer.json()["errors"]] == [(1, "step"), (3, "meta")]
    assert client.get("/api/traces").json()["data"] == []


@pytest.mark.parametrize("rows", [[], [payload()] * 1001, {}, None])
def test_a_batch_has_bounds(client: TestClient, rows: Any) -> None:
    assert client.post("/api/traces/batch", json=rows).status_code == 422


def test_the_list_shows_excerpts_and_filters(client: TestClient) -> None:
    post(client, prompt="long " * 200, meta={"source": "a", "family": "sum", "difficulty": 3})
    post(client, meta={"source": "b", "license": "mit"})
    rows = client.get("/api/traces").json()["data"]
    assert [row["source"] for row in rows] == ["b", "a"]
    assert len(rows[1]["prompt"]) == 300
    assert (rows[1]["family"], rows[1]["difficulty"], rows[0]["license"]) == ("sum", "3", "mit")
    for query, sources in {
        "source=a": ["a"],
        "difficulty=3": ["a"],
        "license=mit&source=b": ["b"],
        "license=mit&source=a": [],
        "q=long": ["a"],
        "q=": ["b", "a"],
        "q=2&source=b": ["b"],
        "created_after=2020-01-01T00:00:00Z": ["b", "a"],
        "created_before=2020-01-01T00:00:00%2B02:00": [],
        f"upload_id={MISSING}": [],
    }.items():
        found = client.get(f"/api/traces?{query}")
        assert found.status_code == 200, found.text
        assert [row["source"] for row in found.json()["data"]] == sources, query


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=1001",
        "offset=-1",
        "created_after=yesterday",
        "created_after=2020-01-01T00:00:00",
        "created_before=0.5",
        "q=%F0%9F%99%82",
        "upload_id=x",
        f"q={'a' * 501}",
        "unknown=1",
    ],
)
def test_a_query_that_is_none_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/api/traces?{query}").status_code == 422


@pytest.mark.parametrize("query", ["", "&source=s", "&q=2", "&created_after=2020-01-01T00:00:00Z", "&q=2&source=s"])
def test_pages_by_cursor_show_every_trace_once(client: TestClient, query: str) -> None:
    client.post("/api/traces/batch", json=[payload(str(n), source="s") for n in range(25)])
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/api/traces?limit=10{query}{cursor}").json()
        seen += [row["final_answer"] for row in page["data"]]
        if page["pagination"]["next_cursor"] is None:
            break
        cursor = f"&cursor={page['pagination']['next_cursor']}"
        client.post("/api/traces", json=payload("new", source="s"))
    assert seen == [str(n) for n in reversed(range(25))]


@pytest.mark.parametrize("place", [-(2**63) + 1, -1, 2**63, 2**63 - 1, 0])
@pytest.mark.parametrize("query", ["", "&q=a", "&q=a%20b"])
def test_a_cursor_that_no_list_gave_shows_no_page(client: TestClient, place: int, query: str) -> None:
    post(client)
    answer = client.get(f"/api/traces?cursor={encode_cursor([place])}{query}")
    assert answer.status_code == (200 if 0 <= place < 2**63 else 404), answer.text


def test_a_deleted_trace_is_gone_with_what_hangs_on_it(client: TestClient, session: Session) -> None:
    made = post(client)
    client.post(f"/api/traces/{made}/score", json={"criteria": "structure"})
    client.put(f"/api/traces/{made}/ratings", json={"rating": 5})
    assert client.delete(f"/api/traces/{made}").status_code == 204
    assert client.delete(f"/api/traces/{made}").status_code == 404
    assert client.get(f"/api/traces/{made}").status_code == 404
    assert client.get("/api/traces?q=2").json()["data"] == []
    assert [session.scalars(select(table)).all() for table in (Trace, TraceScore, Rating)] == [[], [], []]


def test_deleting_by_upload_needs_its_name(client: TestClient) -> None:
    post(client)
    assert client.delete("/api/traces").status_code == 422
    assert client.delete(f"/api/traces?upload_id={MISSING}").json() == {"deleted_count": 0}
    assert len(client.get("/api/traces").json()["data"]) == 1


@pytest.mark.parametrize("path", ["", "/scores", "/ratings"])
def test_a_missing_trace_is_not_found(client: TestClient, path: str) -> None:
    answer = client.get(f"/api/traces/{MISSING}{path}")
    assert answer.status_code == 404
    assert MISSING in answer.json()["detail"]
    assert client.get(f"/api/traces/nothing{path}").status_code == 404


def test_two_traces_are_compared_step_by_step(client: TestClient) -> None:
    def steps(*contents: str) -> list[dict[str, Any]]:
        return [{"i": number, "content": content} for number, content in enumerate(contents, start=1)]

    base = post(client, steps=steps("same", "old", "end 4"))
    other = post(client, steps=steps("same", "new", "more", "end 4"), final_answer="5")
    body = client.get(f"/api/traces/compare?base={base}&other={other}").json()
    assert (body["base"]["id"], body["other"]["id"]) == (base, other)
    assert set(body["base"]) == {"id", "created_at", "trace_version", "payload", "score"}
    assert body["base"]["score"] == 100.0 > body["other"]["score"]
    assert body["difference"] == {
        "same_prompt": True,
        "same_answer": False,
        "steps": [
            {"change": "same", "base_i": 1, "other_i": 1},
            {"change": "changed", "base_i": 2, "other_i": 2},
            {"change": "added", "base_i": None, "other_i": 3},
            {"change": "same", "base_i": 3, "other_i": 4},
        ],
    }
    assert "base trace" in client.get(f"/api/traces/compare?base={MISSING}&other={other}").json()["detail"]
    assert "other trace" in client.get(f"/api/traces/compare?base={base}&other={MISSING}").json()["detail"]


def test_scores_are_kept_the_newest_first(client: TestClient) -> None:
    made = post(client)
    for criteria in ("baseline", "arithmetic", "answer"):
        answer = client.post(f"/api/traces/{made}/score", json={"criteria": criteria})
        assert answer.status_code == 201
        assert (answer.json()["trace_id"], answer.json()["score"]) == (made, 100.0)
    page = client.get(f"/api/traces/{made}/scores?limit=2").json()
    rest = client.get(f"/api/traces/{made}/scores?limit=2&cursor={page['pagination']['next_cursor']}").json()
    assert [row["criteria"] for row in page["data"] + rest["data"]] == ["answer", "arithmetic", "structure"]
    assert client.post(f"/api/traces/{made}/score", json={"criteria": "beauty"}).status_code == 422
    assert client.post(f"/api/traces/{MISSING}/score", json={"criteria": "answer"}).status_code == 404


def test_a_score_that_cannot_be_given_is_null(client: TestClient) -> None:
    made = post(client, steps=[{"i": 1, "content": "think"}])
    body = client.post(f"/api/traces/{made}/score", json={"criteria": "arithmetic"}).json()
    assert body["score"] is None
    assert body["details"]["reason"]


def test_a_newer_rating_replaces_the_older(client: TestClient) -> None:
    path = f"/api/traces/{post(client)}/ratings"
    assert client.put(path, json={"rating": 2, "comment": "meh"}).json()["rater"] == "local"
    assert client.put(path, json={"rating": 4}).json()["comment"] is None
    client.put(path, json={"rating": 1, "step_i": 1})
    client.put(path, json={"rating": 5, "rater": "ann"})
    rows = client.get(path).json()["data"]
    assert {(row["rater"], row["step_i"], row["rating"]) for row in rows} == {
        ("local", None, 4), ("local", 1, 1), ("ann", None, 5)
    }  # fmt: skip
    assert client.delete(f"{path}?step_i=1").status_code == 204
    assert client.delete(f"{path}?step_i=1").status_code == 404
    assert client.delete(f"{path}?rater=ann").status_code == 204
    assert [row["rater"] for row in client.get(path).json()["data"]] == ["local"]


@pytest.mark.parametrize(
    "body", [{"rating": 0}, {"rating": 6}, {"rating": "5"}, {"rating": 5, "step_i": 2}, {"rating": 5, "step_i": -1}, {}]
)
def test_a_rating_that_is_none_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    assert client.put(f"/api/traces/{post(client)}/ratings", json=body).status_code == 422


def test_facets_name_the_values_of_the_filters(client: TestClient) -> None:
    client.post("/api/traces/batch", json=[payload(str(n), source=f"s{n % 3}", family=f"f{n:03}") for n in range(250)])
    body = client.get("/api/traces/facets").json()
    assert [(one["value"], one["count"], one["capped"]) for one in body["source"]] == [
        ("s0", 84, False), ("s1", 83, False), ("s2", 83, False)
    ]  # fmt: skip
    assert len(body["family"]) == 200
    assert body["truncated"] == ["family"]
    assert body["license"] == []


@pytest.mark.parametrize("change", ["trace_version = '0.9'", "steps = '[]'", "meta = '[]'", "steps = '[{\"i\": 1}]'"])
def test_a_row_of_another_version_is_refused_with_a_sentence(client: TestClient, session: Session, change: str) -> None:
    """The prior system answered 500 on its own rows."""
    made = post(client)
    session.execute(text(f"UPDATE traces SET {change}"))
    session.commit()
    answer = client.get(f"/api/traces/{made}")
    assert answer.status_code == 422
    assert made in answer.json()["detail"]
    assert client.get("/api/traces").json()["data"][0]["id"] == made
    assert client.post(f"/api/traces/{made}/score", json={"criteria": "structure"}).status_code == 422
    assert client.delete(f"/api/traces/{made}").status_code == 204


def test_an_unknown_id_is_no_server_error(client: TestClient) -> None:
    for odd in (str(uuid.uuid4()), "%00", "..", "é", "1" * 500):
        assert client.get(f"/api/traces/{odd}").status_code in (400, 404, 422)
