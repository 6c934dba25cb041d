"""Where a session lives and how long."""
