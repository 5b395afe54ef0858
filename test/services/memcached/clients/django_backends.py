"""Round trips through both of Django's memcached backends."""
import sys
import time

import django
from django.conf import settings

server = sys.argv[1]
backends = ("PyMemcacheCache", "PyLibMCCache")
settings.configure(
    CACHES={
        **{
            name: {"BACKEND": f"django.core.cache.backends.memcached.{name}", "LOCATION": server}
            for name in backends
        },
        "default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
    },
    USE_TZ=True,
)
django.setup()

from django.core.cache import caches  # noqa: E402
from django.core.cache.backends.base import InvalidCacheKey  # noqa: E402


def check(cache):
    cache.clear()
    for value in ("text", "ключ", b"bytes\r\n\0", 42, 1.5, [1, {"a": None}], True, ""):
        cache.set("key", value)
        assert cache.get("key") == value, value
    assert cache.get("missing") is None and cache.get("missing", "default") == "default"
    cache.set("none", None)
    assert cache.get("none", "default") is None
    assert cache.add("added", 1) is True and cache.add("added", 2) is False and cache.get("added") == 1
    assert cache.get_or_set("lazy", lambda: "made") == "made" and cache.get_or_set("lazy", "other") == "made"
    assert "key" in cache and "missing" not in cache and cache.has_key("key")
    cache.set("number", 41)
    assert cache.incr("number") == 42 and cache.incr("number", 10) == 52 and cache.decr("number", 2) == 50
    for method in (cache.incr, cache.decr):
        try:
            method("missing")
        except ValueError:
            continue
        raise AssertionError(method)
    assert cache.set_many({"a": 1, "b": 2, "c": 3}) == []
    assert cache.get_many(["a", "b", "c", "d"]) == {"a": 1, "b": 2, "c": 3}
    cache.delete_many(["a", "b"])
    assert cache.get_many(["a", "b", "c"]) == {"c": 3}
    assert cache.delete("c") is True and cache.delete("c") is False
    cache.set("versioned", 1, version=1)
    cache.set("versioned", 2, version=2)
    assert cache.get("versioned", version=2) == 2 and cache.get("versioned") == 1
    assert cache.incr_version("versioned") == 2 and cache.get("versioned") is None
    cache.set("zero", 1, timeout=0)
    assert cache.get("zero") is None
    cache.set("negative", 1, timeout=-1)
    assert cache.get("negative") is None
    cache.set("forever", 1, timeout=None)
    assert cache.get("forever") == 1
    cache.set("month", 1, timeout=60 * 60 * 24 * 31)
    assert cache.get("month") == 1
    cache.set("short", 1, timeout=1)
    assert cache.touch("forever", 100) is True and cache.touch("missing") is False
    for wrong in ("key with spaces", "k" * 300):
        try:
            cache.set(wrong, 1)
        except InvalidCacheKey:
            continue
        raise AssertionError(wrong)
    deadline = time.monotonic() + 10
    while cache.get("short") is not None:
        assert time.monotonic() < deadline, "an item outlived its timeout"
        time.sleep(0.05)
    try:
        cache.set("large", "x" * 2_000_000)
    except Exception as error:  # each backend has its own
        assert type(error).__name__ in ("MemcacheServerError", "TooBig"), repr(error)
    assert cache.get("large") is None
    cache.clear()
    assert cache.get("forever") is None
    cache.close()


for name in backends:
    check(caches[name])
print("ok")
