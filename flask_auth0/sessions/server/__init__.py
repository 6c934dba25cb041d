"""Sessions on the server: Flask-Session's interface, made of a back end."""
