"""Entries of the configuration: an anchor, what the code says, and links to a key.

``.. setting:: AUTH0_SCOPE`` describes a key. Its default is that of the code; keys that
others define have theirs in the option ``default``. Wherever a page names the key, in a
literal of its own, the name leads to the entry.
"""

from __future__ import annotations

import typing as t
from dataclasses import MISSING

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.domains.std import GenericObject, StandardDomain
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.nodes import make_refnode
from sphinx.util.typing import OptionSpec

from flask_auth0.config import key_of
from flask_auth0.config.keys import settings

#: The options of the extension, by their keys.
OPTIONS = {key_of(name): field for name, field in settings().items()}


def shown(default: t.Any) -> str:
    """Return how a default is written."""
    if default is MISSING:
        return "required"
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    return str(default) if default else "empty"


class Setting(GenericObject):
    """A key of the configuration, with its default and its name in code."""

    indextemplate = "single: %s"
    option_spec: t.ClassVar[OptionSpec] = {
        **GenericObject.option_spec,
        "default": directives.unchanged_required,
    }

    def transform_content(self, content_node: t.Any) -> None:
        """Put a line with the facts in front of the description."""
        option = OPTIONS.get(self.arguments[0])
        if option is None and "default" not in self.options:
            raise self.error(f"The code has no key {self.arguments[0]}.")
        default = shown(option.default) if option else self.options["default"]
        facts = nodes.paragraph(classes=["setting"])
        facts += _fact("Default", default, is_code=default not in _WORDS)
        if option:
            facts += nodes.Text(" · ")
            facts += _fact("In code", option.name, is_code=True)
        content_node.insert(0, facts)


#: Defaults that are said in a word.
_WORDS = {"required", "none", "empty"}


def _fact(name: str, value: str, *, is_code: bool) -> list[nodes.Node]:
    kind = nodes.literal if is_code else nodes.inline
    return [nodes.Text(f"{name}: "), kind(text=value)]


class Links(SphinxPostTransform):
    """Makes each literal that is the name of a key a link to its entry."""

    default_priority = 200

    def run(self, **kwargs: t.Any) -> None:
        domain = t.cast(StandardDomain, self.env.get_domain("std"))
        for literal in list(self.document.findall(nodes.literal)):
            place = domain.objects.get(("setting", literal.astext()))
            if place is None or isinstance(literal.parent, nodes.reference):
                continue
            docname, anchor = place
            here = self.env.current_document.docname
            link = make_refnode(
                self.app.builder, here, docname, anchor, literal.deepcopy()
            )
            literal.replace_self(link)


def setup(app: Sphinx) -> dict[str, t.Any]:
    """Add the directive ``setting``, and a role of that name."""
    app.add_object_type("setting", "setting", Setting.indextemplate)
    app.add_directive_to_domain("std", "setting", Setting, override=True)
    app.add_post_transform(Links)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
