"""Signatures are verified in a shorter way, by which exactly what Flask accepts is."""

from __future__ import annotations

import hashlib
import typing as t

import pytest
from flask import Flask
from flask.json.tag import JSONTag, TaggedJSONSerializer
from flask.sessions import SecureCookieSessionInterface
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import BadData, BadSignature, TimestampSigner
from itsdangerous.encoding import base64_decode, base64_encode

from flask_auth0.sessions.cookies.verifier import Verifier, _decoded
from flask_auth0.sessions.sealing import loads_json

CONTENT = {"_a0_session": "id", "n": 12345678901234567890123, "f": 1e5, "e": "\u00e9"}


class Interface(SecureCookieSessionInterface):
    """Flask's, with a digest of the test's choice."""


def serializer_of(keys: tuple[str, ...], digest: t.Any = None) -> t.Any:
    app = Flask(__name__)
    app.secret_key, fallbacks = keys[0], list(keys[1:])
    app.config["SECRET_KEY_FALLBACKS"] = fallbacks
    interface = Interface()
    if digest is not None:
        interface.digest_method = staticmethod(digest)
    return interface.get_signing_serializer(app)


def verifier_of(*keys: str, digest: t.Any = None) -> Verifier:
    return Verifier((), serializer_of(keys, digest), loads_json)


def by_flask(serializer: t.Any, text: str) -> t.Any:
    """Return when Flask finds a cookie signed, and its content."""
    try:
        content, at = serializer.loads(text, return_timestamp=True)
    except BadData:
        return None
    return int(at.timestamp()), content


def by_us(verifier: Verifier, text: str) -> t.Any:
    try:
        return verifier.opened(text)
    except BadData:
        return None


@pytest.fixture
def only_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let itsdangerous verify nothing."""

    def refuse(*args: t.Any, **options: t.Any) -> t.NoReturn:
        raise BadSignature("not asked")

    monkeypatch.setattr(TimestampSigner, "unsign", refuse)


@pytest.mark.parametrize("digest", [None, hashlib.sha256, hashlib.sha512])
@pytest.mark.parametrize("keys", [("new",), ("new", "old"), ("newest", "new", "old")])
def test_a_cookie_of_flask_is_verified_by_openssl(
    keys: tuple[str, ...], digest: t.Any, only_hashes: None
) -> None:
    verifier = verifier_of(*keys, digest=digest)
    for key in keys:
        text = serializer_of((key,), digest).dumps(CONTENT)
        signed_at, content = verifier.opened(text)
        assert content == CONTENT
        assert signed_at > 0
    other = serializer_of(("other",), digest).dumps(CONTENT)
    with pytest.raises(BadSignature):
        verifier.opened(other)


@given(st.data())
def test_it_accepts_what_flask_accepts(data: st.DataObject) -> None:
    serializer, verifier = serializer_of(("new", "old")), verifier_of("new", "old")
    text = str(serializer.dumps(CONTENT))
    place = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    more = data.draw(st.text("aAzZ09-_=.+/~! \u00e9", max_size=4))
    changed = text[:place] + more + text[place + cut :]
    assert by_us(verifier, changed) == by_flask(serializer, changed)


@given(st.text("aAzZ09-_=.+/~! ", max_size=12))
def test_it_decodes_what_itsdangerous_decodes(text: str) -> None:
    try:
        expected = base64_decode(text)
    except BadData:
        with pytest.raises(ValueError, match=r"base64|padding"):
            _decoded(text.encode())
    else:
        assert _decoded(text.encode()) == expected


@pytest.mark.parametrize(
    "at", ["", "A", "AAAAAA", "!!!!!!", "AAAAAAAA", "AAAAAAAAAAAAAA"]
)
def test_a_moment_is_read_as_flask_reads_it(at: str) -> None:
    serializer, verifier = serializer_of(("new",)), verifier_of("new")
    signer = serializer.make_signer(serializer.salt)
    value = base64_encode(b'{"n":1}') + b"." + at.encode()
    text = (value + b"." + signer.get_signature(value)).decode()
    try:
        expected = by_flask(serializer, text)
    except (OverflowError, ValueError):
        # Flask answers such a cookie, of its own key alone, with an error.
        return
    assert by_us(verifier, text) == expected


def test_a_signer_of_the_apps_own_is_asked() -> None:
    class Never(TimestampSigner):
        def unsign(self, *args: t.Any, **options: t.Any) -> t.Any:
            raise BadSignature("never")

    serializer = serializer_of(("new",))
    text = serializer.dumps(CONTENT)
    serializer.signer = Never
    with pytest.raises(BadSignature, match="never"):
        Verifier((), serializer, loads_json).opened(text)


class Kelvin(JSONTag):
    """A type of the app's own, with a tag that Flask's do not look like."""

    key = "K"

    def check(self, value: t.Any) -> bool:
        return isinstance(value, complex)

    def to_json(self, value: t.Any) -> float:
        return float(value.real)

    def to_python(self, value: t.Any) -> complex:
        return complex(value)


def test_what_has_a_tag_is_as_flask_reads_it() -> None:
    serializer = serializer_of(("new",))
    tagged = TaggedJSONSerializer()
    tagged.register(Kelvin)
    serializer.serializer = tagged
    verifier = Verifier((), serializer, loads_json)
    for json in (b'{"K":1.5}', b'{"K":1.5,"b":2}', b'{"b":{"K":1.5}}', b'{" t":[1]}'):
        signer = serializer.make_signer(serializer.salt)
        text = signer.sign(base64_encode(json)).decode()
        assert by_us(verifier, text) == by_flask(serializer, text)
    assert by_us(verifier, serializer.dumps(complex(3)))[1] == complex(3)
