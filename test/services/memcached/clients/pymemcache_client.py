"""pymemcache: text protocol, with and without the pool and the hash ring."""
import sys

from pymemcache import serde
from pymemcache.client.base import Client, PooledClient
from pymemcache.client.hash import HashClient
from pymemcache.exceptions import MemcacheClientError, MemcacheIllegalInputError, MemcacheServerError

host, port = sys.argv[1].rsplit(":", 1)
address = (host, int(port))


def check(client):
    client.flush_all()
    assert client.set("key", b"value", noreply=False)
    assert client.get("key") == b"value" and client.get("none") is None
    assert client.set_many({"a": b"1", "b": b"2"}, noreply=False) == []
    assert client.get_many(["a", "b", "c"]) == {"a": b"1", "b": b"2"}
    assert client.add("a", b"x", noreply=False) is False
    assert client.replace("a", b"x", noreply=False) is True
    assert client.append("a", b"y", noreply=False) and client.prepend("a", b"w", noreply=False)
    value, cas = client.gets("a")
    assert value == b"wxy"
    assert client.cas("a", b"z", cas, noreply=False) is True
    assert client.cas("a", b"z", cas, noreply=False) is False
    assert client.cas("none", b"z", cas, noreply=False) is None
    assert client.touch("a", 100, noreply=False) and client.get("a") == b"z"
    client.set("n", b"5", noreply=False)
    assert client.incr("n", 3) == 8 and client.decr("n", 10) == 0 and client.incr("none", 1) is None
    assert client.delete("a", noreply=False) and not client.delete("a", noreply=False)
    client.delete_many(["b", "n"])
    assert client.get_many(["b", "n"]) == {}
    for i in range(200):
        client.set(f"quiet{i}", b"x" * i, noreply=True)
    assert client.get("quiet199") == b"x" * 199


plain = Client(address, default_noreply=False)
check(plain)
check(PooledClient(address, max_pool_size=4, default_noreply=False))
check(HashClient([address], default_noreply=False, use_pooling=True))

assert plain.version().startswith(b"1.6")
assert plain.stats()[b"threads"] == 4
assert plain.stats("settings")[b"maxbytes"] > 0
assert plain.cache_memlimit(64)
assert plain.raw_command(b"mn") == b"MN"
plain.set("word", b"no number")
try:
    plain.incr("word", 1)
except MemcacheClientError as error:
    assert "non-numeric" in str(error)
else:
    raise AssertionError("a word was incremented")
try:
    plain.set("large", b"x" * 2_000_000)
except MemcacheServerError as error:
    assert "too large" in str(error)
else:
    raise AssertionError("too large")
assert plain.get("key") == b"value"
try:
    plain.get("with space")
except MemcacheIllegalInputError:
    pass
else:
    raise AssertionError("a key with a space")

pickled = Client(address, serde=serde.pickle_serde, default_noreply=False)
pickled.set("object", {"a": [1, 2, None]})
assert pickled.get("object") == {"a": [1, 2, None]}
unicode = Client(address, allow_unicode_keys=True, default_noreply=False)
unicode.set("ключ", b"1")
assert unicode.get("ключ") == b"1"
print("ok")
