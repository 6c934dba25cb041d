"""Functions of an app that change what a session holds, or answer a login."""

from __future__ import annotations

import copy
import json
import typing as t
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from types import MappingProxyType

from ..errors import log_event
from ..runtime import app_functions
from ..runtime.request import current_request
from ..signals import user_logged_in
from .claims import with_own_names
from .hidden_tokens import with_hidden_tokens
from .shapes import State, without_none

#: The claims on who logged in, where, when and how, which only the tenant can set.
IDENTITY = frozenset(
    (
        *("sub", "sid", "iss", "aud", "azp", "iat", "exp", "nonce", "at_hash"),
        *("auth_time", "acr", "amr", "org_id", "org_name", "session_expiry"),
    )
)

#: Whether hooks are changing a session that is about to be kept.
_saving: ContextVar[bool] = ContextVar("saving", default=False)


class SessionHooks:
    """The functions that an app has registered, in their order."""

    def __init__(self) -> None:
        self.before_saved: list[Callable[[State], t.Any]] = []
        self.after_login: list[Callable[[t.Any, t.Any], t.Any]] = []

    def apply(self, state: State) -> State:
        """Return a state as the hooks have changed it.

        The claims on who the user is, and the fields of the extension, stay as they
        were.

        :raises TypeError: when a hook leaves a value that is no JSON.
        """
        token = _saving.set(True)
        # The SDK's model has ``None`` for claims that the ID token does not have.
        state = {**state, "user": without_none(state["user"])}
        try:
            for hook in self.before_saved:
                state = _changed(state, hook)
        except Exception as error:
            current_request().hook_errors += (error,)
            raise
        finally:
            _saving.reset(token)
        return state


def tell_of_login(hooks: SessionHooks, state: State, undo: Callable[[], None]) -> None:
    """Tell the app who has logged in, without a redirect of the browser.

    :param undo: ends the session, if the app refuses the login.
    """
    user = without_none(state["user"])
    session = {name: state[name] for name in state if name != "internal"}
    shown = with_hidden_tokens({**copy.deepcopy(session), "user": user})
    shown["user"] = MappingProxyType(user)
    try:
        for hook in hooks.after_login:
            app_functions.call(hook, MappingProxyType(shown), MappingProxyType({}))
        user_logged_in.send(current_request().app, user=user)
        log_event(current_request(), "logged_in", event="login", sub=user.get("sub"))
    except Exception:
        undo()
        raise


def refuse_while_saving() -> None:
    """Raise an error in a hook, which holds the turn that it would wait for.

    :raises RuntimeError: when called by a hook.
    """
    if _saving.get():
        raise RuntimeError(
            "A before_session_saved hook cannot refresh or update the session that is "
            "being saved. Change the mapping that it is given."
        )


def checked_claims(claims: Mapping[str, t.Any]) -> State:
    """Return changes of claims, as later requests will read them from JSON.

    :raises ValueError: when they would change who the user is.
    :raises TypeError: when a claim cannot be kept as JSON.
    """
    fixed = sorted(IDENTITY.intersection(claims))
    if fixed:
        raise ValueError(
            f"update_session() cannot change {', '.join(fixed)}: only a login says who "
            "the user is."
        )
    return _as_json(claims, "update_session() was given", "the claim")


def with_claims(state: State, changes: Mapping[str, t.Any]) -> State:
    """Return a state with other claims; those that are ``None`` are removed."""
    changed = {**state, "user": without_none({**state["user"], **changes})}
    return with_own_names(changed, changes)


def _changed(state: State, hook: Callable[[State], t.Any]) -> State:
    shown = copy.deepcopy({k: v for k, v in state.items() if k != "internal"})
    shown = with_hidden_tokens(shown)
    told = f"The before_session_saved hook '{_name(hook)}'"
    if app_functions.call(hook, shown) is not None:
        raise TypeError(f"{told} returned something. Change what it is given.")
    claims = shown.pop("user", None)
    if not isinstance(claims, Mapping):
        raise TypeError(f"{told} left no mapping of claims under 'user'.")
    user = _as_json(claims, f"{told} left", "the claim")
    rest = _as_json(shown, f"{told} left", "the field")
    return {
        **_without_added_tokens(rest, state),
        "user": without_none(_with_identity(user, state["user"])),
        "domain": state.get("domain"),
        "internal": state["internal"],
    }


def _with_identity(user: State, before: Mapping[str, t.Any]) -> State:
    """Return claims of the same user; those of identity can only be left out."""
    own = {name: value for name, value in user.items() if name not in IDENTITY}
    left = [k for k in before if k in IDENTITY and (k in user or k == "sub")]
    return {**{name: before[name] for name in left}, **own}


def _without_added_tokens(rest: State, before: State) -> State:
    """Return a state without tokens that a hook has added."""
    kept: State = {}
    for field in ("id_token", "refresh_token"):
        kept[field] = before.get(field) if rest.get(field) else None
    for field in ("token_sets", "connection_token_sets"):
        wanted = rest.get(field) or []
        kept[field] = [each for each in before.get(field) or [] if each in wanted]
    return {**rest, **kept}


def _as_json(values: Mapping[str, t.Any], told: str, what: str) -> State:
    return {str(k): _value(v, f"{told} {what} '{k}'") for k, v in values.items()}


def _value(value: t.Any, told: str) -> t.Any:
    try:
        # The options are those of the sealer, so that the value reads as it will later.
        text = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        kind = type(value).__name__
        raise TypeError(f"{told} ({kind}), which cannot be kept as JSON.") from error


def _name(hook: Callable[..., t.Any]) -> str:
    return getattr(hook, "__qualname__", type(hook).__name__)
