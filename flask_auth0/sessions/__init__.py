"""The sessions of users: their state, where it is kept, and how long it lasts."""
