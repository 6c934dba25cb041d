"""Another project's distribution, whose package has the same name as this one."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution

from ..config import Problem, warning

#: Its only file is ``flask_auth0/__init__.py``.
_OTHER, _OURS = "flask-auth0", "flask-auth0-server"


def other_distribution() -> Iterator[Problem]:
    """Find it beside this one: each overwrites the other, or takes it away."""
    try:
        found = distribution(_OTHER)
    except PackageNotFoundError:
        return
    if found.entry_points.select(group="flask.commands", name="auth0"):
        return  # It is an older one of this project.
    yield warning(
        _OTHER,
        "is installed beside this package, and is another project's of the same name: "
        f"the next installation, or the removal of it, breaks this app. Run pip "
        f"uninstall {_OTHER} {_OURS}, and then pip install {_OURS}",
        "other_distribution",
    )
