"""A page of the board, run without a browser."""

from pathlib import Path

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
