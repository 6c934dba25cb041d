"""What the pages say, in the language of whoever reads them, and how they look."""

from __future__ import annotations

from .page import Page as Page
from .texts import Text as Text
from .texts import sentences as sentences
from .translations import Translations as Translations
