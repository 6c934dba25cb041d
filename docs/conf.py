"""How Sphinx builds the documentation."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from flask_auth0 import __version__

project = "flask_auth0"
author = "the flask_auth0 authors"
copyright = author
release = version = __version__

sys.path.append(str(Path(__file__).parent / "_ext"))
extensions = ["settings", "sphinx.ext.autodoc", "sphinx.ext.intersphinx"]
exclude_patterns = ["_build"]
highlight_language = "none"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

# A link that leads nowhere is a warning, and tests build with warnings as errors.
nitpicky = True
# Builds need no network. Where the pages are published there is one, and the names of
# others become links.
intersphinx_mapping = (
    {
        "flask": ("https://flask.palletsprojects.com/en/stable/", None),
        "python": ("https://docs.python.org/3/", None),
        "werkzeug": ("https://werkzeug.palletsprojects.com/en/stable/", None),
    }
    if os.environ.get("READTHEDOCS")
    else {}
)
# These are in signatures: names of others, where no network is, and types of our own
# that nobody writes.
nitpick_ignore_regex = [
    (r"py:.*", r"(auth0_server_python|blinker|collections|flask|werkzeug)\..+"),
    (r"py:.*", r"(contextlib|datetime|dict|typing)\..+|WSGIApplication"),
    (r"py:class", r"flask_auth0\.(client|config|extension|tenant|views)\..+"),
]

html_theme = "furo"
html_title = "flask_auth0"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_js_files = [("accessible.js", {"defer": "defer"})]
_NAMES = {
    "color-api-name": "var(--color-foreground-primary)",
    "color-api-pre-name": "var(--color-foreground-secondary)",
}
html_theme_options = {
    "light_css_variables": _NAMES,
    "dark_css_variables": _NAMES,
    "top_of_page_buttons": [],
}
html_show_copyright = False
html_show_sphinx = False
