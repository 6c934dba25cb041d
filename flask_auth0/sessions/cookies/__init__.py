"""Sessions in cookies, and the cookies that every session needs."""
