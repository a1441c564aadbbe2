"""Real nodes for the attacks that need them."""

from tests.node.conftest import impatience, neighbours

__all__ = ["impatience", "neighbours"]
