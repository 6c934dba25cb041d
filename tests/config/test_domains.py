"""Spellings of a domain: what is forgiven, and what is refused by name."""

from __future__ import annotations

import typing as t

import pytest

from .reading import problem, read


@pytest.mark.parametrize(
    ("given", "domain"),
    [
        ("tenant.us.auth0.com", "tenant.us.auth0.com"),
        ("https://tenant.us.auth0.com", "tenant.us.auth0.com"),
        ("https://Tenant.us.auth0.com/", "tenant.us.auth0.com"),
        ("http://localhost:4443", "localhost:4443"),
        (" localhost:4443 ", "localhost:4443"),
        ("127.0.0.1:4443", "127.0.0.1:4443"),
        ("[::1]:4443", "[::1]:4443"),
    ],
)
def test_a_domain_is_forgiven_a_scheme_and_a_slash(given: str, domain: str) -> None:
    assert read({"domain": given}).domain == domain


@pytest.mark.parametrize(
    "given",
    [
        "tenant.auth0.com/path",
        "https://tenant.auth0.com/authorize",
        "tenant auth0.com",
        "user@tenant.auth0.com",
        "tenant.auth0.com?x",
        "tenant.auth0.com#x",
        "ftp://tenant.auth0.com",
        "tenant.auth0.com:port",
        "tenant.auth0.com:65536",
        "[:::::]",
        "localhost:0",
        "-tenant.auth0.com",
        "tenant..com",
        "täntchen.example",
        17,
        "   ",
    ],
)
def test_any_other_domain_is_refused_by_name(given: t.Any) -> None:
    key, remedy = problem(domain=given)
    assert key == "AUTH0_DOMAIN"
    assert remedy


def test_a_typo_is_recognised() -> None:
    assert "did you mean scope?" in problem(scop="email")[1]
