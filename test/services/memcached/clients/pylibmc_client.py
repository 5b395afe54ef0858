"""pylibmc, which is libmemcached: text, binary, and binary with SASL where a user is given."""
import sys

import pylibmc

server, *login = sys.argv[1:]


def check(client):
    client.flush_all()
    assert client.set("key", "value") and client.get("key") == "value" and client.get("none") is None
    assert client.set("number", 10) and client.incr("number", 5) == 15 and client.decr("number", 100) == 0
    assert client.set_multi({"a": 1, "b": [2], "c": None}) == []
    assert client.get_multi(["a", "b", "x"]) == {"a": 1, "b": [2]}
    assert client.add("new", b"1") and not client.add("new", b"2")
    assert client.replace("new", b"2")
    try:
        client.replace("none", b"2")
    except pylibmc.NotFound:  # in the binary protocol
        pass
    assert client.append("new", b"3") and client.prepend("new", b"1") and client.get("new") == b"123"
    assert client.touch("new", 100) and not client.touch("none", 100)
    assert client.delete("new") and not client.delete("new")
    assert client.delete_multi(["a", "b"]) and client.get("a") is None
    big = b"x" * 1_000_000
    assert client.set("big", big) and client.get("big") == big
    try:
        client.set("larger", b"x" * 1_100_000)
    except pylibmc.Error:
        pass
    else:
        raise AssertionError("an item above the limit was stored")
    assert client.get("key") == "value"
    for i in range(500):
        client.set(f"many{i}", "x" * i)
    assert len(client.get_multi([f"many{i}" for i in range(500)])) == 500
    (_, stats), = client.get_stats()
    assert int(stats[b"curr_items" if b"curr_items" in stats else "curr_items"]) > 500


if login:
    assert pylibmc.support_sasl
    user, password = login
    check(pylibmc.Client([server], binary=True, username=user, password=password))
    for wrong in (("nobody", password), (user, "wrong"), (None, None)):
        try:
            pylibmc.Client([server], binary=True, username=wrong[0], password=wrong[1]).set("key", "value")
        except pylibmc.Error:
            continue
        raise AssertionError(f"{wrong} could log in")
else:
    check(pylibmc.Client([server]))
    check(pylibmc.Client([server], binary=True))
    behaviors = {"tcp_nodelay": True, "no_block": True, "cas": True}
    swapping = pylibmc.Client([server], behaviors=behaviors)
    swapping.set("swap", 1)
    value, cas = swapping.gets("swap")
    assert value == 1 and swapping.cas("swap", 2, cas) and not swapping.cas("swap", 3, cas)
    pool = pylibmc.ClientPool(pylibmc.Client([server], binary=True), 4)
    with pool.reserve() as client:
        client.set("pooled", 1)
    with pool.reserve() as client:
        assert client.get("pooled") == 1
print("ok")
