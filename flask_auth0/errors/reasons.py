"""The reasons that lines of the log have, each with what it means and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from logging import DEBUG, ERROR, INFO, WARNING
from types import MappingProxyType

from msgspec import Struct


class Reason(Struct, frozen=True):
    """A reason: the level of its lines, what happened, and what an operator can do."""

    level: int
    meaning: str
    remedy: str = "Nothing has to be done."


_KEYS = "AUTH0_CLIENT_SECRET, AUTH0_CLIENT_ASSERTION_SIGNING_KEY or AUTH0_MTLS_CERT"

#: The reasons under their codes, which stay the same from release to release.
REASONS: Mapping[str, Reason] = MappingProxyType(
    {
        # What went well.
        "login_begun": Reason(
            DEBUG,
            "A browser is sent to the tenant to log in.",
            "If it does not come back: the redirect_uri of the line has to be one of "
            "the Allowed Callback URLs of the application that AUTH0_CLIENT_ID names.",
        ),
        "logged_in": Reason(INFO, "Somebody has logged in."),
        "logged_out": Reason(INFO, "Somebody has logged out."),
        "token_refreshed": Reason(INFO, "A session has got new tokens."),
        "accounts_changed": Reason(
            INFO, "A user has connected, linked or unlinked an account."
        ),
        "session_revoked": Reason(INFO, "The app has ended sessions of a user."),
        "backchannel_logout": Reason(INFO, "The tenant has ended sessions of a user."),
        "session_limit_reached": Reason(
            INFO,
            "A login has ended an older session of its user, as there were more than "
            "AUTH0_SESSIONS_PER_USER.",
        ),
        "refresh_token_revoked": Reason(
            INFO, "The refresh token of a logout is worthless from now on."
        ),
        # What a guard refuses.
        "login_required": Reason(INFO, "Nobody is logged in, and a script asked."),
        "mfa_required": Reason(INFO, "One more factor is needed."),
        "not_allowed": Reason(
            INFO,
            "A user lacks what a view asks for.",
            "If they should have it, give it to them at the tenant; they get it with "
            "their next login.",
        ),
        "token_required": Reason(INFO, "A request to an API has no access token."),
        "invalid_token": Reason(INFO, "The access token of a request is not good."),
        "insufficient_scope": Reason(
            INFO,
            "An access token lacks what a view asks for.",
            "The client has to ask for the scope, and the tenant has to grant it.",
        ),
        # What the tenant refuses.
        "refused_by_tenant": Reason(
            WARNING,
            "The tenant sent the browser back with an error.",
            "Its error and error_description are in the line. For 'Service not found' "
            "the value of AUTH0_AUDIENCE is no API of the tenant.",
        ),
        "client_refused": Reason(
            WARNING,
            "The tenant does not accept who the app says it is.",
            f"Check AUTH0_CLIENT_ID, and {_KEYS}; at the tenant, the grant types of "
            "the application.",
        ),
        "code_refused": Reason(
            WARNING,
            "The tenant does not exchange the code of a login.",
            "It was used before, or the login took too long. If all logins end so, "
            "another callback URL may have been sent: see AUTH0_REDIRECT_URI.",
        ),
        "refresh_token_refused": Reason(
            WARNING,
            "The tenant does not take the refresh token of a session any more.",
            "Its user has to log in again. If it happens often, look at the lifetimes "
            "and the rotation of refresh tokens in the settings of the application.",
        ),
        "no_refresh_token": Reason(
            WARNING,
            "An access token has ended, and the session cannot get a new one.",
            "Add offline_access to AUTH0_SCOPE, and allow offline access for the API "
            "at the tenant. It counts from the next login on.",
        ),
        "my_account_refused": Reason(
            WARNING, "The My Account API does not do what was asked for."
        ),
        "account_unchanged": Reason(
            WARNING,
            "An account was not connected, linked or unlinked.",
            "What the tenant said is in the line.",
        ),
        "challenge_failed": Reason(
            WARNING, "A code, or another factor, was not accepted."
        ),
        "wrong_code": Reason(WARNING, "A user has entered a code that is not good."),
        "too_many_attempts": Reason(
            WARNING,
            "The tenant takes no more codes from a user for a while.",
            "Whoever it is should wait. If there are many such lines, somebody may be "
            "guessing.",
        ),
        # What the tenant does not do.
        "rate_limited": Reason(
            WARNING,
            "The tenant answers with status 429: its rate limit is reached.",
            "Until its Retry-After has passed, the process asks it no more. Ask it "
            "less often, or have the limit raised.",
        ),
        "too_many_wait": Reason(
            WARNING,
            "The tenant is slow, or more logins and refreshes come than it answers, "
            "and as many wait for it as may.",
            "See its status page. AUTH0_TENANT_CONCURRENCY is how many requests of a "
            "process wait for it at once.",
        ),
        "tenant_unavailable": Reason(
            WARNING,
            "The tenant has a problem, or did not answer in time.",
            "See its status page. AUTH0_TIMEOUT is how long requests wait.",
        ),
        "tenant_unreachable": Reason(
            WARNING,
            "Nothing answers at the tenant's address.",
            "Check AUTH0_DOMAIN, the DNS and the firewall.",
        ),
        "proxy_failed": Reason(
            WARNING,
            "The proxy on the way to the tenant does not work.",
            "Check HTTPS_PROXY, or exempt the tenant with NO_PROXY.",
        ),
        "certificate_not_trusted": Reason(
            WARNING,
            "The tenant's certificate is not trusted here.",
            "SSL_CERT_FILE, if it is set, has to be a file of certificates that has "
            "the tenant's authority.",
        ),
        "invalid_response": Reason(
            WARNING,
            "The tenant gave an answer that makes no sense, or refused this app.",
            "The line says what is wrong with it. Check AUTH0_DOMAIN.",
        ),
        "id_token_not_verified": Reason(
            WARNING,
            "The ID token of an answer is not good.",
            "The algorithm of the application has to be RS256, and the server's clock "
            "right.",
        ),
        # What goes wrong here.
        "login_failed": Reason(WARNING, "A login cannot go on.", "The line says why."),
        "refused_by_app": Reason(
            WARNING,
            "A hook or a receiver of the app has refused a login.",
            "The error is the app's own.",
        ),
        "cookies_refused": Reason(
            WARNING,
            "A browser came back without the cookie of its login.",
            "If all browsers do: check AUTH0_COOKIE_DOMAIN, and that the app is "
            "visited at the address of its callback.",
        ),
        "login_loop": Reason(
            WARNING,
            "A browser was sent to log in again and again, and was stopped.",
            "The line says why its logins do not last.",
        ),
        "session_too_large": Reason(
            WARNING,
            "A session does not fit into cookies.",
            "Set SESSION_TYPE, for example to redis, or ask for smaller tokens.",
        ),
        "response_too_large": Reason(
            WARNING,
            "A proxy would not take the headers of a response.",
            "Set SESSION_TYPE, or AUTH0_RESPONSE_HEADER_LIMIT if the proxy takes more.",
        ),
        "session_store_unavailable": Reason(
            WARNING,
            "The back end of sessions is down or slow.",
            "The line before has the error of its driver.",
        ),
        "tokens_not_kept": Reason(
            WARNING,
            "The back end did not take the new tokens of a session yet.",
            "That is tried again, until the back end answers.",
        ),
        "tokens_lost": Reason(
            ERROR,
            "The back end did not take the new tokens of a session for too long.",
            "The user of the session has to log in again.",
        ),
        "backchannel_logout_refused": Reason(
            WARNING,
            "A request to end sessions from outside was not accepted.",
            "If it came from the tenant, check AUTH0_DOMAIN and AUTH0_CLIENT_ID. "
            "Anybody can send such requests.",
        ),
        "configuration_error": Reason(
            ERROR,
            "Settings are wrong or missing, and only a request has shown it.",
            "The line names them.",
        ),
        "server_error": Reason(
            WARNING, "Something else did not work.", "The line says what."
        ),
    }
)
