"""python-memcached, the client of Django's first cache backend. Text protocol."""
import sys

import memcache

client = memcache.Client([sys.argv[1]], cache_cas=True, debug=1)

assert client.set("text", "value")
assert client.get("text") == "value"
assert client.get("nothing") is None
assert client.set("tuple", (1, "two", [3.0]))
assert client.get("tuple") == (1, "two", [3.0])
assert client.set("bytes", b"\x00\xff\r\nEND\r\n")
assert client.get("bytes") == b"\x00\xff\r\nEND\r\n"
assert client.set("empty", "")
assert client.get("empty") == ""

assert client.add("new", "1") and not client.add("new", "2")
assert client.replace("new", "3") and not client.replace("missing", "3")
assert client.append("new", "4") and client.prepend("new", "2")
assert client.get("new") == "234"
assert client.touch("new", 100)

assert client.set("number", 41)
assert client.incr("number") == 42
assert client.decr("number", 50) == 0
assert client.incr("absent") is None

assert client.set_multi({"a": 1, "b": 2, "c": 3}, key_prefix="p:") == []
assert client.get_multi(["a", "b", "x"], key_prefix="p:") == {"a": 1, "b": 2}
assert client.delete_multi(["a", "b"], key_prefix="p:")
assert client.get("p:a") is None and client.get("p:c") == 3

client.gets("text")
assert client.cas("text", "swapped")
client.gets("text")
client.set("text", "changed meanwhile")
assert not client.cas("text", "too late")

big = "x" * 900_000
assert client.set("big", big, min_compress_len=0) and client.get("big") == big
assert client.set("compressed", big, min_compress_len=1000) and client.get("compressed") == big

(_, stats), = client.get_stats()
assert stats["curr_items"].isdigit() and stats["version"].startswith("1.6")
(_, slabs), = client.get_slab_stats()
assert "active_slabs" in slabs
client.flush_all()
assert client.get("text") is None
print("ok")
