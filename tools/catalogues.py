"""Collect the texts for users, and compile their translations.

``python -m tools.catalogues`` writes ``flask_auth0/translations``: run it when a text
has changed. One that is new has an empty ``msgstr`` in each language, to be filled.
"""

from __future__ import annotations

import ast
import io
import pathlib
from collections.abc import Iterator

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

ROOT = pathlib.Path(__file__).parent.parent
PACKAGE = ROOT / "flask_auth0"
TRANSLATIONS = PACKAGE / "translations"
TEMPLATE = TRANSLATIONS / "flask_auth0.pot"
LANGUAGES = sorted(each.parent.parent.name for each in TRANSLATIONS.glob("*/*/*.po"))


def texts() -> list[str]:
    """Return the English texts of the package, in the order of its files."""
    sources = sorted(PACKAGE.rglob("*.py"))
    pages = sorted((PACKAGE / "templates").rglob("*.html"))
    found = [text for path in sources for text in _in_source(path.read_text("utf-8"))]
    found += [text for path in pages for text in _in_template(path.read_text("utf-8"))]
    return list(dict.fromkeys(found))


def _in_source(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Text":
            text = node.args[0]
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield text.value


def _in_template(source: str) -> Iterator[str]:
    for call in Environment(autoescape=True).parse(source).find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr == "text":
            yield call.args[0].as_const()


def template() -> Catalog:
    """Return the catalogue that each translation begins with."""
    catalog = Catalog(project="flask_auth0", header_comment="# Texts of flask_auth0.")
    for text in texts():
        catalog.add(text)
    return catalog


def translated(language: str) -> Catalog:
    """Return a translation, with all texts of today and no others."""
    with _po(language).open("rb") as file:
        catalog = read_po(file, locale=language)
    catalog.update(template(), no_fuzzy_matching=True, keep_user_comments=True)
    catalog.obsolete.clear()
    catalog.fuzzy = False
    return catalog


def as_po(catalog: Catalog) -> str:
    """Return the text of a catalogue, without what differs from run to run."""
    file = io.BytesIO()
    write_po(file, catalog, omit_header=True, width=76)
    return _header(catalog) + file.getvalue().decode()


def as_mo(catalog: Catalog) -> bytes:
    """Return a catalogue as :mod:`gettext` reads it."""
    file = io.BytesIO()
    write_mo(file, catalog)
    return file.getvalue()


def _header(catalog: Catalog) -> str:
    language = str(catalog.locale) if catalog.locale else ""
    lines = ["Content-Type: text/plain; charset=utf-8"]
    lines += [f"Language: {language}"] if language else []
    shown = "".join(f'"{line}\\n"\n' for line in lines)
    return f'msgid ""\nmsgstr ""\n{shown}\n'


def _po(language: str) -> pathlib.Path:
    return TRANSLATIONS / language / "LC_MESSAGES" / "flask_auth0.po"


def written() -> dict[pathlib.Path, bytes]:
    """Return the files as they have to be, by their paths."""
    files = {TEMPLATE: as_po(template()).encode()}
    for language in LANGUAGES:
        catalog, path = translated(language), _po(language)
        files[path] = as_po(catalog).encode()
        files[path.with_suffix(".mo")] = as_mo(catalog)
    return files


def texts_in(content: bytes) -> list[tuple[str, str]]:
    """Return the texts of a file with their translations.

    Its lines differ with the release of Babel, and its header with the time.
    """
    is_compiled = content.startswith(b"\xde\x12\x04\x95")
    read = read_mo if is_compiled else read_po
    return [(str(e.id), str(e.string)) for e in read(io.BytesIO(content)) if e.id]


if __name__ == "__main__":
    for path, content in written().items():
        if not path.exists() or texts_in(path.read_bytes()) != texts_in(content):
            path.write_bytes(content)
