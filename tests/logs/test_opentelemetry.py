"""Spans and metrics, where an app has set up OpenTelemetry, and nothing elsewhere."""

from __future__ import annotations

import importlib.util
import sys
import typing as t
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from flask_auth0.runtime import telemetry
from tests.harness.visitor import MakeApp, MakeVisitor, Visitor, query_of
from tests.tokens.refreshing import API, OFFLINE
from tests.tokens.refreshing import add_views as add_token_views


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """What an app that is set up collects. The real providers are set once only."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    tracers, meters = TracerProvider(), MeterProvider([reader])
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: tracers)
    monkeypatch.setattr(metrics, "get_meter_provider", lambda: meters)
    yield SimpleNamespace(spans=spans, reader=reader)
    tracers.shutdown()
    meters.shutdown()


@pytest.fixture
def visitor(
    make_app: MakeApp, make_visitor: MakeVisitor, redis_settings: dict[str, t.Any]
) -> Visitor:
    app = make_app(redis_settings, scope=OFFLINE, audience=API)
    add_token_views(app)
    return make_visitor(app)


def names(collected: SimpleNamespace) -> list[str]:
    found = [each.name for each in collected.spans.get_finished_spans()]
    collected.spans.clear()
    return found


def points(collected: SimpleNamespace, name: str) -> list[t.Any]:
    """The points of a metric."""
    (resource,) = collected.reader.get_metrics_data().resource_metrics
    (scope,) = resource.scope_metrics
    (metric,) = [each for each in scope.metrics if each.name == name]
    return list(metric.data.data_points)


def test_each_operation_has_a_span(
    collected: SimpleNamespace, visitor: Visitor
) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    assert names(collected)[-1] == "auth0.login"
    visitor.get(callback)
    spans = collected.spans.get_finished_spans()
    (outer,) = [each for each in spans if each.name == "auth0.callback"]
    tokens = {"url.path": "/oauth/token"}.items()
    (exchange,) = [each for each in spans if each.attributes.items() >= tokens]
    assert exchange.name == "auth0.tenant"
    assert exchange.parent.span_id == outer.context.span_id
    assert exchange.attributes["http.response.status_code"] == 200
    assert "auth0.session_store" in names(collected)
    visitor.fetch("/token?force")
    found = names(collected)
    assert found.index("auth0.tenant") < found.index("auth0.refresh")
    visitor.fetch("/profile")
    assert {*names(collected)} == {"auth0.session_store"}


def test_events_are_counted_and_operations_are_timed(
    collected: SimpleNamespace, visitor: Visitor
) -> None:
    visitor.log_in()
    visitor.tenant.tenant.limit_next_token_request()
    visitor.fetch("/token?force")
    counted = {
        each.attributes["reason"]: (each.attributes["event"], each.value)
        for each in points(collected, "flask_auth0.events")
    }
    assert counted == {
        "login_begun": ("login", 1),
        "logged_in": ("login", 1),
        "rate_limited": ("call", 1),
    }
    timed = points(collected, "flask_auth0.operation.duration")
    operations = {each.attributes["operation"] for each in timed}
    assert {"login", "callback", "refresh", "tenant", "session_store"} <= operations


def test_spans_have_no_secret(collected: SimpleNamespace, visitor: Visitor) -> None:
    callback = visitor.authorize(visitor.get("/login"))
    code = query_of(callback)["code"]
    said = f'{{"error": "invalid_client", "error_description": "No, {code}"}}'
    visitor.tenant.tenant.fail_next_token_request(401, said.encode())
    visitor.get(callback)
    spans = collected.spans.get_finished_spans()
    (failed,) = [each for each in spans if each.name == "auth0.callback"]
    assert failed.attributes["error.type"] == "client_refused"
    assert not failed.status.is_ok
    text = "".join(each.to_json() for each in spans)
    for secret in (code, "the-client-secret", query_of(callback)["state"]):
        assert secret not in text


def test_without_its_api_nothing_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    spec = importlib.util.spec_from_file_location("bare", telemetry.__file__)
    assert spec
    assert spec.loader
    bare = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(bare)
    assert not bare.is_set_up()
    bare.count("logged_in", "login")
    with bare.span("login") as noted:
        noted["status"] = 200
