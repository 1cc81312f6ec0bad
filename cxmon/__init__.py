"""cxmon says what a cost cut or a policy change did to customers.

The statistics are re-exported lazily (PEP 562), so that commands that need none import none.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cxmon.stats import Effect, Shift, Staged, effect, effects, many_shifts, shifts, staged_effect, watch

__version__ = "0.1.0"
__all__ = [
    "Effect", "Shift", "Staged", "__version__", "effect", "effects", "many_shifts", "shifts", "staged_effect", "watch",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in __all__:
        from cxmon import stats  # noqa: PLC0415 - lazy on purpose: `import cxmon` must not cost scipy.

        return getattr(stats, name)
    raise AttributeError(f"module 'cxmon' has no attribute {name!r}")
