"""The flows that lead a browser to the tenant and back, as transactions keep them.

A flow logs somebody in, or connects, links or unlinks an account. Which of these it is
stands in its transaction, so that nothing in a URL can turn one into another.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from auth0_server_python.auth_types import TransactionData
from msgspec import Struct
from msgspec.structs import asdict

from .shapes import Moment, Shape, State, without_none

T = t.TypeVar("T")
Claims = Mapping[str, t.Any]
Kind = t.Literal["login", "connect", "link", "unlink"]


class Flow(Struct, frozen=True):
    """What a transaction keeps of a flow, besides the SDK's data and the app's."""

    kind: Kind
    #: The ``nonce`` of its ID token (OpenID Connect Core, section 3.1.2.1).
    nonce: str
    #: The page that it leads to.
    next: str | None = None
    #: The purpose of a login, as :func:`.repeated_logins.purpose_of` returns it.
    purpose: str | None = None
    max_age: int | None = None
    begun_at: Moment | None = None
    #: A tag of the session that the browser had, if it had one.
    session: str | None = None
    #: The classes of authentication that were asked for.
    acr_values: str | None = None
    #: The organization that the SDK has asked for, and the app's own data: both are in
    #: the SDK's part of the transaction.
    organization: str | None = None
    app_state: t.Any = None
    #: The domain at which it began, if the app has several.
    domain: str | None = None


_FLOWS = Shape(Flow)


class Departure(Struct, frozen=True):
    """A flow that is about to leave for the tenant."""

    flow: Flow
    #: The URL to come back to.
    redirect_uri: str
    #: Returns the parameters of an authorization request with those of this flow.
    completed: Callable[[Mapping[str, t.Any]], State]


class Arrival:
    """A flow that has come back, while the SDK completes it.

    :param check: raises an error for the claims of an ID token that are not of this
        flow.
    """

    #: What the token response says was authorized (RFC 9396, section 7).
    authorization_details: t.Any = None
    #: Its ID token and the claims in it, once they are verified.
    verified: tuple[str, Claims] | None = None

    def __init__(self, kind: Kind, check: Callable[[Claims], None]) -> None:
        self.kind: Kind = kind
        self.check: Callable[[Claims], None] = check


#: The flow that leaves, which is set around the SDK's call. While it is set, the
#: transaction store keeps its data (:func:`with_flow`), and what sends or builds an
#: authorization request adds its parameters (:func:`completed`).
departing: ContextVar[Departure | None] = ContextVar("departing", default=None)

#: The flow that has come back, which is set around the SDK's call. While it is set, the
#: client checks ID tokens for it, and the state store keeps what it brings, or nothing
#: (:func:`arrived`).
arriving: ContextVar[Arrival | None] = ContextVar("arriving", default=None)


@contextmanager
def during(variable: ContextVar[T], value: T) -> Iterator[None]:
    """Set a variable while the block runs."""
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def completed(parameters: Mapping[str, t.Any]) -> State:
    """Return the parameters of an authorization request with those of the flow."""
    departure = departing.get()
    return {**parameters} if departure is None else departure.completed(parameters)


def with_flow(transaction: TransactionData) -> TransactionData:
    """Return a transaction of the SDK with the flow that departs."""
    departure = departing.get()
    if departure is None:
        return transaction
    kept = {
        "flow": without_none(asdict(departure.flow)),
        "app_state": transaction.app_state,
    }
    # Of the flows that link accounts, the SDK does not keep where they come back to.
    uri = transaction.redirect_uri or departure.redirect_uri
    return transaction.model_copy(
        update={"app_state": without_none(kept), "redirect_uri": uri}
    )


def without_flow(transaction: TransactionData | None) -> TransactionData | None:
    """Return a transaction as the SDK has made it."""
    kept = _kept_in(transaction)
    if transaction is None or kept is None:
        return transaction
    return transaction.model_copy(update={"app_state": kept.get("app_state")})


def flow_of(transaction: TransactionData | None) -> Flow | None:
    """Return the flow that a transaction is of, if it is of any."""
    kept = _kept_in(transaction)
    if kept is None:
        return None
    organization = getattr(transaction, "organization", None)
    theirs = {"organization": organization, "app_state": kept.get("app_state")}
    whole = {**kept["flow"], **theirs}
    return _FLOWS.of(whole)


def _kept_in(transaction: TransactionData | None) -> State | None:
    """Return what a transaction has in the place of the app's data, if it is ours."""
    kept = getattr(transaction, "app_state", None)
    is_ours = isinstance(kept, dict) and isinstance(kept.get("flow"), dict)
    return kept if is_ours else None


def arrived(state: State) -> State | None:
    """Return the state to keep of what a flow has brought, if anything.

    The tokens of a flow that links an account are good for that alone, so the session
    stays as it is.
    """
    arrival = arriving.get()
    if arrival is None:
        return state
    if arrival.kind in {"link", "unlink"}:
        return None
    details = arrival.authorization_details
    return {**state, "authorization_details": details} if details else state
