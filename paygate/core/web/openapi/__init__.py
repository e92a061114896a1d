"""The OpenAPI document: made of the routes that are served and the shapes they use."""

from . import examples
from .document import document
from .documented import Documented, documented, find_documented
from .page import page

__all__ = ["Documented", "document", "documented", "examples", "find_documented", "page"]
