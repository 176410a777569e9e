from tests.client.callers import client_of

__all__ = ["client_of"]
