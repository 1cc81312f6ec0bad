"""A page of the board, run without a browser."""

import json
import re
from pathlib import Path

from cxmon.wording import terms

HEAD, MARKS = re.compile(r"<th scope=.col.[^>]*>(.*?)</th>", re.DOTALL), re.compile(r"<[^>]+>")
# What of a chart has an axis or a legend, and both of them.
CHANNELS = {"x", "y", "color", "fill", "stroke", "shape", "size", "axis", "legend"}
VIEWS = Path(__file__).parents[2] / "dashboards" / "views"


def opened(name, **params):
    """The page `name` at the address with these parameters, on the store that the environment names."""
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(str(VIEWS / f"{name}.py"), default_timeout=120)
    for key, value in params.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception, app.exception
    return app


def text(app):
    """What a page says, without the backslashes that keep data from being markup."""
    kinds = (app.markdown, app.caption, app.title, app.header, app.warning)
    return "\n".join(m.value for kind in kinds for m in kind).replace("\\", "")


def words_of(monkeypatch, url, name, **params):
    """What a page says of the store at `url`."""
    monkeypatch.setenv("CXMON_STORE_URL", url)
    return text(opened(name, **params))


def unexplained(app):
    """What stands as a name on a page, uses a term of the screen and has no question mark; and each head of a column,
    axis or legend whose term no question mark above it says."""
    bare = [words for words, told in named(app.main) if terms.used(words) and not told]
    return bare + [
        words for words, above in heads(app.main) if any(term.lower() not in above for term in terms.used(words))
    ]


def heads(node, above=""):
    """(head of a column of a table, or of an axis or legend of a chart; what the question marks above it say).

    Those of the same container count, and of the one around it where there are none; of a fold the one beside it.
    """
    known, here = list(getattr(node, "children", {}).values()), ""
    for i, child in enumerate(known):
        beside = "".join(map(says, known[i : i + 2])) if child.type == "expander" else ""
        yield from heads(child, beside or here or above)
        here += says(child)
    if node.type in {"table", "arrow_table", "arrow_data_frame"}:
        yield from ((str(name), above) for name in node.value.columns)
    elif node.type == "html":
        yield from ((MARKS.sub("", one), above) for one in HEAD.findall(node.proto.body))
    elif node.type == "vega_lite_chart":
        yield from ((words, above) for words in titles(json.loads(node.proto.spec)))


def says(node):
    """What the question mark of an element says, in small letters."""
    return getattr(getattr(node, "proto", None), "help", "").lower().replace("\\", "")


def titles(spec, of=""):
    """What the axes and legends of a chart are called."""
    if isinstance(spec, dict):
        if of in CHANNELS and isinstance(spec.get("title"), str):
            yield spec["title"]
        for key, one in spec.items():
            yield from titles(one, key)
    elif isinstance(spec, list):
        for one in spec:
            yield from titles(one, of)


def named(node, beside=()):
    """(what stands as a name, whether it is explained) of all that a page shows: heads, figures, fields, folds.

    A headline is explained by the sentence below it, and a fold by the question mark beside it.
    """
    known = list(getattr(node, "children", {}).values())
    for i, child in enumerate(known):
        yield from named(child, known[i : i + 3])
    proto = getattr(node, "proto", None)
    if node.type == "markdown" and node.value.startswith("#"):
        yield node.value, any(meant(one) for one in beside)
    elif node.type == "expander":
        yield node.label, any(meant(one) for one in beside[1:2])
    elif node.type in {"title", "header", "subheader"}:
        yield node.value, bool(proto.help)
    elif getattr(node, "label", ""):
        yield node.label, meant(node)


def meant(node):
    return bool(getattr(getattr(node, "proto", None), "help", ""))
