"""How Sphinx builds the documentation."""

from __future__ import annotations

from flask_auth0 import __version__

project = "flask_auth0"
author = "the flask_auth0 authors"
copyright = author
release = version = __version__

extensions = ["sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
highlight_language = "none"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True

html_theme = "alabaster"
html_static_path = ["_static"]
html_show_copyright = False
html_theme_options = {
    "fixed_sidebar": True,
    "page_width": "1080px",
    "show_powered_by": False,
}
