"""A page of the board, run without a browser."""

from pathlib import Path

from cxmon.wording import terms

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
    """What stands as a name on a page, uses a term of the screen and has no question mark."""
    return [words for words, told in named(app.main) if terms.used(words) and not told]


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
