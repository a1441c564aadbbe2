"""Who serves a row: a process takes a lease on it, so that no two of one home deliver the same thing.

A lease ends by itself, so that a process that died blocks nothing for long; the clock may be set back, so
one that ends too far ahead counts for nothing.
"""

LEASE_MAX_SECONDS = 60.0
"""No process takes a lease for longer; it renews instead."""

FREE_OR_OURS = (
    "(lease_owner IS NULL OR lease_owner = :owner OR lease_until <= :now OR lease_until > :now + 60.0)"
)
"""SQL condition over :owner and :now; 60.0 is LEASE_MAX_SECONDS."""

OURS = "lease_owner = :owner"
"""The same for a process that serves only what it put there itself."""
