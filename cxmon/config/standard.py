"""What an entry of the catalogue of metrics says: the shape of `cxmon.config.catalogue`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from cxmon.model import Better, Grain, Kind

# How scores are turned into what they count as; see `steps`.
Box = Literal["", "score", "top", "net"]


@dataclass(frozen=True, kw_only=True)
class Formula:
    """One way to make the figure. `words` are the formula; `{within}` and `{short}` stand for the limits of waits.

    `kind`, `better` and `unit` are said where they differ from the entry's. `outcomes` are those of `Making`; `box` is
    what becomes of a score: itself, 1 where it is among the best, or 100 for the best and -100 for the worst. `top` is
    the least score of the best where their number does not follow from the scale, `bottom` the largest of the worst.
    """

    name: str
    words: str
    kind: Kind | None = None
    better: Better | None = None
    unit: str | None = None
    outcomes: tuple[float | None, ...] = ()
    box: Box = ""
    scale: tuple[float, float] | None = None
    top: float | None = None
    bottom: float | None = None

    def steps(self, scale: tuple[float, float]) -> tuple[tuple[float, float], ...]:
        """What scores on this scale count as: (from this score on, the value), ascending.

        Of five grades or more the upper two are the best, of fewer the best one alone, as the vendors count.
        """
        low, high = scale
        wide = high - low >= 4
        top = self.top if self.top is not None else high - 1 if wide else high
        bottom = self.bottom if self.bottom is not None else low + 1 if wide else low
        if self.box == "top":
            return (low, 0.0), (top, 1.0)
        return ((low, -100.0), (bottom + 1, 0.0), (top, 100.0)) if self.box == "net" else ()


@dataclass(frozen=True, kw_only=True)
class Standard:
    """A metric as the field defines it, with the defaults that it brings.

    The first of `formulas` is the usual one. `window` says which instant a case belongs to, `reads` what its rows
    hold, `traps` what goes wrong with it. `matures_after` None: learnt. `within` and `short` are limits of waits.
    `guards` name entries: those of the plan's metrics that follow them are watched beside this one.
    """

    name: str
    label: str
    formulas: tuple[Formula, ...]
    window: str
    kind: Kind
    better: Better
    reads: str
    traps: tuple[str, ...]
    matures_after: timedelta | None = None
    lookback: timedelta | None = None
    unit: str = ""
    per: float = 1.0
    quantiles: tuple[float, ...] = ()
    grain: Grain = Grain.DAY
    within: timedelta | None = None
    short: timedelta | None = None
    guards: tuple[str, ...] = ()
    moves: tuple[str, str] | None = None

    @property
    def usual(self) -> Formula:
        return self.formulas[0]

    @property
    def waits(self) -> bool:
        """Whether its figures are made of answered and abandoned calls."""
        return bool(self.usual.outcomes)

    @property
    def scored(self) -> bool:
        return bool(self.usual.box)

    @property
    def example(self) -> tuple[str, str]:
        """(`matters`, `read`) as they may be written for the usual formula."""
        if self.waits:
            return "2pt", "{time: called_at, answered: answered_at, waited: wait_seconds}"
        if self.scored:
            sizes = {Kind.PROPORTION: "2pt", Kind.MEAN: "3" if self.unit else "0.2"}
            return sizes[self.kind], "{time: solved_at, score: grade}"
        return {
            Kind.QUANTILE: ("10%", "{time: created_at, ended: replied_at}"),
            Kind.RATE: ("10%", "{time: day, n: orders, total: contacts}"),
            Kind.LEVEL: ("10%", "{time: day, total: count}"),
            Kind.RATIO: ("10%", "{time: day, value: lost, base: paid}"),
        }.get(self.kind, ("2pt", "{time: at, value: happened}"))

    def formula(self, name: str) -> Formula:
        """The formula of this name; KeyError where it has none such. Without a name the usual one."""
        return {f.name: f for f in self.formulas}[name] if name else self.usual

    def defaults(self, formula: Formula) -> dict[str, object]:
        """What the keys of a metric are where the file does not say."""
        kind = formula.kind or self.kind
        found: dict[str, object] = {
            "label": self.label,
            "kind": kind,
            "better": formula.better or self.better,
            "unit": self.unit if formula.unit is None else formula.unit,
            "per": self.per if kind in {Kind.RATE, Kind.RATIO} else 1.0,
            "quantiles": list(self.quantiles) if kind is Kind.QUANTILE else None,
            "grain": self.grain if self.grain is not Grain.DAY else None,
            "scale": list(self.answers(formula, kind) or ()) or None,
            "matures_after": self.matures_after,
            "lookback": self.lookback,
        }
        return {key: value for key, value in found.items() if value not in (None, "", 1.0)}

    @staticmethod
    def answers(formula: Formula, kind: Kind) -> tuple[float, float] | None:
        """The lowest and highest value that a row of a mean can have."""
        if kind is not Kind.MEAN:
            return None
        return (-100.0, 100.0) if formula.box == "net" else formula.scale
