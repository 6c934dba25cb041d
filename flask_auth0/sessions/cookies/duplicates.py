"""Which session counts where a browser sends several cookies of one name."""

from __future__ import annotations

import typing as t
from collections.abc import Sequence

from ...runtime.cookie_jar import CookieJar
from ...runtime.logger import logger_of
from ..storage_contract import KEY

#: The most cookies of one name that are opened.
MOST_OF_ONE_NAME = 8

Content = dict[str, t.Any]


def one_of(jar: CookieJar, found: Sequence[Content]) -> Content | None:
    """Return the session that counts, of several that could be opened.

    Browsers tell cookies apart by domain and path, and send all that match: also those
    from before a change of settings, and those that a sibling host has set. If two of
    them name different sessions, none counts, as either could be a stranger's.

    :param jar: the cookies of the request.
    :param found: the contents of sessions, the newest first.
    """
    naming = [each for each in found if each.get(KEY) is not None]
    if any(each[KEY] != naming[0][KEY] for each in naming):
        jar.deny()
        logger_of(jar.app).warning(
            "A browser has sent cookies of two sessions under one name, so nobody is "
            "logged in: they are from before a change of the cookies' domain or path, "
            "or another host has set one. All of them are deleted."
        )
        return None
    return (naming or found)[0]
