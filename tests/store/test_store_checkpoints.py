"""Where checks stopped: kept by check and metric, replaced whole."""

from cxmon.store import Store


def test_what_a_check_keeps_is_replaced_whole_and_is_no_news(store):
    before = store.version()
    store.checkpoints.replace("drift", "csat", {"a": b"\x00one", "b": b"two"})
    store.checkpoints.replace("drift", "churn", {"a": b"other"})
    store.checkpoints.replace("drift", "csat", {"b": b"three"})
    assert store.checkpoints.of("drift", "csat") == {"b": b"three"}
    assert store.checkpoints.of("drift", "churn") == {"a": b"other"}
    assert store.checkpoints.of("floor", "csat") == {}
    assert store.version() == before


def test_it_outlives_the_process(store_url):
    with Store.open(store_url) as store:
        store.checkpoints.replace("drift", "csat", {"a": bytes(range(256))})
    with Store.open(store_url) as again:
        assert again.checkpoints.of("drift", "csat") == {"a": bytes(range(256))}
