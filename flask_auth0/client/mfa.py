"""The SDK's client for second factors, and what one adds to a session."""

from __future__ import annotations

import inspect
import typing as t

import jwt
from auth0_server_python.auth_server.mfa_client import MfaClient
from auth0_server_python.auth_types import MfaVerifyResponse
from auth0_server_python.error import MfaTokenInvalidError, MfaVerifyError

from ..config import Config
from ..config.urls import is_issuer
from ..errors import LoginRequired, TenantError
from ..pages import Text
from ..runtime.clock import Clock
from ..runtime.request import current_request
from ..sessions.claims import with_new_claims
from ..sessions.flows import during
from ..sessions.shapes import State
from ..sessions.storage_contract import KEY
from ..sessions.token_sets import confirmed
from .dispatch import OnOurLoop, coroutine_on_loop
from .mfa_tokens import asking, domain_of, name_of, session_of
from .tokens import TokenClient, require_session

Options = dict[str, t.Any]


class Mfa(OnOurLoop):
    """The SDK's client for second factors, whose tokens go into sessions of ours.

    The SDK itself would make a new state of a session, without the fields and tokens
    that it does not know.

    :param client: the client of the app.
    :param mfa: the SDK's client.
    :param clock: tells when tokens end.
    """

    def __init__(
        self, client: TokenClient, mfa: MfaClient, config: Config, clock: Clock
    ) -> None:
        super().__init__(mfa, config.timeout)
        self._app_client, self._mfa, self._clock = client, mfa, clock
        self._secret = config.secret[0]

    def __getattr__(self, name: str) -> t.Any:
        call = super().__getattr__(name)
        is_fixed = self._app_client.domains.fixed is not None
        if is_fixed or not inspect.iscoroutinefunction(call):
            return call

        async def at_its_tenant(*args: t.Any, **more: t.Any) -> t.Any:
            await self._require_tenant_of(args[0] if args else more["options"])
            waiting = call(*args, **more)
            # The report of an error may show the variables of this frame.
            del args, more
            return await waiting

        return at_its_tenant

    async def _require_tenant_of(self, options: Options) -> None:
        """Refuse a factor that another tenant has asked for.

        :raises MfaTokenInvalidError: before that one's token is sent anywhere.
        """
        client = self._app_client
        if client.domains.fixed is not None:
            return
        domain = await coroutine_on_loop(client.domain_here, (), {}, self._limit)
        token = options.get("mfa_token") or ""
        self._mfa.decrypt_mfa_token(token)
        if domain_of(token, self._secret) != domain:
            raise MfaTokenInvalidError()

    async def verify(
        self,
        options: Options,
        store_options: Options | None = None,
        dpop_key: t.Any = None,
    ) -> MfaVerifyResponse:
        """Verify a code, as the SDK does.

        With ``persist``, the tokens are added to the session: its claims are those of
        the new ID token, and all else stays. Where nobody is logged in, or somebody
        else, it is a login.

        :raises MfaTokenInvalidError: when the factor was asked for in a session, and
            that is not the one of this request.
        :raises MfaVerifyError: when the code is wrong, or the answer is not good.
        :raises MfaRequiredError: when one more factor is needed.
        :raises Auth0Error: when the tokens could not be kept, before the code is spent.
        """
        method = self._verify_and_keep if options.get("persist") else self._mfa.verify
        arguments = (options, store_options, dpop_key)
        await self._require_tenant_of(options)
        with during(asking, self._asker(options)):
            waiting = coroutine_on_loop(method, arguments, {}, self._limit)
            # The report of an error may show the variables of this frame.
            del options, arguments
            return await waiting

    def _asker(self, options: Options) -> str | None:
        """Return the session in which a factor was asked for, if it was in any.

        :raises MfaTokenInvalidError: when the SDK does not take the token.
        """
        token = options.get("mfa_token") or ""
        self._mfa.decrypt_mfa_token(token)
        return session_of(token, self._secret)

    async def _verify_and_keep(
        self, options: Options, store_options: Options | None, dpop_key: t.Any
    ) -> MfaVerifyResponse:
        require_session()
        client, current = self._app_client, current_request()
        state = await client.store.get(KEY, store_options)
        if asking.get() not in {None, name_of(state)}:
            raise MfaTokenInvalidError()
        if state is None:
            await client.require_login(current)
        else:
            client.store.require_writable(current)
        context = self._mfa.decrypt_mfa_token(options.get("mfa_token") or "")
        verified = await self._mfa.verify(
            {**options, "persist": False}, store_options, dpop_key
        )
        audience = options.get("audience") or context.audience
        scope = options.get("scope") or context.scope
        await self._keep(verified, audience, scope, store_options)
        return verified

    async def _keep(
        self,
        verified: MfaVerifyResponse,
        audience: str,
        scope: str,
        store_options: Options | None,
    ) -> None:
        """Add tokens to the session of their user, or begin one."""
        client = self._app_client
        claims = await self._claims(verified)
        async with client.turn_and_lease(store_options):
            state = await client.store.get(KEY, store_options)
            if state and _are_of_user(claims, state):
                await self._add(state, verified, audience, scope, store_options)
                return
        if not claims:
            raise MfaVerifyError(
                "MFA verification response did not include an ID token."
            ) from TenantError(remedy="The answer to a second factor has no ID token.")
        await client.require_login(current_request())
        await client.log_in_with_factor(verified, audience, scope, store_options)

    async def _claims(self, verified: MfaVerifyResponse) -> State:
        """Return the claims of the ID token, or none if there is no such token."""
        if not verified.id_token:
            return {}
        client = self._app_client
        try:
            domain = await client.domain_here()
            return await client.claims_of(verified.id_token, domain)
        except (jwt.PyJWTError, ValueError) as error:
            told = f"ID token verification failed: {error}"
            raise MfaVerifyError(told) from error

    async def _add(
        self,
        state: State,
        verified: MfaVerifyResponse,
        audience: str,
        scope: str,
        store_options: Options | None,
    ) -> None:
        now = int(self._clock.time())
        token_set = {
            "audience": audience,
            "access_token": verified.access_token,
            "scope": verified.scope or scope,
            # Asking again for what was not granted would change nothing.
            "asked_for": scope,
            "expires_at": now + verified.expires_in,
        }
        changed = {
            **with_new_claims({**state, "id_token": verified.id_token}, state),
            **_with_refresh_token(state, verified),
            "token_sets": [*state["token_sets"], token_set],
        }
        store = self._app_client.store
        token = confirmed.set(changed["id_token"])
        try:
            await store.set(KEY, changed, options=store_options)
        finally:
            confirmed.reset(token)
        if await store.get(KEY, store_options) is None:
            # A logout may have ended the session meanwhile, and stays the last word.
            raise LoginRequired(Text("Your session has ended. Please log in again."))
        current_request().has_new_tokens = True


def _are_of_user(claims: State, state: State) -> bool:
    """Tell whether an answer is for the user of a session.

    :param claims: those of its ID token. One without is good for the session in which
        the factor was asked for.
    """
    if not claims:
        return asking.get() == name_of(state)
    is_same = claims["sub"] == state["user"]["sub"]
    return is_same and is_issuer(claims["iss"], state.get("domain") or "")


def _with_refresh_token(state: State, verified: MfaVerifyResponse) -> State:
    """Return the refresh token to go on with, and the ID token that came with it.

    Later ID tokens are compared with that one (OpenID Connect Core, section 12.2), so
    that it stays with its refresh token.
    """
    if state.get("refresh_token") and not verified.refresh_token:
        return {"id_token": state.get("id_token")}
    id_token = verified.id_token or state.get("id_token")
    return {"id_token": id_token, "refresh_token": verified.refresh_token}
