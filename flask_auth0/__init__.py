"""Login, logout and a user with Auth0 for Flask."""

from .errors import Auth0Error as Auth0Error

from .client import sdk as _sdk  # noqa: F401  # isort: skip  # before all others
from .errors import AccountUnchanged as AccountUnchanged
from .errors import AuthorizationFailed as AuthorizationFailed
from .errors import ChallengeFailed as ChallengeFailed
from .errors import ConfigurationError as ConfigurationError
from .errors import InsufficientScope as InsufficientScope
from .errors import InvalidToken as InvalidToken
from .errors import LoginFailed as LoginFailed
from .errors import LoginLoop as LoginLoop
from .errors import LoginRequired as LoginRequired
from .errors import MfaRequired as MfaRequired
from .errors import MyAccountRefused as MyAccountRefused
from .errors import NotAllowed as NotAllowed
from .errors import SessionStoreUnavailable as SessionStoreUnavailable
from .errors import SessionTooLarge as SessionTooLarge
from .errors import TenantError as TenantError
from .errors import TenantUnavailable as TenantUnavailable
from .errors import TokenRequired as TokenRequired
from .errors import WrongCode as WrongCode
from .extension import Auth0 as Auth0
from .signals import accounts_changed as accounts_changed
from .signals import login_failed as login_failed
from .signals import session_revoked as session_revoked
from .signals import token_refreshed as token_refreshed
from .signals import user_logged_in as user_logged_in
from .signals import user_logged_out as user_logged_out
from .user import current_user as current_user
from .views.bearer import bearer_required as bearer_required
from .views.guards import login_required as login_required
from .views.needs import any_of as any_of
from .views.refused_forms import kept_form as kept_form
from .views.silent import silent_login as silent_login
from .views.whole_app import public as public

__version__ = "0.2.0"
