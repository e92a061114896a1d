"""``python -m paygate``."""

from .cli import main

main()
