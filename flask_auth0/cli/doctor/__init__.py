"""``flask auth0 doctor``: finds what is wrong before users do."""

from __future__ import annotations
