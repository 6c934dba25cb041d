"""The plan: a line for each module, and what has to come of it.

Those whose names begin with ``oidcc-`` and ``fapi2-`` are the OpenID Foundation's, for
relying parties: code flow, discovery, refresh, logout from the app and from the back
channel, and what FAPI 2 asks of a client. The others go on where those end.
"""

from __future__ import annotations

from .beyond_answers import BEYOND_ANSWERS, BEYOND_REDIRECT
from .beyond_claims import BEYOND_CLAIMS
from .beyond_keys import BEYOND_HEADERS, BEYOND_KEYS
from .beyond_sessions import BEYOND_LOGOUT, BEYOND_REFRESH
from .fapi import FAPI_2, LEFT_OUT
from .foundation import DISCOVERY, LOGIN, LOGOUT, REFRESH

KNOWN_MODULES = [*LOGIN, *DISCOVERY, *REFRESH, *LOGOUT, *FAPI_2]
BEYOND = [
    *BEYOND_CLAIMS,
    *BEYOND_HEADERS,
    *BEYOND_KEYS,
    *BEYOND_ANSWERS,
    *BEYOND_REDIRECT,
    *BEYOND_REFRESH,
    *BEYOND_LOGOUT,
]

PLAN = [*KNOWN_MODULES, *BEYOND, *LEFT_OUT]
