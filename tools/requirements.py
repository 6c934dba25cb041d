"""Write what setup.cfg declares to a file of requirements, which all tools can read.

python tools/requirements.py FILE
"""

from __future__ import annotations

import configparser
import pathlib
import sys

ROOT = pathlib.Path(__file__).parents[1]
#: The extras that the package itself imports from.
EXTRAS = (
    "demo",
    "dynamodb",
    "memcached",
    "mongodb",
    "opentelemetry",
    "postgresql",
    "redis",
)


def declared(*extras: str) -> list[str]:
    """Return the requirements of the package, and of some of its extras."""
    metadata = configparser.ConfigParser()
    metadata.read(ROOT / "setup.cfg")
    lists = [metadata["options"]["install_requires"]]
    lists += [metadata["options.extras_require"][extra] for extra in extras]
    return [line.strip() for text in lists for line in text.splitlines() if line]


if __name__ == "__main__":
    pathlib.Path(sys.argv[1]).write_text("\n".join(declared(*EXTRAS)) + "\n")
