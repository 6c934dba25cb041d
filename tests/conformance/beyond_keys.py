"""Headers of ID tokens, and keys, beyond the plan."""

from __future__ import annotations

from tests.harness.provider import GONE

from .modules import accepted, refused
from .plays import first_login, login, login_after_a_rotation, ten_after_a_rotation
from .twists import (
    OTHER_EC,
    OTHER_RSA,
    answer,
    header,
    key_with,
    keys,
    public,
    signed_with,
    signed_with_its_public_key,
    tokens,
    with_keys,
    with_the_kid,
)

_ENCRYPTS = public(OTHER_RSA, use="enc")


_RS512 = public(OTHER_RSA, use="sig", alg="RS512")


_ONLY_X5C = {"kty": "RSA", "use": "sig", "x5c": ["MIIC"]}


BEYOND_HEADERS = [
    refused(
        "beyond-alg-hs256-with-the-public-key",
        "The published key is taken for a secret.",
        "alg value is not allowed",
        login(signed_with_its_public_key),
    ),
    refused("beyond-alg-missing", "There is no alg.", "alg", login(header(alg=GONE))),
    refused("beyond-alg-number", "alg is 5.", "alg", login(header(alg=5))),
    refused(
        "beyond-alg-in-small-letters",
        "alg is rs256.",
        "alg value is not allowed",
        login(header(alg="rs256")),
    ),
    refused(
        "beyond-alg-rs512",
        "The right key signs with RS512.",
        "alg value is not allowed",
        login(header(alg="RS512")),
    ),
    refused(
        "beyond-crit-unknown",
        "crit names what nobody knows.",
        "critical extension",
        login(header(crit=["https://other.example.com/x"])),
    ),
    refused(
        "beyond-crit-text",
        "crit is a text.",
        "'crit' header",
        login(header(crit="x")),
    ),
    refused(
        "beyond-b64-false",
        "b64 is false, as crit says.",
        "b64",
        login(header(b64=False, crit=["b64"])),
    ),
    refused(
        "beyond-b64-false-without-crit",
        "b64 is false, and crit does not say so.",
        "b64",
        login(header(b64=False)),
    ),
    refused(
        "beyond-kid-number",
        "kid is a number, as is a key's.",
        "Key ID header",
        login(header(kid=5), key_with(kid=5)),
    ),
    refused(
        "beyond-kid-unknown",
        "kid is no key's.",
        "no key that can have signed",
        login(header(kid="of-nobody")),
    ),
    refused(
        "beyond-key-in-the-header",
        "The header brings a key of its own.",
        "Signature verification failed",
        login(signed_with("RS256", OTHER_RSA.private_key, jwk=public(OTHER_RSA))),
    ),
    refused(
        "beyond-encrypted-id-token",
        "The ID token has five parts.",
        "verified",
        login(tokens(id_token="a.b.c.d.e")),
    ),
    refused(
        "beyond-id-token-missing",
        "There is no ID token.",
        "no ID token",
        login(tokens(id_token=GONE)),
    ),
    refused(
        "userinfo-instead-of-id-token",
        "There are claims, and no ID token.",
        "no ID token",
        login(tokens(id_token=GONE, userinfo={"sub": "auth0|ada"})),
    ),
    accepted(
        "beyond-userinfo-beside-an-id-token",
        "There are claims of somebody else beside the ID token.",
        login(tokens(userinfo={"sub": "auth0|grace", "email": "grace@example.com"})),
    ),
]


BEYOND_KEYS = [
    accepted(
        "kid-absent-rsa-last",
        "There is no kid, and a key of another kind comes first.",
        login(header(kid=GONE), with_keys(public(OTHER_EC, use="sig"))),
    ),
    accepted(
        "beyond-kid-absent-other-use",
        "There is no kid, and another key is for encryption.",
        login(header(kid=GONE), with_keys(_ENCRYPTS)),
    ),
    accepted(
        "beyond-kid-absent-other-alg",
        "There is no kid, and another key is for RS512.",
        login(header(kid=GONE), with_keys(_RS512)),
    ),
    accepted(
        "beyond-kid-absent-other-key-ops",
        "There is no kid, and another key is not for signatures.",
        login(header(kid=GONE), with_keys(public(OTHER_RSA, key_ops=["encrypt"]))),
    ),
    accepted(
        "beyond-kid-absent-key-of-a-certificate-alone",
        "There is no kid, and another key has a certificate only.",
        login(header(kid=GONE), with_keys(_ONLY_X5C)),
    ),
    accepted(
        "beyond-kid-of-several-kinds",
        "Keys of other kinds have the same kid.",
        login(with_the_kid(public(OTHER_EC), _ENCRYPTS, _RS512, _ONLY_X5C)),
    ),
    refused(
        "beyond-kid-of-several-keys",
        "Another key has the same kid.",
        "no key that can have signed",
        first_login(with_the_kid(public(OTHER_RSA))),
    ),
    accepted(
        "beyond-key-published-twice",
        "The key is there twice.",
        first_login(keys(lambda own: [*own, *own])),
    ),
    accepted(
        "beyond-key-without-use-and-alg",
        "The key says neither use nor alg.",
        first_login(key_with(use=GONE, alg=GONE)),
    ),
    refused(
        "beyond-key-for-encryption",
        "The key is for encryption.",
        "no key that can have signed",
        first_login(key_with(use="enc")),
    ),
    refused(
        "beyond-key-of-a-certificate-alone",
        "The key has a certificate only.",
        "no key that can have signed",
        first_login(key_with(n=GONE, e=GONE, x5c=["MIIC"])),
    ),
    refused(
        "beyond-keys-null",
        "keys is null.",
        "key set is not one",
        first_login(keys(lambda own: None)),
    ),
    refused(
        "beyond-keys-with-null",
        "There is a null among the keys.",
        "key set is not one",
        first_login(keys(lambda own: [None, *own])),
    ),
    refused(
        "beyond-keys-none",
        "There is no key.",
        "no key that can have signed",
        first_login(keys(lambda own: [])),
    ),
    refused(
        "beyond-keys-list",
        "The key set is a list.",
        "key set is not one",
        first_login(answer("keys", [])),
    ),
    refused(
        "beyond-keys-html",
        "There is a page in the place of keys.",
        "no JSON",
        first_login(answer("keys", b"<html>")),
    ),
    accepted(
        "signing-key-rotation-ten-at-once",
        "The keys change, and ten people log in at once.",
        ten_after_a_rotation,
    ),
    accepted(
        "beyond-rotation-with-both-keys",
        "The keys change, and the old one stays for a while.",
        login_after_a_rotation(keep_old=True),
    ),
    accepted(
        "beyond-rotation-without-kid",
        "The keys change, and no ID token has a kid.",
        login_after_a_rotation(habits=[header(kid=GONE)]),
    ),
    refused(
        "signing-key-rotation-keys-fail-once",
        "The keys change, and cannot be had at first.",
        "temporarily_unavailable",
        login_after_a_rotation(answer("keys", {}, 500)),
    ),
    refused(
        "beyond-rotation-to-rubbish",
        "The keys change, and there is rubbish in their place at first.",
        "key set is not one",
        login_after_a_rotation(answer("keys", {"keys": ["x"]})),
    ),
]
