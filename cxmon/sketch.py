"""A mergeable histogram of values in logarithmic buckets, for medians and other quantiles.

Bucket j >= 1 holds the values in (TINY * GAMMA**(j - 1), TINY * GAMMA**j], bucket -j their mirror image below zero, and
bucket 0 everything within TINY of zero. A bucket is told by the value that is equally wrong at both its ends, so a
quantile is off by at most (GAMMA - 1) / (GAMMA + 1) = 0.99 % of the value (by TINY within TINY of zero). Counts are
whole numbers and merging adds them, so a merged year knows exactly what its days knew. Values beyond LARGEST count
as LARGEST. The idea is DDSketch's (Masson, Rim and Lee, 2019).
"""

import struct
import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

GAMMA = 1.02
TINY = 1e-4
LARGEST = 1e12
ERROR = (GAMMA - 1) / (GAMMA + 1)
LAST_BUCKET = int(np.ceil(np.log(LARGEST / TINY) / np.log(GAMMA)))
# A value from here on stands for what has not ended yet, where a metric counts such.
STILL_OPEN = LARGEST / 2

_VERSION = 1
_HEADER = struct.Struct("<BBi")  # version, bytes per count, first bucket
_WIDTHS = {1: "<u1", 2: "<u2", 4: "<u4", 8: "<u8"}
_STRETCH = 24  # buckets that are added up before one is looked for among them
_BLOCK = 120_000  # counts that are worked on at once, while the processor holds them


def buckets(values: npt.ArrayLike) -> Ints:
    """The bucket of each value, in the shape of `values`, which must be finite."""
    x = np.asarray(values, float)
    size = np.clip(np.abs(x), TINY, LARGEST)
    index = np.ceil(np.log(size / TINY) / np.log(GAMMA)).astype(np.int64)
    return np.asarray(np.where(np.abs(x) <= TINY, 0, np.sign(x).astype(np.int64) * np.clip(index, 1, LAST_BUCKET)))


def value_of(bucket: npt.ArrayLike) -> Floats:
    """The value a bucket is told by: within 0.99 % of everything it holds."""
    j = np.asarray(bucket, float)
    return np.asarray(np.sign(j) * TINY * GAMMA ** np.abs(j) * (1 - ERROR))


def encode(values: npt.ArrayLike) -> bytes:
    """The sketch of `values` (any shape, finite). ValueError where one is NaN or infinite."""
    x = np.asarray(values, float).ravel()
    if not np.isfinite(x).all():
        raise ValueError("a sketch takes finite values only")
    if not len(x):
        return encode_counts(0, np.zeros(0))
    index = buckets(x)
    low = int(index.min())
    return encode_counts(low, np.bincount(index - low))


def encode_counts(bucket0: int, counts: npt.ArrayLike) -> bytes:
    """The sketch with `counts` (B,) in the buckets from `bucket0` on. Equal counts give equal bytes."""
    c = np.rint(np.asarray(counts, float)).astype(np.uint64)
    some = np.flatnonzero(c)
    if not len(some):
        return _HEADER.pack(_VERSION, 1, 0) + zlib.compress(b"")
    c = c[some[0] : some[-1] + 1]
    most = int(c.max())
    width = next(w for w in _WIDTHS if most < 256**w)
    return _HEADER.pack(_VERSION, width, bucket0 + int(some[0])) + zlib.compress(c.astype(_WIDTHS[width]).tobytes(), 6)


def decode(data: bytes) -> tuple[int, Floats]:
    """(first bucket, counts (B,)) of a sketch. ValueError where the bytes are not a sketch that this version knows."""
    try:
        version, width, bucket0 = _HEADER.unpack_from(data)
        if version != _VERSION:
            raise ValueError(f"sketch of version {version}; this code knows version {_VERSION}")
        counts = np.frombuffer(zlib.decompress(data[_HEADER.size :]), _WIDTHS[width]).astype(float)
    except (struct.error, zlib.error, KeyError) as error:
        raise ValueError(f"{len(data)} bytes that are no sketch") from error
    return int(bucket0), counts


def stack(sketches: Sequence[bytes]) -> tuple[int, Floats]:
    """(first bucket, counts (R, B)) of R sketches on common buckets; empty bytes are an empty sketch."""
    rows = [decode(s) if s else (0, np.zeros(0)) for s in sketches]
    filled = [(low, low + len(c)) for low, c in rows if len(c)]
    if not filled:
        return 0, np.zeros((len(rows), 0))
    low, high = min(f[0] for f in filled), max(f[1] for f in filled)
    counts = np.zeros((len(rows), high - low))
    for row, (start, c) in zip(counts, rows, strict=True):
        row[start - low : start - low + len(c)] = c
    return low, counts


