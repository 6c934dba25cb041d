"""The errors, each with its HTTP status and a sentence for the user.

::

    HTTPException
    └── Auth0Error
        ├── ConfigurationError      the app's settings are wrong or missing
        ├── LoginRequired           nobody is logged in
        │   └── MfaRequired             one more factor is needed
        ├── ChallengeFailed         a code, or another factor, was not accepted
        │   └── WrongCode               the code is wrong or too old
        ├── NotAllowed              a user lacks what is asked for
        │   └── InsufficientScope       an access token lacks it
        ├── TokenRequired           a request has no access token
        │   └── InvalidToken            its access token is not good
        ├── AccountUnchanged        no account was connected, linked or unlinked
        ├── LoginFailed             a login cannot go on
        │   ├── AuthorizationFailed     the tenant said no
        │   ├── LoginLoop               logins do not last, again and again
    │   │   └── LoginInVain             they last, but are not enough for a page
        │   └── SessionTooLarge         a session does not fit into cookies
        │       └── ResponseTooLarge        a proxy would not take the cookies
        ├── MyAccountRefused        a change of a user's account is not possible
        ├── SessionStoreUnavailable the back end of sessions is down or slow
        ├── TenantUnavailable       the tenant is down or slow
        └── TenantError             the tenant's answer makes no sense
"""

from __future__ import annotations

from .access import InsufficientScope as InsufficientScope
from .access import InvalidToken as InvalidToken
from .access import NotAllowed as NotAllowed
from .access import TokenRequired as TokenRequired
from .accounts import AccountUnchanged as AccountUnchanged
from .accounts import MyAccountRefused as MyAccountRefused
from .base import Action as Action
from .base import Auth0Error as Auth0Error
from .configuration import ConfigurationError as ConfigurationError
from .log import ProblemLog as ProblemLog
from .log import as_said as as_said
from .log import in_one_line as in_one_line
from .log import log_event as log_event
from .log import log_failure as log_failure
from .log import of_session as of_session
from .logins import MULTI_FACTOR as MULTI_FACTOR
from .logins import AuthorizationFailed as AuthorizationFailed
from .logins import ChallengeFailed as ChallengeFailed
from .logins import LoginFailed as LoginFailed
from .logins import LoginInVain as LoginInVain
from .logins import LoginLoop as LoginLoop
from .logins import LoginRequired as LoginRequired
from .logins import MfaRequired as MfaRequired
from .logins import WrongCode as WrongCode
from .outages import SessionStoreUnavailable as SessionStoreUnavailable
from .outages import TenantError as TenantError
from .outages import TenantUnavailable as TenantUnavailable
from .outages import app_refused as app_refused
from .outages import tenant_busy as tenant_busy
from .sizes import ResponseTooLarge as ResponseTooLarge
from .sizes import SessionTooLarge as SessionTooLarge
