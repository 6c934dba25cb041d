"""The back ends of sessions, each a module named after its ``SESSION_TYPE``."""
