"""The texts of the pages, in the language of Flask-Babel or in an app's own words."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask
from flask_babel import Babel, lazy_gettext
from werkzeug.test import TestResponse

from flask_auth0 import Auth0, LoginFailed, NotAllowed
from flask_auth0.pages import Text, sentences
from flask_auth0.testing import CONFIG
from tests.harness.visitor import FETCH, NAVIGATION
from tests.pages.shown import make_app

GERMAN = "/error/not-allowed?lang=de"


def get(app: Flask, path: str) -> TestResponse:
    return app.test_client().get(path, headers=NAVIGATION)


def test_a_page_is_in_the_language_of_the_request() -> None:
    app = make_app()
    german = get(app, GERMAN).text
    assert '<html lang="de" dir="ltr">' in german
    assert '<h1 tabindex="-1" autofocus>Das dürfen Sie nicht sehen</h1>' in german
    assert ">Zur Startseite</a>" in german
    assert "start page" not in german
    austrian = get(app, "/page/log-out?lang=de_AT").text
    assert "Möchten Sie sich abmelden?" in austrian


def test_a_language_without_texts_gets_english_and_says_so() -> None:
    page = get(make_app(), "/error/not-allowed?lang=fr").text
    assert '<html lang="en" dir="ltr">' in page
    assert "You may not see this" in page


def test_programs_get_english() -> None:
    answer = make_app().test_client().get(GERMAN, headers=FETCH)
    assert answer.json is not None
    assert answer.json["error_description"] == "Your account lacks what this needs."
    answer.data.decode("ascii")


def catalogue(folder: Path, language: str, texts: dict[str, str]) -> None:
    catalog = Catalog(locale=language)
    for text, translation in texts.items():
        catalog.add(text, translation)
    path = folder / language / "LC_MESSAGES" / "flask_auth0.mo"
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        write_mo(file, catalog)


def test_a_catalogue_of_the_app_wins_text_by_text(tmp_path: Path) -> None:
    catalogue(tmp_path, "de", {"You may not see this": "Hier nicht"})
    catalogue(tmp_path, "ar", {"en": "ar", "ltr": "rtl", "You may not see this": "لا"})
    app = Flask(__name__)
    app.config.update(CONFIG, BABEL_TRANSLATION_DIRECTORIES=str(tmp_path))
    Auth0(app)
    asked = ["de"]
    Babel(app, locale_selector=lambda: asked[0])

    @app.get("/")
    def refuse() -> t.NoReturn:
        raise NotAllowed

    assert "Hier nicht" in (page := get(app, "/").text)
    assert "Ihrem Konto fehlt" in page
    asked[:] = ["ar"]
    assert '<html lang="ar" dir="rtl">' in (page := get(app, "/").text)
    assert "لا" in page


def test_the_words_of_the_app_win_over_all() -> None:
    app = Flask(__name__)
    app.config.update(CONFIG)
    auth0 = Auth0(app)
    words = {
        "You may not see this": "Members <only>",
        "Your account lacks {what}.": "{what}, {nothing} & all",
    }
    auth0.text_handler(words.get)

    @app.get("/")
    def refuse() -> t.NoReturn:
        raise NotAllowed(Text("Your account lacks {what}.", what="<i>luck</i>"))

    page = get(app, "/").text
    assert "Members &lt;only&gt;" in page
    # The function names a value that there is not.
    assert "Your account lacks &lt;i&gt;luck&lt;/i&gt;." in page


def test_an_app_that_does_not_know_the_language_still_shows_the_page(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = Flask(__name__)
    app.config.update(CONFIG)
    Auth0(app)
    Babel(app, locale_selector=lambda: app.config["NO_SUCH_KEY"])

    @app.get("/")
    def refuse() -> t.NoReturn:
        raise NotAllowed

    assert "You may not see this" in get(app, "/").text
    told = [each for each in caplog.messages if "KeyError" in each]
    assert len(told) == 1
    assert "pages are in English" in told[0]


def test_lazy_texts_of_an_apps_own_errors() -> None:
    app = make_app()

    class Suspended(LoginFailed):
        error = "suspended"
        title = lazy_gettext("Suspended")  # type: ignore[assignment]
        description = lazy_gettext("Write to us.")  # type: ignore[assignment]

    app.add_url_rule("/own", view_func=lambda: (_ for _ in ()).throw(Suspended()))
    assert "Write to us." in get(app, "/own").text
    answer = app.test_client().get("/own")
    assert answer.json is not None
    assert answer.json["error_description"] == "Write to us."


def test_texts_in_texts_are_translated_as_well() -> None:
    role = Text("the role {names}", names=Text("{one} or {other}", one="a", other="b"))
    lacks = sentences(Text("Your account lacks {what}.", what=role), "As you see.")
    assert lacks == "Your account lacks the role a or b. As you see."
    with make_app().test_request_context("/?lang=de"):
        said = lacks.translated()
    assert said == "Ihrem Konto fehlt die Rolle a oder b. As you see."
    assert lacks.translated() == lacks
