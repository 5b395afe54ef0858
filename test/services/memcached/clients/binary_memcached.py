"""python-binary-memcached: binary, and with SASL where a user is given."""
import sys

import bmemcached
from bmemcached.exceptions import MemcachedException

server, *login = sys.argv[1:]
user, password = login or (None, None)
client = bmemcached.Client((server,), user, password)

assert client.flush_all()
assert client.set("key", "value") and client.get("key") == "value" and client.get("none") is None
assert client.set("object", {"a": [1, None]}) and client.get("object") == {"a": [1, None]}
assert client.add("new", 1) and not client.add("new", 2)
assert client.replace("new", 3) and not client.replace("none", 3)
value, cas = client.gets("new")
assert value == 3 and client.cas("new", 4, cas) and not client.cas("new", 5, cas)
assert client.incr("counter", 1, 0, 7) == 7 or client.get("counter") is not None
assert client.incr("counter", 5) > 0 and client.decr("counter", 1000) == 0
assert client.set_multi({"a": 1, "b": 2}) in ([], True)
assert client.get_multi(["a", "b", "x"]) == {"a": 1, "b": 2}
assert client.delete("a") and client.get("a") is None
assert client.delete_multi(["b", "new"])
assert client.set("big", "x" * 900_000) and client.get("big") == "x" * 900_000
stats, = client.stats().values()
assert int(stats[b"curr_items" if b"curr_items" in stats else "curr_items"]) > 0
client.disconnect_all()

if login:
    try:
        bmemcached.Client((server,), user, "wrong").get("key")
    except MemcachedException as error:
        assert error.code == 0x20
    else:
        raise AssertionError("a wrong password was good enough")
print("ok")
