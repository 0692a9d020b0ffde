# SPDX-License-Identifier: Apache-2.0
"""RFC 6962 by its definitions."""
import base64
import hashlib


def leaf_hash(line):
    return hashlib.sha256(b'\0' + line).digest()


def node(left, right):
    return hashlib.sha256(b'\1' + left + right).digest()


def half_of(size):
    """The largest power of two below it."""
    return 1 << (size - 1).bit_length() - 1


def root_of(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else hashlib.sha256(b'').digest()
    half = half_of(len(hashes))
    return node(root_of(hashes[:half]), root_of(hashes[half:]))


def cover(begin, end, size, at=0):
    """The maximal subtrees of the tree over `size` leaves that lie in [begin, end), from the left."""
    if at >= end or at + size <= begin or size == 0:
        return []
    if begin <= at and at + size <= end:
        return [(at, at + size)]
    half = half_of(size)
    return cover(begin, end, half, at) + cover(begin, end, size - half, at + half)


def consistency(hashes, size):
    """PROOF(size, D[n]) of section 2.1.2."""
    def subproof(m, part, whole):
        if m == len(part):
            return [] if whole else [root_of(part)]
        half = half_of(len(part))
        if m <= half:
            return subproof(m, part[:half], whole) + [root_of(part[half:])]
        return subproof(m - half, part[half:], False) + [root_of(part[:half])]
    return subproof(size, hashes, True) if 0 < size < len(hashes) else []


def roots_of_consistency(size, old, new, proof):
    """What a proof says: the roots of both sizes, of which the older one is `old` itself; None where it says nothing."""
    proof = list(proof)

    def both(m, n, whole):
        if m == n:
            hashed = old if whole else proof.pop(0)
            return hashed, hashed
        half = half_of(n)
        if m <= half:
            first, second = both(m, half, whole)
            return first, node(second, proof.pop(0))
        first, second = both(m - half, n - half, False)
        left = proof.pop(0)
        return node(left, first), node(left, second)
    try:
        found = both(size, new, True)
    except IndexError:
        return None
    return None if proof else found


def base(data):
    return base64.b64encode(data).decode()


def unbase(text):
    return base64.b64decode(text, validate=True)
