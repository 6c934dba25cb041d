"""The arithmetic of how long a session lasts, in seconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass

#: A session ends this much before the identity provider's own limit, so that clocks
#: that differ do not keep it alive longer (the SDK does the same).
CEILING_LEEWAY = 30
#: A session is written again after this part of the inactivity window, not sooner.
ROLLING_STEP = 60


@dataclass(frozen=True)
class Lifetime:
    """How long sessions last by today's configuration."""

    absolute: int
    inactivity: int
    rolling: bool

    def ends_at(self, created: float, ceiling: float | None) -> float:
        """Return when a session ends, however active its user is."""
        end = created + self.absolute
        return end if ceiling is None else min(end, ceiling - CEILING_LEEWAY)

    def expires_at(self, created: float, seen: float, ceiling: float | None) -> float:
        """Return when a session ends unless its user comes back."""
        end = self.ends_at(created, ceiling)
        return min(end, seen + self.inactivity) if self.rolling else end

    def is_due(self, seen: float, now: float) -> bool:
        """Tell whether activity has to be written down again."""
        return self.rolling and now - seen >= max(1, self.inactivity // ROLLING_STEP)
