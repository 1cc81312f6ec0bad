"""Sums that are shown side by side, and the swaps of answers between their parts that leave most of them as they are.

A figure cannot be worked out from others where answers can be taken from one part and put to another without changing
anything that is shown. Over the values a, a' of one dimension that is a pair of cells; over two dimensions it is a
rectangle (a, b), (a', b), (a, b'), (a', b'), which keeps the totals of rows and columns. Those are the hypercubes of
Repsilber's method for complementary cell suppression, here also in lattices of more than one table. Pure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from cxmon.model import Segment

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Swaps that are tried for one cell and one set of dimensions; where there are more, every k-th one.
MOST = 2000


@dataclass(frozen=True, kw_only=True, eq=False)
class Swaps:
    """Alternatives to protect one cell, as many as `rows` has lines (K): the rows (m) that change with a swap, of which
    those with `falls` (m,) lose what the others gain. `beside` (K, E): whether a further sum changes too."""

    rows: Ints
    falls: Bools
    beside: Bools


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """The sums of one metric that are shown: `segments` (P, sorted), and `beside` (E, A) further ones, each with the
    `atoms` (A, the finest parts) that it holds. Without `additive` no segment is the sum of others."""

    segments: tuple[Segment, ...]
    atoms: tuple[Segment, ...]
    beside: Bools
    additive: bool = True
    _known: dict[int, list[Swaps]] = field(default_factory=dict, init=False, repr=False)
    _place: dict[str, object] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def of(
        cls,
        segments: Sequence[Segment],
        leaves: Sequence[Segment],
        beside: Mapping[str, Bools] | None = None,
        *,
        additive: bool = True,
    ) -> "Lattice":
        """`leaves` are what the segments are summed from, and each mask of `beside` chooses among them (by name, in the
        order of the mapping)."""
        masks = tuple(bytes(mask) for mask in (beside or {}).values())
        return _built(tuple(sorted(set(segments))), tuple(leaves), masks, additive)

    def swaps(self, row: int) -> list[Swaps]:
        """All ways to protect the cell of a row, cheapest kinds first; the last one changes every whole above it."""
        if row not in self._known:
            self._known[row] = self._found(row)
        return self._known[row]

    def _found(self, row: int) -> list[Swaps]:
        if not self.additive:
            nothing = np.zeros((1, len(self.beside)), bool)
            return [Swaps(rows=np.array([[row]]), falls=np.zeros(1, bool), beside=nothing)]
        names, codes, keys, order = self._coded()
        segment = self.segments[row]
        mine = [names.index(name) for name in segment.dimensions]
        inside = np.flatnonzero([segment.holds(atom) for atom in self.atoms])
        found = []
        for size in range(len(mine), -1, -1):
            for flipped in combinations(mine, size):
                corners = self._corners(inside, flipped, codes, keys, order)
                if len(corners):
                    found += self._changed([names[d] for d in flipped], corners)
        return found

    def _coded(self) -> tuple[list[str], Ints, Ints, Ints]:
        """(dimensions, the value of each atom along each as a number (A, D), one sorted key per atom, their order)."""
        if "coded" not in self._place:
            names = sorted({name for atom in self.atoms for name in atom.dimensions})
            codes = np.zeros((len(self.atoms), len(names)), np.int64)
            for d, name in enumerate(names):
                values = [atom.get(name) or "" for atom in self.atoms]
                codes[:, d] = np.unique(values, return_inverse=True)[1]
            keys = _keys(codes, codes)
            order = np.argsort(keys, kind="stable")
            self._place["coded"] = names, codes, keys[order], order
        return self._place["coded"]  # type: ignore[return-value]

    def _corners(self, inside: Ints, flipped: Sequence[int], codes: Ints, keys: Ints, order: Ints) -> Ints:
        """The atoms (K, 2 ** F) at the corners of every hypercube from an atom `inside` along the `flipped` dimensions;
        those with a corner that does not exist are left out. A corner's place says in bits what is flipped in it."""
        others = [np.setdiff1d(np.unique(codes[:, d]), codes[inside, d][:1]) for d in flipped]
        turned = list(product(*others))
        against = np.array(turned, np.int64).reshape(len(turned), len(flipped))
        count = len(inside) * len(against)
        chosen = np.arange(0, count, max(1, -(-count // MOST)))
        base, other = inside[chosen // max(len(against), 1)], against[chosen % max(len(against), 1)]
        found = np.empty((len(chosen), 1 << len(flipped)), np.int64)
        for corner in range(1 << len(flipped)):
            at = codes[base].copy()
            for i, d in enumerate(flipped):
                if corner >> i & 1:
                    at[:, d] = other[:, i]
            key = _keys(at, codes)
            place = np.minimum(np.searchsorted(keys, key), len(keys) - 1)
            found[:, corner] = np.where(keys[place] == key, order[place], -1)
        return found[(found >= 0).all(1)]

    def _changed(self, flipped: Sequence[str], corners: Ints) -> list[Swaps]:
        """The rows that a swap between `corners` (K, C) changes: those that are known along all flipped dimensions. In
        every other one what is taken and what is put cancel each other."""
        signs = np.array([corner.bit_count() % 2 for corner in range(corners.shape[1])], bool)
        columns = [of for dims, of in self._rows_of().items() if set(flipped) <= set(dims)]
        if not columns:
            return []
        rows = np.stack([of[corners] for of in columns], axis=2).reshape(len(corners), -1)
        falls = np.repeat(signs, len(columns))
        taken = np.where(signs, -1, 1)
        beside = (self.beside[:, corners] * taken).sum(2).T != 0
        order = np.argsort(falls, kind="stable")
        rows, falls = rows[:, order], falls[order]
        once = np.unique(np.concatenate([rows, beside.astype(np.int64)], axis=1), axis=0)
        return [Swaps(rows=once[:, : rows.shape[1]], falls=falls, beside=once[:, rows.shape[1] :].astype(bool))]

    def _rows_of(self) -> dict[tuple[str, ...], Ints]:
        """By the dimensions of a table: the row that each atom is a part of (A,), or P where there is none."""
        if "rows" not in self._place:
            index = {segment: i for i, segment in enumerate(self.segments)}
            tables = sorted({segment.dimensions for segment in self.segments})
            self._place["rows"] = {
                dims: np.array([index.get(atom.along(dims), len(index)) for atom in self.atoms], np.int64)
                for dims in tables
            }
        return self._place["rows"]  # type: ignore[return-value]


def _keys(codes: Ints, all_codes: Ints) -> Ints:
    """One number per line of `codes`, the same for the same values."""
    sizes = all_codes.max(0, initial=0) + 1
    weights = np.concatenate([np.cumprod(sizes[::-1])[::-1][1:], [1]]) if len(sizes) else np.zeros(0, np.int64)
    return np.asarray(codes @ weights.astype(np.int64), np.int64)


@lru_cache(maxsize=64)
def _built(rows: tuple[Segment, ...], leaves: tuple[Segment, ...], masks: tuple[bytes, ...], additive: bool) -> Lattice:
    """The lattice of one look is that of the next one, with all swaps that were found in it."""
    dims = {name for s in rows for name in s.dimensions}
    if masks:
        # Another sum may part what no segment does: then the leaves themselves are the finest parts.
        dims |= {name for leaf in leaves for name in leaf.dimensions}
    parts = [leaf.along(dims) for leaf in leaves]
    atoms = tuple(sorted(set(parts)))
    index = {atom: i for i, atom in enumerate(atoms)}
    at = np.array([index[part] for part in parts], np.int64)
    held = np.zeros((len(masks), len(atoms)), bool)
    for e, mask in enumerate(masks):
        held[e, at[np.frombuffer(mask, bool)]] = True
    return Lattice(segments=rows, atoms=atoms, beside=held, additive=additive)
