"""Check with pyright that whatever the package exports has a type.

    python tools/public_types.py

Base classes from packages without a ``py.typed`` are let through, as pyright does not
follow them, and so is what inherits from them.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys

#: What pyright says of a class whose base it does not know, and of what has that type.
FOLLOWS = re.compile(
    r"Type of (base class|metaclass) unknown"
    r'|Type of base class "flask_auth0\.\S+" is partially unknown'
    r'|(Return type|Type of parameter "\w+") is partially unknown'
)


def missing() -> list[str]:
    """Return what has no type, or one that type checkers may infer differently."""
    command = [sys.executable, "-m", "pyright", "--verifytypes", "flask_auth0"]
    command += ["--ignoreexternal", "--outputjson"]
    ended = subprocess.run(command, capture_output=True, text=True)  # noqa: S603
    found = json.loads(ended.stdout)["typeCompleteness"]
    if not found["symbols"]:
        return ["flask_auth0 is not installed here."]
    return [
        f"{symbol['name']}: {each['message']}"
        for symbol in found["symbols"]
        for each in symbol["diagnostics"]
        if each["severity"] == "error" and not FOLLOWS.match(each["message"])
    ]


if __name__ == "__main__":
    sys.exit("\n".join(missing()) or 0)
