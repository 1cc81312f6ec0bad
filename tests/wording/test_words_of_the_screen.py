"""No word of the trade stands on the screen: limit, side effects, how unusual, other kinds of contacts, not complete
yet are what people read instead."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# What statisticians and programs call it -> what the screen says.
SAID = {
    "posterior": "range", "pooled": "all together",
    "prior": "what was usual before", "p-value": "how unusual", "p value": "how unusual",
    "significan": "beyond chance", "confidence interval": "range", "credible": "range", "null hypothesis": "by chance",
    "placebo": "how unusual", "counterfactual": "expected", "treated": "touched", "treatment": "decision",
    "control group": "untouched segments", "covariate": "other figures", "heterogene": "where it happens",
    "breach": "outside, over the limit", "guard metric": "side effects", "guardrail": "side effects",
    "non-inferior": "limit held", "mix shift": "other kinds of contacts", "rate/mix": "other kinds of contacts",
    "simpson": "other kinds of contacts", "immature": "not complete yet", "right-censored": "not complete yet",
    "quarantin": "set aside", "exposed": "touched", "outlier": "one-off", "residual": "what is left",
    "standard error": "range", "sigma": "range", "quantile": "nine of ten", "percentile": "nine of ten",
    "time series": "figure", "lattice": "segments", "outbox": "messages", "solved_at": "solved at",
}  # fmt: skip
WORDS = re.compile("|".join(rf"\b{re.escape(word)}" for word in SAID), re.IGNORECASE)
# Beside the words themselves those parts whose reasons stand on the screen as they are.
PARTS = (
    "dashboards",
    "cxmon/wording",
    "cxmon/charts",
    "cxmon/checks",
    "cxmon/decisions",
    "cxmon/incidents",
    "cxmon/pipeline",
)


def sentences(tree):
    """The strings that may be read by somebody: those of more than one word, without what explains the code."""
    apart = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
        if " " in text.strip() and id(node) not in apart:
            yield node.lineno, text


def of_the_trade(source):
    """(line, text) of what would be read and has such a word."""
    return [(line, text) for line, text in sentences(ast.parse(source)) if WORDS.search(text)]


@pytest.mark.parametrize("part", PARTS)
def test_what_the_screen_says_has_no_word_of_the_trade(part):
    found = {path.name: of_the_trade(path.read_text(encoding="utf-8")) for path in (ROOT / part).rglob("*.py")}
    assert len(found) > 3
    assert {name: said for name, said in found.items() if said} == {}, f"say instead: {SAID}"


def test_such_a_word_is_found_in_a_sentence_and_not_in_what_explains_the_code():
    source = '"""The posterior."""\nkey = "posterior"\nsaid = f"{low} to {high} is the Posterior range"\n'
    assert of_the_trade(source) == [(3, " is the Posterior range")]
