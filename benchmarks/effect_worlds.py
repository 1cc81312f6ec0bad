"""The worlds of ../shared/bench/effect_bench.py, and some of our own, answered in batch through `cxmon.effects`.

The bench asks one world at a time; a thousand at once give the same answers to 1e-8 (tests/stats/test_effect_table.py)
in a tenth of the time. Units and kinds are those of ../shared/bench/cxmon_plugins.py: CSAT in points, response times
in log minutes, churn per 1,000 customers.
"""

import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

import cxmon

BENCH = Path(__file__).parents[1] / ".." / "shared" / "bench"
KIND = {"csat": "proportion", "resp": "mean", "churn": "rate"}
SCALE = {"csat": 100.0, "resp": 1.0, "churn": 1000.0}
FRESH = 100_000  # The first replication of the second set of seeds: nobody has tuned on these.


def load(name: str) -> ModuleType:
    """A module of ../shared/bench; SystemExit with a message where it is not beside this checkout."""
    path = BENCH / f"{name}.py"
    if not path.exists():
        sys.exit("the shared benches are not beside this checkout (../shared/bench)")
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


def own(eb: ModuleType) -> dict[str, dict]:
    """Scenarios that are not the bench's; satisfaction falls in them instead of rising."""
    worse = {"effects": (0.0, -1.0, -2.0, -5.0)}
    return {
        "ramp under drift": eb.S(worse, shape="ramp", sd_f=0, rw_f=0.025, rw_u=0.008),
        "ramp under drift, no controls": eb.S(worse, K=0, shape="ramp", sd_f=0, rw_f=0, rw_u=0.02),
        "98 % satisfied": eb.S(worse, base=3.9),
        "25 answers, no controls": eb.S(worse, N=25, K=0),
        "one control": eb.S(worse, K=1),
        "two controls": eb.S(worse, K=2),
        "6 bad controls of 20": eb.S(worse, K=20, badctl=6),
        "a trend of its own": eb.S(worse, trend=-0.004),
        "a walk of its own": eb.S(worse, rw_u=0.02),
        "churn of 3,000 customers": eb.S(eb.C, N=3000),
        "p90, incidents, no controls": eb.S(eb.R, q90=True, incid=0.03, K=0),
    }


@dataclass(frozen=True, eq=False)
class Worlds:
    """Worlds of one scenario and effect size in the bench's units: values and n (S, T), controls and their n (S, K, T);
    the change begins at `at`, its true mean effect is `truth` (S,)."""

    kind: str
    at: int
    values: np.ndarray
    n: np.ndarray
    controls: np.ndarray
    controls_n: np.ndarray
    truth: np.ndarray

    @property
    def days(self) -> int:
        return self.values.shape[1] - self.at


@dataclass(frozen=True, eq=False)
class Answers:
    """Estimates, interval ends and p-values (S,) in the bench's units."""

    estimate: np.ndarray
    low: np.ndarray
    high: np.ndarray
    p: np.ndarray


def worlds(eb: ModuleType, name: str, effect: float, reps: range, config: dict | None = None) -> Worlds:
    """Replications `reps` of a scenario, the bench's own where there is no `config`."""
    drawn = [eb.simulate(name, effect, rep, cfg=config) for rep in reps]
    return Worlds(
        kind=drawn[0]["kind"], at=drawn[0]["T0"],
        values=np.stack([np.r_[d["y_pre"], d["y_post"]] for d in drawn]), n=np.stack([d["n_obs"] for d in drawn]),
        controls=np.stack([np.r_[d["X_pre"], d["X_post"]].T for d in drawn]),
        controls_n=np.stack([d["n_ctl"].T for d in drawn]), truth=np.array([d["truth"] for d in drawn]),
    )  # fmt: skip


def question(w: Worlds, days: int, *, sequential: bool) -> dict[str, Any]:
    """The options of `cxmon.effects` for a look after `days` days."""
    stop, scale = w.at + days, SCALE[w.kind]
    asks: dict[str, Any] = {"n": w.n[:, :stop], "kind": KIND[w.kind], "period": 7}
    if w.controls.shape[1]:
        asks |= {"controls": w.controls[:, :, :stop] / scale, "controls_n": w.controls_n[:, :, :stop]}
    return asks | ({"sequential": True, "horizon": w.days} if sequential else {})


def ask(w: Worlds, *, days: int | None = None, sequential: bool = False) -> Answers:
    """All worlds at once, at the end or after `days` days."""
    days = w.days if days is None else days
    scale = SCALE[w.kind]
    found = cxmon.effects(w.values[:, : w.at + days] / scale, w.at, **question(w, days, sequential=sequential))
    every = np.array([[e.estimate, e.low, e.high] for e in found]).T * scale
    return Answers(*every, np.array([e.p_value for e in found]))


def ask_one(w: Worlds, s: int, *, sequential: bool = False) -> cxmon.Effect:
    """World `s` alone, as the bench does; in the units of `cxmon.effect`."""
    asks = question(w, w.days, sequential=sequential)
    arrays = {name: x[s] if isinstance(x, np.ndarray) else x for name, x in asks.items()}
    return cxmon.effect(w.values[s] / SCALE[w.kind], w.at, **arrays)
