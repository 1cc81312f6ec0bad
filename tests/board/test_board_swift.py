"""What makes the board quick: scripts from memory, hints in the page, connections that do not wait, a small line."""

import math
import os
import socket
import subprocess
import sys
import urllib.request

import pytest
from board_served import ROOT

from cxmon import charts
from cxmon.model import Tone
from dashboards import ready, shelf


def get(url, **headers):
    asked = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    with urllib.request.urlopen(asked, timeout=150) as answer:
        return answer.status, dict(answer.headers), answer.read()


def test_a_script_is_answered_alike_from_disk_and_from_memory(board_url):
    name = next((shelf.STATIC / "static" / "js").glob("embed.*.js"))
    url = f"{board_url}/static/js/{name.name}"
    first, second = get(url), get(url)
    assert first[2] == second[2] == name.read_bytes()
    kept = [{k: v for k, v in one[1].items() if k != "date"} for one in (first, second)]
    assert kept[0] == kept[1]
    assert "immutable" in kept[1]["cache-control"]
    assert get(url, Range="bytes=0-9")[::2] == (206, name.read_bytes()[:10])
    # What is not there is the page, and never kept.
    assert b"<head>" in get(f"{board_url}/static/js/nothing.js")[2]


@pytest.mark.parametrize("path", ["/", "/metric?metric=csat"])
def test_each_page_names_the_scripts_that_cards_and_charts_are_drawn_by(board_url, path):
    status, headers, page = get(board_url + path, Accept="text/html", Accept_Encoding="gzip")
    assert (status, int(headers["content-length"])) == (200, len(page))
    for part in (b"Metric.", b"embed.", b"ArrowVegaLiteChart."):
        assert page.count(b'<link rel="modulepreload" crossorigin fetchpriority="low" href="./static/js/' + part) == 1


def test_a_streamlit_that_calls_its_scripts_otherwise_gets_no_hints(tmp_path):
    assert shelf.hints(tmp_path) == b""


def test_connections_to_a_socket_that_listens_send_at_once():
    with socket.socket(socket.AF_INET) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        ready.at_once()
        with socket.create_connection(listening.getsockname(), timeout=30) as client:
            taken, _ = listening.accept()
            with taken:
                assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
                assert client.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0


def test_the_small_line_has_gaps_where_nothing_is_known_and_its_words_are_text():
    drawn = charts.spark([1.0, 2.0, math.nan, 3.0, 2.0], Tone.GREY, said='<b> "x"')
    assert drawn.count("M0.0") == 2
    assert drawn.count("M120.0") == 2
    assert 'aria-label="&lt;b&gt; &quot;x&quot;"' in drawn
    assert "light-dark(#68717F, #9BA6B6)" in drawn
    assert charts.spark([math.nan, 1.0], Tone.GREY, said="") == ""
    assert charts.spark([1.0, 1.0], Tone.RED, said="level", theme="dark") != ""


def test_the_overview_that_is_drawn_with_nobody_there_does_not_complain_of_it(seeded_url):
    begun = subprocess.run(
        [sys.executable, "-c", "from dashboards import ready; ready.get()"], cwd=ROOT, capture_output=True, text=True,
        env=os.environ | {"CXMON_STORE_URL": seeded_url}, timeout=150, check=True,
    )  # fmt: skip
    for complaint in ("Session state", "ScriptRunContext"):
        assert complaint not in begun.stderr
