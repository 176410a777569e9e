"""The service described: an OpenAPI 3.1 document, and a page that shows it."""

from .document import document
from .page import docs_page

__all__ = ["docs_page", "document"]
