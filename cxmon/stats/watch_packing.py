"""A watch's checkpoint as bytes and back: named arrays without code in them, whatever wrote them."""

import io
import zlib
from dataclasses import fields
from typing import Any

import numpy as np

from cxmon.stats.monitor import Running
from cxmon.stats.noise import Learnt
from cxmon.stats.watch_filter import Filter
from cxmon.stats.watch_learning import Taught
from cxmon.stats.watch_noise import Frozen
from cxmon.stats.watch_trail import Trail
from cxmon.stats.watching import Group

FAST = 1


def packed(trail: Trail | None) -> bytes | None:
    """None of nothing; ValueError for a trail that follows onsets, which are large: a checkpoint follows none."""
    if trail is None:
        return None
    arrays: dict[str, Any] = {"t": trail.t, "block": trail.block, "groups": len(trail.groups)}
    arrays["digest"] = np.frombuffer(trail.digest, np.uint8)
    for i, group in enumerate(trail.groups):
        if group.running.onsets is not None:
            raise ValueError("a trail that follows onsets is not kept")
        arrays |= {f"{i}.learnt": group.learnt, f"{i}.rows": group.rows, f"{i}.t": group.running.t}
        arrays |= {f"{i}.weight": group.running.weight, f"{i}.cut": group.running.cut}
        arrays |= {f"{i}.width": group.running.level.shape[1]}
        taught = group.taught
        for part, held in (
            ("taught", taught), ("sampled", taught.sampled), ("noise", taught.noise), ("filter", group.running.filtered)
        ):  # fmt: skip
            values = vars(held).items()
            arrays |= {f"{i}.{part}.{name}": value for name, value in values if isinstance(value, np.ndarray)}
    out = io.BytesIO()
    np.savez(out, **arrays)
    return zlib.compress(out.getvalue(), FAST)


def unpacked(data: bytes) -> Trail | None:
    """None where the bytes are not what this code writes: the look then begins anew."""
    try:
        with np.load(io.BytesIO(zlib.decompress(data)), allow_pickle=False) as found:
            arrays = {name: found[name] for name in found.files}
        groups = tuple(_group(arrays, i) for i in range(int(arrays["groups"])))
        return Trail(int(arrays["t"]), int(arrays["block"]), arrays["digest"].tobytes(), groups, {})
    except (ValueError, KeyError, OSError, EOFError, zlib.error):
        return None


def _group(arrays: dict[str, Any], i: int) -> Group:
    noise = Frozen(**{f.name: arrays[f"{i}.noise.{f.name}"] for f in fields(Frozen)})
    sampled = Learnt(**{f.name: arrays[f"{i}.sampled.{f.name}"] for f in fields(Learnt)})
    plain = {name: arrays[f"{i}.taught.{name}"] for name in ("coefficient", "level", "unit")}
    filtered = Filter.__new__(Filter)
    head = f"{i}.filter."
    vars(filtered).update({name.removeprefix(head): a for name, a in arrays.items() if name.startswith(head)})
    nothing = np.zeros((len(filtered.count), int(arrays[f"{i}.width"])))
    t, weight, cut = int(arrays[f"{i}.t"]), arrays[f"{i}.weight"], arrays[f"{i}.cut"]
    running = Running(filtered, weight, nothing, nothing.copy(), cut, None, t)
    return Group(arrays[f"{i}.learnt"], arrays[f"{i}.rows"], Taught(sampled=sampled, noise=noise, **plain), running)