def quantiles(counts: npt.ArrayLike, bucket0: int, q: float) -> tuple[Floats, Floats]:
    """(value (...), sampling variance (...)) of the `q` quantile of each histogram (..., B); NaN where it is empty.

    The value is that of the bucket which holds the ceil(q * n)-th smallest value. The variance is q (1 - q) / (n f**2)
    with the density f taken over the ranks one standard error to both sides (Woodruff 1952), plus what telling the
    value by its bucket adds; NaN below two values.
    """
    c = np.asarray(counts, float)
    flat = c.reshape(-1, c.shape[-1]) if c.size else np.zeros((int(np.prod(c.shape[:-1])), 0))
    value, variance = np.full(len(flat), np.nan), np.full(len(flat), np.nan)
    rows = max(1, _BLOCK // max(1, flat.shape[1]))
    for first in range(0, len(flat), rows):
        block = slice(first, first + rows)
        value[block], variance[block] = _quantiles(flat[block], bucket0, q)
    return value.reshape(c.shape[:-1]), variance.reshape(c.shape[:-1])


def share_below(counts: npt.ArrayLike, bucket0: int, x: float) -> Floats:
    """Share of the values at or below `x` in each histogram (..., B), interpolated in the bucket of `x`; NaN: empty."""
    c = np.asarray(counts, float)
    total = c.sum(-1)
    at = int(buckets(x)) - bucket0
    if not 0 <= at < c.shape[-1]:
        below = total * (at >= c.shape[-1])
    else:
        low, high = _edges(np.array(at + bucket0))
        part = float(np.clip((x - low) / (high - low), 0, 1))
        below = c[..., :at].sum(-1) + part * c[..., at]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(total > 0, below / total, np.nan))


def _quantiles(c: Floats, bucket0: int, q: float) -> tuple[Floats, Floats]:
    """Both results for histograms (R, B)."""
    n = c.sum(1) if c.shape[1] else np.zeros(len(c))
    some = n > 0
    value, variance = np.full(len(c), np.nan), np.full(len(c), np.nan)
    if not some.any():
        return value, variance
    if not some.all():
        c, n = c[some], n[some]
    ranked = _Ranked(c, n, bucket0)
    # A hair below the rank, so that q * n that should be whole is not pushed into the next value by rounding.
    rank = np.clip(np.ceil(q * n - 1e-9), 1, n)
    value[some] = value_of(ranked.bucket(rank)[0] + bucket0)
    step = np.sqrt(q * (1 - q) / n)
    low, high = np.maximum(q - step, 0.5 / n), np.minimum(q + step, 1 - 0.5 / n)
    above, below = (ranked.between(p * n + 0.5) for p in (high, low))
    spread = above - below
    # Between two ends of one sign the spread is taken in logarithms: waiting times are far from straight lines there.
    straight = (above * below <= 0) | (value[some] == 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = np.where(straight, spread, value[some] * np.log(above / below))
        gaps = (high - low) * n
        # A spread of g exponential gaps has the mean square (g + 1) / g times the square of its mean.
        found = q * (1 - q) / n * (spread / (high - low)) ** 2 * gaps / (gaps + 1)
        rounding = (value[some] * (GAMMA - 1)) ** 2 / 12
        variance[some] = np.where(high > low, found + rounding, np.nan)
    return value, variance


class _Ranked:
    """Histograms `counts` (R, B) of `n` (R,) > 0 values each, asked by rank: a stretch of buckets is found first, and
    the bucket in it then, so that most counts are only added up."""

    def __init__(self, counts: Floats, n: Floats, bucket0: int) -> None:
        self.counts, self.n, self.bucket0 = counts, n, bucket0
        self.row = np.arange(len(counts))
        self.stretches = np.cumsum(np.add.reduceat(counts, np.arange(0, counts.shape[1], _STRETCH), axis=1), axis=1)

    def bucket(self, rank: Floats) -> tuple[Ints, Floats, Floats]:
        """(index of the bucket that holds each row's value with a whole rank (R,), its count, how many are below)."""
        stretch = (self.stretches < rank[:, None]).sum(1)
        before = np.where(stretch > 0, self.stretches[self.row, stretch - 1], 0.0)
        index = stretch[:, None] * _STRETCH + np.arange(_STRETCH)
        inside = self.counts[self.row[:, None], np.minimum(index, self.counts.shape[1] - 1)]
        running = np.cumsum(inside, axis=1)
        at = (running < (rank - before)[:, None]).sum(1)
        count = inside[self.row, at]
        return index[self.row, at], count, before + running[self.row, at] - count

    def between(self, rank: Floats) -> Floats:
        """The value at a fractional rank 1 .. n (R,): between the two values next to it, as order statistics are."""
        whole = np.clip(np.floor(rank), 1, self.n)
        first = self.placed(whole)
        return np.asarray(first + (rank - whole) * (self.placed(np.minimum(whole + 1, self.n)) - first))

    def placed(self, rank: Floats) -> Floats:
        """The value with a whole rank (R,), the values of a bucket taken as spread evenly over it."""
        at, count, below = self.bucket(rank)
        part = np.clip((rank - 0.5 - below) / count, 0, 1)
        low, high = _edges(at + self.bucket0)
        return np.asarray(low + part * (high - low))


def _edges(bucket: Ints) -> tuple[Floats, Floats]:
    """Lower and upper end of each bucket."""
    j = np.abs(bucket).astype(float)
    inner, outer = np.where(j > 0, TINY * GAMMA ** (j - 1), -TINY), TINY * GAMMA**j
    negative = bucket < 0
    return np.where(negative, -outer, inner), np.where(negative, -inner, outer)
