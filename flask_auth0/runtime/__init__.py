"""The event loop and its threads, and the objects of one request or one process."""
