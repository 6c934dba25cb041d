"""The SDK's ``ServerClient``, safe in Flask."""
