"""The pages: one public, the others for people who have logged in."""

from __future__ import annotations

import asyncio

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from flask_auth0 import current_user, login_required

from . import api_client
from .extensions import auth0

pages = Blueprint("pages", __name__)


@pages.get("/")
def home() -> str:
    return render_template("home.html")


@pages.get("/profile")
@login_required
def profile() -> str:
    return render_template("profile.html")


@pages.get("/call-api")
@login_required
def call_api() -> str:
    access_token = auth0.get_access_token()
    answer = api_client.get("api.caller", access_token)
    return render_template("call_api.html", answers=[answer])


@pages.get("/call-api-async")
@login_required
async def call_api_async() -> str:
    access_token = await auth0.client.get_access_token()
    async with api_client.async_http() as http:
        answers = await asyncio.gather(
            api_client.get_async(http, "api.caller", access_token),
            api_client.get_async(http, "api.lifetime", access_token),
        )
    return render_template("call_api_async.html", answers=answers)


@pages.get("/step-up")
@login_required(mfa=True)
def step_up() -> str:
    return render_template("step_up.html")


@pages.get("/roles")
@login_required(roles="editor")
def roles() -> str:
    return render_template("roles.html")


@pages.get("/fetch")
def fetch() -> str:
    return render_template("fetch.html")


@pages.get("/whoami.json")
@login_required
def whoami() -> ResponseReturnValue:
    return {"name": current_user.get("name"), "sub": current_user.sub}
