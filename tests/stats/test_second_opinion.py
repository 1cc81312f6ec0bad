"""The second opinion agrees where the case is plain, and is only loaded when asked."""

import subprocess
import sys

import numpy as np
import pytest

from cxmon.stats import effect, second_opinion


def test_two_houses_agree_on_a_plain_step():
    rng = np.random.default_rng(1)
    y = 40 + 2 * np.sin(2 * np.pi * np.arange(120) / 7) + rng.standard_normal(120)
    y[90:] -= 5
    y[[20, 95]] = np.nan
    X = 10 + rng.standard_normal((2, 120))
    X[0, 33] = np.nan
    other, ours = second_opinion(y, 90, controls=X), effect(y, 90, controls=X)
    assert other.reason == ""
    assert other.low < -5 < other.high
    assert other.estimate == pytest.approx(ours.estimate, abs=1.0)


def test_too_little_history_gives_no_second_opinion():
    said = second_opinion(np.arange(12.0), 8)
    assert np.isnan(said.estimate)
    assert said.reason == "8 usable periods before the change, at least 14 are needed"


def test_importing_the_room_loads_neither_scipy_nor_statsmodels():
    code = "import sys, cxmon, cxmon.stats; print({'scipy', 'statsmodels'} & set(sys.modules) or 'neither')"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "neither\n"
    )
    code = "import sys; from cxmon.stats import effect, shifts, watch; print('statsmodels' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
