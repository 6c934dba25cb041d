"""The back ends of sessions, each in a module named after its ``SESSION_TYPE``, and
what some of them share.
"""
