"""Two keys of a stranger: one whose fingerprint is below almost any other, one above."""

from __future__ import annotations

from Crypto.Util.number import getPrime

from tests.interop.stranger_crypto import Identity

LOWEST = (
    int(
        "9c2f29e47c2389330c26f93d901f46325988332b5af9df518cc0577916a49c40e02b8b7354b5b287c350389c03a9b9a3"
        "c1a38ff5e82d1d056f73be709145a716353668f118d9d1cccc21f5e6600e189d905b9379aafe54339bf9c05e75404e64"
        "a4df0408706e71a560dc290deac5925e81c841585cd44ebf130a9e0e2e80d5cb45120762b32a986341d90a2d9953a0c5"
        "79bf8755b862865475caa061192aeee7b6df9692d19003e3a96cab7a6724dd455455a37b4ae7b9af2a05bae9371e9a33",
        16,
    ),
    int(
        "fffa055a67af648d720620297c38e60706722d5607c47a1ea467547cfe7e752ad9d1c5849f7844a91fc2f345cc3337ba"
        "453b57ec30c0b1ffcdb803deb1e3bb2a9232154e292be14469ffff2b60b6cd1b8d4ff15619fa653d02cdad7a30a8d0cf"
        "3861989b39233f3163ba6e5d61e6f7609f1ea57f1214b970d8e138c7f0857a31dc88d0b67570de619319b1b17b5c2e1b"
        "f452726d83907d356f4f51d0dd3130ba15453b069a5f7ebd8b308632aa1614f72a31a28105f4139860a33a6047cf4c05",
        16,
    ),
)
"""0051…"""

HIGHEST = (
    int(
        "962b601c5c83b43dba39cc9485347cdb7c41162464247e9dabc4e762583ca44271e08867ed0c50cd53e2f76df1c2dd17"
        "b18d3187a1a18fe9c495532ea9af0bea71ad5e1465bb987741aacb09d1e578bf463b80d11744ba265e7b3071c7cb2259"
        "2e5f88af6b618fbc3ae6332524107e3c43e32804f0ff8c80016970ff77c21cd6d0011cc30d5e9563ae02f07626d9d6a7"
        "9320cd6382cae6c51984e2b8b3405598b28c4ac39eb949c4aa3bbd945252a8d71c18682401a48f501265af5ee6fa3999",
        16,
    ),
    int(
        "e88b4abd793fcff7914d8876edb704197e811c82ed2cf69545737b182f3b3abb7af99af8aab9e33c2149d3ba4c03b2de"
        "150e80b5a69e36bd07a650d59a45af98725bbb1d5f2665fe90fc47f36f3096d97668b91b46a29cbcbeceb686893ce5eb"
        "c5d4c90d26df3b130c8256c9ef4e8267803ea9a5f6ddde169dfc2ce9429c706b1503082a841cb9c403d5a6bb08bfc5f3"
        "3a50d0842c86a7027bb5cc2f43ad1e3ccde8edd906cdbb0854749b7bbde2d1f345397977e34c1451651bcf1ebb55d175",
        16,
    ),
)
"""fec2…"""


def identity_beside(fingerprint: bytes, *, lower: bool) -> Identity:
    """A key on that side; where neither of the two is (one of two hundred fingerprints), a new one."""
    p, q = LOWEST if lower else HIGHEST
    while True:
        if (p * q).bit_length() == 3072 and (p - 1) % 65537:
            found = Identity(p, q)
            if (found.fingerprint < fingerprint) is lower:
                return found
        p = getPrime(1536)
