"""The OpenAPI document: made of the routes that are served and the shapes they use."""

from . import account_examples, examples
from .document import document
from .documented import Audited, Documented, documented, find_documented
from .page import page

__all__ = [
    "Audited",
    "Documented",
    "account_examples",
    "document",
    "documented",
    "examples",
    "find_documented",
    "page",
]
