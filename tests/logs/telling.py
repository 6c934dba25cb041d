"""What the log is told, as tests see it."""

from __future__ import annotations

import typing as t
from collections.abc import Callable, Sequence

#: Returns the records of the extension since the last question.
Told = Callable[[], Sequence[t.Any]]
