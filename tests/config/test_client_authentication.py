"""How an app proves who it is: its key, its certificate, and what contradicts them."""

from __future__ import annotations

import datetime
import tempfile
import typing as t
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from flask import Flask

from flask_auth0 import Auth0, ConfigurationError
from flask_auth0.config import Config, Problem, read_config

from .reading import VALID

RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
AUTHORITY = trustme.CA()


def pem(key: t.Any, encryption: KeySerializationEncryption | None = None) -> str:
    form = PrivateFormat.PKCS8, encryption or NoEncryption()
    text: bytes = key.private_bytes(Encoding.PEM, *form)
    return text.decode()


def certificate(**options: t.Any) -> tuple[str, str]:
    """A certificate and its key."""
    made = AUTHORITY.issue_cert("client.example", **options)
    return made.cert_chain_pems[
        0
    ].bytes().decode(), made.private_key_pem.bytes().decode()


CERTIFICATE, KEY = certificate()
#: What is in the keys of these tests, and in no message.
HIDDEN = {
    line for text in (pem(RSA_KEY), pem(EC_KEY), KEY) for line in text.split("\n")
}


def found(**options: t.Any) -> tuple[Config | None, list[Problem]]:
    without = {name: value for name, value in VALID.items() if name != "client_secret"}
    config, problems = read_config({**without, **options}, {}, {})
    assert not [each for each in problems if set(str(each)) & {"\n"}]
    assert not [line for line in HIDDEN if line and line in str(problems)]
    return config, problems


def read(**options: t.Any) -> Config:
    config, problems = found(**options)
    assert problems == []
    assert config is not None
    return config


def problem(**options: t.Any) -> tuple[str, str]:
    config, problems = found(**options)
    assert config is None
    assert len(problems) == 1, problems
    return problems[0].key, problems[0].remedy


def test_a_key_is_a_text_or_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    text = pem(RSA_KEY)
    path.write_text(text)
    for given in (text, str(path), path, text.replace("\n", "\\n")):
        config = read(client_assertion_signing_key=given)
        assert config.client_assertion_signing_key == text
        assert "PRIVATE KEY" not in repr(config)


def test_a_certificate_is_a_text_or_in_a_file(tmp_path: Path) -> None:
    # A file may have both.
    path = tmp_path / "both.pem"
    path.write_text(KEY + CERTIFICATE)
    for shown, key in ((CERTIFICATE, KEY), (path, path)):
        config = read(use_mtls=True, mtls_cert=shown, mtls_key=key)
        assert CERTIFICATE in (config.mtls_cert or "")
        assert "BEGIN" not in repr(config)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (RSA_KEY, None),
        (RSA_KEY, "RS256"),
        (RSA_KEY, "rs384"),
        (RSA_KEY, "PS256"),
        (EC_KEY, "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES384"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
)
def test_algorithms_that_fit(key: t.Any, algorithm: str | None) -> None:
    options = {"client_assertion_signing_alg": algorithm}
    assert read(client_assertion_signing_key=pem(key), **options)


@pytest.mark.parametrize(
    ("key", "algorithm", "fitting"),
    [
        (RSA_KEY, "ES256", "RS256"),
        (EC_KEY, None, "ES256"),
        (EC_KEY, "ES384", "ES256"),
        (ec.generate_private_key(ec.SECP384R1()), "ES256", "ES384"),
        (ed25519.Ed25519PrivateKey.generate(), "RS256", "EdDSA"),
        (x25519.X25519PrivateKey.generate(), "RS256", "use an RSA key"),
    ],
)
def test_algorithms_that_do_not_fit(
    key: t.Any, algorithm: str | None, fitting: str
) -> None:
    options = {"client_assertion_signing_alg": algorithm}
    name, remedy = problem(client_assertion_signing_key=pem(key), **options)
    assert name == "AUTH0_CLIENT_ASSERTION_SIGNING_ALG"
    assert remedy.endswith(fitting)
    assert problem(**options, client_assertion_signing_key="x")


@pytest.mark.parametrize("algorithm", ["HS256", "none", "RS255"])
def test_algorithms_that_are_none(algorithm: str) -> None:
    name, _ = problem(
        client_assertion_signing_key=pem(RSA_KEY),
        client_assertion_signing_alg=algorithm,
    )
    assert name == "AUTH0_CLIENT_ASSERTION_SIGNING_ALG"


def test_a_short_key() -> None:
    short = pem(rsa.generate_private_key(65537, 1024))  # noqa: S505
    name, remedy = problem(client_assertion_signing_key=short)
    assert name == "AUTH0_CLIENT_ASSERTION_SIGNING_KEY"
    assert "2048" in remedy


PUBLIC = RSA_KEY.public_key().public_bytes(
    Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
)


UNUSABLE = {
    "missing": ("/does/not/exist.pem", "No such file"),
    "folder": ("/", "Is a directory"),
    "nobody's": ("~nobody-has-this-name/key.pem", "it is no path"),
    "no path": ("a\0b", ""),
    "without lines": (pem(RSA_KEY).split("\n", 1)[1], "that can be read"),
    "one line": (pem(EC_KEY).split("\n")[1], "that can be read"),
    "another file": (__file__, "no private key"),
    "public": (PUBLIC.decode(), "no private key"),
    "certificate": (CERTIFICATE, "no private key"),
    "cut off": (pem(RSA_KEY)[:300], "no private key"),
    "encrypted": (pem(RSA_KEY, BestAvailableEncryption(b"x")), "openssl pkey"),
    "number": (5, "must be a text in PEM"),
    "empty": ("", "must be a text in PEM"),
}


