"""Settings with which a back end cannot work, with a remedy for each."""

from __future__ import annotations

import re
import socket

from msgspec import Struct

from ...runtime.tracebacks import causes_of


class BadSetting(Exception):
    """A setting is wrong, or the server that it names does not answer.

    :param key: of the configuration.
    :param remedy: the remedy, without any password.
    """

    def __init__(self, key: str, remedy: str) -> None:
        super().__init__(key, remedy)
        self.key: str = key
        self.remedy: str = remedy


class _Cause(Struct, frozen=True):
    """A pattern of drivers' messages, with a sentence for the developer."""

    signs: str
    sentence: str


_UNKNOWN_HOST = "names a host that nobody knows ({where}); correct the name"
#: Causes, of which the first that fits counts. Servers with messages in other languages
#: are known by their SQLSTATE; the same digits elsewhere may be a port, an id or a
#: time.
_CAUSES = (
    _Cause(
        r"name or service not known|nodename nor servname|could not translate host|"
        r"failed to resolve host|temporary failure in name resolution|getaddrinfo",
        _UNKNOWN_HOST,
    ),
    _Cause(
        r"certificate has expired|certificate is not yet valid",
        "names a server whose certificate is out of date ({where}); renew it, and look "
        "at the clock of this machine",
    ),
    _Cause(
        r"hostname mismatch|ip address mismatch|doesn't match|"
        r"server certificate for .* does not match",
        "names a server whose certificate is for another host ({where}); use the name "
        "that is in the certificate",
    ),
    _Cause(
        r"certificate.verify.failed|self.signed certificate|unknown ca\b|"
        r"root certificate file .* does not exist",
        "names a server whose certificate is not trusted here ({where}); set "
        "SSL_CERT_FILE, or the driver's option in the URL such as ssl_ca_certs",
    ),
    _Cause(
        r"handshake operation timed out",
        "asks for TLS, which the server does not answer ({where}); correct the scheme "
        "or the port",
    ),
    _Cause(
        r"wrong.version.number|record.layer.failure|does not support ssl",
        "asks for TLS, which the server does not speak ({where}); correct the scheme "
        "or the port",
    ),
    _Cause(
        r"wrongpass|noauth|authenticationerror|invalid username-password|"
        r"authenticat\w+ (failed|required)|"
        r"role .* does not exist|no password (is )?(supplied|set)|without any password|"
        r"sqlstate (28P01|28000)",
        "is refused by the server ({where}); correct the user and the password",
    ),
    _Cause(
        r"noperm|permission denied|not authorized|insufficient.?privilege|"
        r"no permissions|can't run this command|accessdenied|sqlstate 42501",
        "may not do all that sessions need ({where}{detail}); give its user the rights "
        "to read, write and delete",
    ),
    _Cause(
        r"read.?only|sqlstate 25006|errno 30\b|not (primary|master)\b",
        "can be read and not written ({where}); name the primary, or make it writable",
    ),
    _Cause(
        r"\boom\b|out.?of.?memory|maxmemory|no space left|disk (is )?full|errno 28\b|"
        r"sqlstate (53100|53200)|misconf|disk i/o error|quota exceeded",
        "has no room to write ({where}); give it more memory or disk",
    ),
    _Cause(
        r"unable to open database file|did not keep it",
        "names what cannot be written ({where}); look at the rights of its folder, and "
        "for room on the disk",
    ),
    _Cause(
        r"file is not a database|disk image is malformed",
        "names a file that is no database of SQLite ({where}); name another one",
    ),
    _Cause(
        r"database .* does not exist|no such database|db index is out of range|"
        r"sqlstate 3D000",
        "names a database that is not there ({where}); make it, or name another one",
    ),
    _Cause(
        r"is loading|starting up|shutting down|sqlstate 57P03",
        "names a server that is not ready yet ({where}); start the app after it",
    ),
    _Cause(
        r"too many (clients|connections)|max number of clients|"
        r"remaining connection slots|sqlstate 53300",
        "names a server that takes no more connections ({where}); let it take more",
    ),
)
_OTHER = (
    "names a server that does not answer ({where}: {name}); start it, or set the URL "
    "of another one"
)


def no_answer(key: str, where: str, error: BaseException) -> BadSetting:
    """Return the error for a server that is down, or that refuses to work.

    The server's own message is left out, since it can show a password.
    """
    # SQLAlchemy's own message has its statement besides the driver's message.
    chain = list(causes_of(error, "orig"))
    said = "\n".join(map(_said, chain))
    is_unknown = any(isinstance(each, socket.gaierror) for each in chain)
    form = _UNKNOWN_HOST if is_unknown else _form(said)
    detail = re.search(r"'([a-z|]{2,20})' command", said)
    name = type(error).__name__
    detailed = f": {detail[1]}" if detail else ""
    return BadSetting(key, form.format(where=where, name=name, detail=detailed))


def _form(said: str) -> str:
    for cause in _CAUSES:
        if re.search(cause.signs, said, re.IGNORECASE):
            return cause.sentence
    return _OTHER


def _said(error: BaseException) -> str:
    is_wrapped = getattr(error, "orig", None) is not None
    words = "" if is_wrapped else str(error)
    return f"{type(error).__name__} sqlstate {getattr(error, 'sqlstate', None)} {words}"
