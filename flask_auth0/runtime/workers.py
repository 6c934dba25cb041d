"""Whether an app is served by several processes, as far as it can see that itself."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence

#: Where servers and hosts say how many processes there are.
_VARIABLES = ("WEB_CONCURRENCY", "UWSGI_PROCESSES", "UWSGI_WORKERS")
_OPTION = re.compile(r"(?:--workers|--processes|-w|-p)(?:[= ]?)([0-9]+)")
_SERVERS = re.compile(r"(gunicorn|uwsgi)", re.IGNORECASE)


def are_several(
    environ: Mapping[str, str] = os.environ, arguments: Sequence[str] = ()
) -> bool:
    """Tell whether there are several worker processes, where something says so.

    :param arguments: of the program; those of this one where there are none.
    """
    numbers = [environ.get(name, "") for name in _VARIABLES]
    # In uWSGI, Python knows of no arguments.
    program, *options = arguments or sys.orig_argv or [""]
    if any(_SERVERS.search(each) for each in (program, *options[:3])):
        numbers += _OPTION.findall(" ".join(options))
    options = shlex.split(environ.get("GUNICORN_CMD_ARGS", ""))
    numbers += _OPTION.findall(" ".join(options))
    # uWSGI is a program with Python inside, and tells it in this way.
    numbers.append(str(getattr(sys.modules.get("uwsgi"), "numproc", "")))
    return any(number.isdigit() and int(number) > 1 for number in numbers)