@pytest.mark.parametrize("name", ["client_assertion_signing_key", "mtls_key"])
@pytest.mark.parametrize(("value", "told"), UNUSABLE.values(), ids=UNUSABLE)
def test_keys_that_cannot_be_used(name: str, value: t.Any, told: str) -> None:
    pair = {"use_mtls": True, "mtls_cert": CERTIFICATE, "mtls_key": KEY}
    options = {**(pair if name == "mtls_key" else {}), name: value}
    wrong, remedy = problem(**options)
    assert wrong == f"AUTH0_{name.upper()}"
    assert told in remedy
    assert len(remedy) < 250


@pytest.mark.parametrize(
    "value",
    ["/does/not/exist.pem", KEY, CERTIFICATE[:200], 5],
    ids=["missing", "key", "cut off", "number"],
)
def test_certificates_that_cannot_be_used(value: t.Any) -> None:
    name, _ = problem(use_mtls=True, mtls_cert=value, mtls_key=KEY)
    assert name == "AUTH0_MTLS_CERT"


def test_certificates_out_of_their_time() -> None:
    day, now = datetime.timedelta(days=1), datetime.datetime.now(datetime.timezone.utc)
    for begins, ends, told in (
        (now - 2 * day, now - day, "expired on"),
        (now + day, now + 2 * day, "not valid before"),
    ):
        shown, key = certificate(not_before=begins, not_after=ends)
        name, remedy = problem(use_mtls=True, mtls_cert=shown, mtls_key=key)
        assert name == "AUTH0_MTLS_CERT"
        assert told in remedy


def test_a_key_of_another_certificate() -> None:
    for other in (certificate()[1], pem(RSA_KEY)):
        name, _ = problem(use_mtls=True, mtls_cert=CERTIFICATE, mtls_key=other)
        assert name == "AUTH0_MTLS_KEY"


def test_a_certificate_that_tls_does_not_take() -> None:
    key, name = rsa.generate_private_key(65537, 1024), x509.Name([])  # noqa: S505
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    weak = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, now - day, now + day)
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    wrong, remedy = problem(use_mtls=True, mtls_cert=weak.decode(), mtls_key=pem(key))
    assert wrong == "AUTH0_MTLS_CERT"
    assert "cannot be used for TLS here" in remedy


def test_no_place_for_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    wrong, remedy = problem(use_mtls=True, mtls_cert=CERTIFICATE, mtls_key=KEY)
    assert wrong == "AUTH0_MTLS_CERT"
    assert "No such file or directory" in remedy


def test_what_is_missing() -> None:
    assert problem()[0] == "AUTH0_CLIENT_SECRET"
    assert problem(use_mtls=False)[0] == "AUTH0_CLIENT_SECRET"
    assert problem(use_mtls=True, mtls_key=KEY)[0] == "AUTH0_MTLS_CERT"
    assert problem(use_mtls=True, mtls_cert=CERTIFICATE)[0] == "AUTH0_MTLS_KEY"
    # About a value that makes no sense, no more than that is said.
    assert problem(client_secret="your-client-secret")[0] == "AUTH0_CLIENT_SECRET"
    assert problem(use_mtls="perhaps", mtls_key=KEY)[0] == "AUTH0_USE_MTLS"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_assertion_signing_alg", "RS256"),
        ("mtls_cert", CERTIFICATE),
        ("mtls_key", KEY),
    ],
    ids=["algorithm", "certificate", "key"],
)
def test_what_has_no_effect(name: str, value: str) -> None:
    wrong, remedy = problem(client_secret="x", **{name: value})
    assert wrong == f"AUTH0_{name.upper()}"
    assert "has no effect without" in remedy


def test_all_contradictions_stop_the_start_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        Auth0(
            Flask(__name__),
            domain="tenant.example.com",
            client_id="id",
            client_secret="hidden-client-secret",
            secret="x" * 3,
            client_assertion_signing_key=pem(EC_KEY),
            use_mtls=True,
            mtls_cert=CERTIFICATE,
            mtls_key=pem(RSA_KEY),
        )
    keys = [each.key for each in caught.value.problems if not isinstance(each, str)]
    assert keys == [
        "AUTH0_CLIENT_SECRET",
        "AUTH0_CLIENT_ASSERTION_SIGNING_KEY",
        "AUTH0_CLIENT_ASSERTION_SIGNING_ALG",
        "AUTH0_MTLS_KEY",
        "AUTH0_SECRET",
    ]
    assert not [line for line in HIDDEN if line and line in str(caught.value)]


@pytest.mark.parametrize("name", ["enterprise_connect", "ssl_context"])
def test_options_of_the_sdk_that_are_none_here(name: str) -> None:
    wrong, remedy = problem(client_secret="x", **{name: True})
    assert wrong == name
    assert "did you mean" not in remedy


@pytest.mark.parametrize("value", ["true", "1", "yes", "perhaps"])
def test_a_mode_of_the_sdk_that_is_refused(value: str) -> None:
    environ = {"AUTH0_ENTERPRISE_CONNECT": value}
    _, problems = read_config(VALID, {}, environ)
    assert [each.key for each in problems] == [*environ]
    assert "start_enterprise_login" in problems[0].remedy
    _, problems = read_config(VALID, {"AUTH0_ENTERPRISE_CONNECT": False}, {})
    assert problems == []


def test_a_secret_may_stay_beside_a_key() -> None:
    config = read(client_secret="x", client_assertion_signing_key=pem(RSA_KEY))
    assert config.shared_secret is None
    assert read(client_secret="x").shared_secret == "x"
