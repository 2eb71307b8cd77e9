"""What the network door promises, against a real server on loopback."""

from __future__ import annotations

import gzip
import ssl
import subprocess
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.servers import Reply, serve
from watcher.model import Permanent, Temporary, WatcherError
from watcher.net import Net, guard
from watcher.net.exchange import ERROR_BODY, MAX_HEADERS

LOOPBACK = ("127.0.0.0/8",)
SOON = timedelta(seconds=5)


@pytest.fixture
def server():
    with serve("127.0.0.1", "127.0.0.2") as running:
        yield running


@pytest.fixture
def net():
    opened = Net(allow=LOOPBACK)
    yield opened
    opened.close()


def get(net, url, *, limit=10_000, deadline=SOON, **more):
    return net.get(url, limit=limit, deadline=deadline, **more)


# --------------------------------------------------------------------------- the guard


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.254", "127.0.0.1",
        "127.255.255.254", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.192",
        "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
        "203.0.113.9", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001::1", "2001:0:7f00:1::", "2001:db8::1",
        "2002:7f00:1::", "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd12:3456::1", "fe80::1",
        "fe80::1%eth0", "fec0::1", "ff02::1", "ff0e::1", "4000::1", "1::1", "8000::", "not an address", "",
    ],
)  # fmt: skip
def test_the_guard_refuses(address):
    assert guard.refusal(address)


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "192.0.1.1",
     "192.169.0.1", "198.17.0.1", "198.20.0.1", "223.255.255.255", "2606:4700::1111", "2a00:1450::1",
     "2400:cb00::1", "2001:200::1", "2003::1"],
)  # fmt: skip
def test_the_guard_lets_public_addresses_through(address):
    assert guard.refusal(address) is None


def test_an_allowed_network_opens_itself_and_nothing_else():
    allow = guard.networks(["10.1.0.0/16", "fd00::/8", "127.0.0.1"])
    assert guard.refusal("10.1.2.3", allow) is None
    assert guard.refusal("fd12::1", allow) is None
    assert guard.refusal("127.0.0.1", allow) is None
    assert guard.refusal("::ffff:127.0.0.1", allow) is None
    assert guard.refusal("10.2.0.1", allow)
    assert guard.refusal("127.0.0.2", allow)


def test_an_allow_entry_that_is_no_network_is_named():
    with pytest.raises(WatcherError, match="localhost"):
        Net(allow=["localhost"])


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "0.0.0.0", "127.0.0.1."]
)
def test_no_spelling_of_this_machine_gets_past_the_guard(server, host):
    net = Net()
    with pytest.raises(Permanent, match="does not connect"):
        get(net, f"http://{host}:{server.port}/")
    with pytest.raises(Permanent, match="does not connect"):
        net.post(f"http://{host}:{server.port}/", b"x", {}, deadline=SOON)
    assert server.count() == 0


def test_a_refusal_says_what_to_write():
    with pytest.raises(Permanent, match=r'\[net\] allow = \["127\.0\.0\.1"\]'):
        get(Net(), "http://127.0.0.1:9/")


def test_the_guard_judges_every_hop_of_a_redirect(server):
    server.script("/out", Reply(status=302, headers={"Location": server.url("/secret", "127.0.0.2")}))
    server.script("/secret", Reply(body=b"metadata"))
    net = Net(allow=["127.0.0.1/32"])
    with pytest.raises(Permanent, match=r"127\.0\.0\.2"):
        get(net, server.url("/out"))
    assert server.count("/secret") == 0


def test_a_kept_connection_does_not_outlive_a_reset(server, net):
    server.script("/", Reply(body=b"x"))
    get(net, server.url("/"))
    kept = net._idle
    assert len(kept) == 1
    net.reset()
    assert net._idle == []
    assert get(net, server.url("/")).body == b"x"


# --------------------------------------------------------------------------- schemes and redirects


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1/", "dict://127.0.0.1/", "//127.0.0.1/",
     "127.0.0.1", "", "http://", "http:///x", "javascript:alert(1)", "http://[::1", "http://x:99999/",
     "http://a b/", "http://a\r\nb/"],
)  # fmt: skip
def test_only_http_is_spoken(net, url):
    with pytest.raises((Permanent, Temporary)):
        get(net, url)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1:1/", "dict://x/"])
def test_a_redirect_out_of_http_is_refused(server, net, target):
    server.script("/", Reply(status=301, headers={"Location": target}))
    with pytest.raises(Permanent, match="redirects to"):
        get(net, server.url("/"))


def chain(server, *statuses):
    for number, status in enumerate(statuses):
        server.script(f"/{number}", Reply(status=status, headers={"Location": f"/{number + 1}"}))
    server.script(f"/{len(statuses)}", Reply(body=b"there"))
    return server.url("/0")


@pytest.mark.parametrize(
    ("statuses", "moved"),
    [((301,), True), ((308,), True), ((301, 308, 301), True), ((302,), False), ((307,), False), ((303,), False),
     ((301, 302), False), ((302, 301), False), ((), False)],
)  # fmt: skip
def test_only_a_chain_of_permanent_redirects_is_a_move(server, net, statuses, moved):
    response = get(net, chain(server, *statuses))
    end = server.url(f"/{len(statuses)}")
    assert response.body == b"there"
    assert response.url == end
    assert response.permanent_url == (end if moved else None)


def test_five_redirects_are_followed_and_six_are_not(server, net):
    assert get(net, chain(server, *[302] * 5)).status == 200
    with pytest.raises(Temporary, match="more than 5"):
        get(net, chain(server, *[302] * 6))


def test_a_redirect_without_location_is_an_answer(server, net):
    server.script("/", Reply(status=302))
    assert get(net, server.url("/")).status == 302


def test_a_post_follows_no_redirect(server, net):
    server.script("/hook", Reply(status=307, headers={"Location": "/elsewhere"}))
    assert net.post(server.url("/hook"), b"{}", {}, deadline=SOON).status == 307
    assert server.count("/elsewhere") == 0


def test_secrets_do_not_follow_a_redirect_to_another_site(server, net):
    server.script("/", Reply(status=302, headers={"Location": server.url("/other", "127.0.0.2")}))
    server.script("/other", Reply(body=b"x"))
    get(
        net,
        server.url("/"),
        headers={"Cookie": "s=1", "Authorization": "Bearer t", "X-Key": "k", "If-None-Match": '"1"'},
    )
    assert server.last("/").headers["cookie"] == "s=1"
    elsewhere = server.last("/other").headers
    assert not {"cookie", "authorization", "x-key"} & set(elsewhere)
    assert elsewhere["if-none-match"] == '"1"'


def test_user_and_password_of_an_address_are_sent_to_its_site_only(server, net):
    server.script("/in", Reply(status=302, headers={"Location": "/same"}))
    server.script("/same", Reply(status=302, headers={"Location": server.url("/other", "127.0.0.2")}))
    server.script("/other", Reply(body=b"x"))
    response = get(net, server.url("/in").replace("http://", "http://me:p%40ss@"))
    assert server.last("/in").headers["authorization"] == "Basic bWU6cEBzcw=="
    assert server.last("/same").headers["authorization"] == "Basic bWU6cEBzcw=="
    assert "authorization" not in server.last("/other").headers
    assert "p%40ss" not in response.url


def test_a_redirect_cannot_choose_what_watcher_logs_in_with(server, net):
    server.script("/", Reply(status=302, headers={"Location": f"http://evil:pw@127.0.0.1:{server.port}/x"}))
    get(net, server.url("/"))
    assert "authorization" not in server.last("/x").headers


def test_cookies_are_not_kept(server, net):
    server.script("/", Reply(body=b"x", headers={"Set-Cookie": "a=b"}))
    get(net, server.url("/"))
    get(net, server.url("/"))
    assert "cookie" not in server.last("/").headers


# --------------------------------------------------------------------------- what goes out


def test_it_says_who_it_is_and_asks_only_for_what_it_decodes(server, net):
    get(net, server.url("/"))
    headers = server.last("/").headers
    assert headers["user-agent"].startswith("watcher/")
    assert set(headers["accept-encoding"].replace(" ", "").split(",")) <= {"gzip", "deflate", "br", "zstd"}


@pytest.mark.parametrize(
    ("name", "value"),
    [("X", "a\r\nEvil: 1"), ("X", "a\nEvil: 1"), ("X", "a\0b"), ("X\r\nEvil", "1"), ("X:", "1"), ("", "1"),
     ("X Y", "1"), ("Ü", "1")],
)  # fmt: skip
def test_no_header_can_carry_another_with_it(server, net, name, value):
    with pytest.raises(Permanent, match="header"):
        get(net, server.url("/"), headers={name: value})
    with pytest.raises(Permanent, match="header"):
        net.post(server.url("/"), b"", {name: value}, deadline=SOON)
    assert server.count() == 0


def test_an_address_cannot_carry_a_header_with_it(server, net):
    get(net, server.url("/a b\r\nEvil: 1"))
    assert "evil" not in server.requests[-1].headers


def test_addresses_beyond_ascii_are_encoded(server, net):
    get(net, server.url("/기사?q=탈북 민"))
    assert server.requests[-1].path == "/%EA%B8%B0%EC%82%AC?q=%ED%83%88%EB%B6%81%20%EB%AF%BC"


def test_a_get_after_a_post_is_a_get(server, net):
    server.script("/", Reply(body=b"x"))
    for _ in range(2):
        net.post(server.url("/"), b'{"a":1}', {"Content-Type": "application/json"}, deadline=SOON)
        get(net, server.url("/"))
    assert [(request.method, request.body) for request in server.requests] == [
        ("POST", b'{"a":1}'),
        ("GET", b""),
    ] * 2
    assert server.requests[0].headers["content-type"] == "application/json"
    assert "content-type" not in server.requests[1].headers


def test_proxies_of_the_environment_are_ignored(server, net, monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    server.script("/", Reply(body=b"direct"))
    assert get(net, server.url("/")).body == b"direct"


def test_a_configured_proxy_is_used(server):
    server.script("http://news.invalid/feed", Reply(body=b"through the proxy"))
    net = Net(proxy=server.url(""))
    assert get(net, "http://news.invalid/feed").body == b"through the proxy"


# --------------------------------------------------------------------------- what comes back


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "identity"])
def test_encoded_bodies_are_decoded(server, net, encoding):
    data = {"gzip": gzip.compress, "deflate": zlib.compress, "identity": bytes}[encoding](b"text" * 100)
    server.script("/", Reply(body=data, headers={"Content-Encoding": encoding}))
    assert get(net, server.url("/")).body == b"text" * 100


def test_the_cap_counts_decoded_bytes(server, net):
    bomb = gzip.compress(b"\0" * 20_000_000)
    assert len(bomb) < 25_000
    server.script("/", Reply(body=bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(Permanent, match="larger than 1 MiB"):
        get(net, server.url("/"), limit=2**20)


@pytest.mark.parametrize(
    ("size", "fits"), [(9_999, True), (10_000, True), (10_001, False), (1_000_000, False)]
)
def test_the_cap_is_exact(server, net, size, fits):
    server.script("/", Reply(body=b"x" * size))
    if fits:
        assert len(get(net, server.url("/")).body) == size
    else:
        with pytest.raises(Permanent, match="larger"):
            get(net, server.url("/"))


def test_an_error_page_is_cut_rather_than_refused(server, net):
    server.script("/", Reply(status=404, body=b"x" * 1_000_000))
    response = get(net, server.url("/"), limit=10**7)
    assert response.status == 404
    assert len(response.body) == ERROR_BODY


def test_a_body_that_drips_ends_at_the_deadline(server, net):
    server.script("/", Reply(body=b"x" * 1_000, pause=0.05))
    began = time.monotonic()
    with pytest.raises(Temporary, match="no complete answer within"):
        get(net, server.url("/"), deadline=timedelta(seconds=0.5))
    assert 0.4 < time.monotonic() - began < 5


def test_the_deadline_is_for_all_hops_together(server, net):
    for hop in range(3):
        slow = Reply(status=302, headers={"Location": f"/{hop + 1}"}, body=b"x", pause=0.3)
        server.script(f"/{hop}", slow)
    server.script("/3", Reply(body=b"there"))
    assert get(net, server.url("/2")).body == b"there"
    with pytest.raises(Temporary):
        get(net, server.url("/0"), deadline=timedelta(seconds=0.7))


def test_endless_headers_are_cut_off(server, net):
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"y" * 1_000) for number in range(100))
    server.script("/", Reply(raw=b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n"))
    assert len(lines) > MAX_HEADERS
    with pytest.raises(Temporary, match="headers"):
        get(net, server.url("/"))


def test_headers_are_lower_case_capped_and_of_the_last_answer(server, net):
    server.script(
        "/",
        Reply(raw=b'HTTP/1.1 200 OK\r\nETag: "1"\r\nETAG: "2"\r\nX-Long: ' + b"y" * 9_000
              + b"\r\nCache-Control: a\r\nCache-Control: b\r\nX-Tab: a\tb\x01c\r\nContent-Length: 0\r\n\r\n"),
    )  # fmt: skip
    headers = get(net, server.url("/")).headers
    assert headers["etag"] == '"1"'
    assert headers["cache-control"] == "a, b"
    assert headers["x-tab"] == "a\tbc"
    assert "x-long" not in headers


@pytest.mark.parametrize(
    "raw",
    [b"", b"garbage\r\n\r\n", b"HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
     b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope", b"\x00" * 100,
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"],
)  # fmt: skip
def test_an_answer_that_is_no_http_is_a_temporary_failure_that_names_the_address(server, net, raw):
    server.script("/odd", Reply(raw=raw))
    with pytest.raises(Temporary, match="/odd"):
        get(net, server.url("/odd"))


def test_a_refused_connection_is_temporary(net):
    with pytest.raises(Temporary, match=r"127\.0\.0\.1:9/"):
        get(net, "http://127.0.0.1:9/")


def test_a_name_that_does_not_resolve_is_temporary_and_says_so(net):
    with pytest.raises(Temporary, match=r"host is not known|no complete answer"):
        get(net, "http://no-such-host.invalid/", deadline=timedelta(seconds=3))


def test_messages_show_no_password_and_no_webhook_path(net):
    with pytest.raises(Temporary) as failed:
        get(net, "http://me:secret@127.0.0.1:9/x")
    assert "secret" not in str(failed.value)
    with pytest.raises(Temporary) as failed:
        net.post("http://127.0.0.1:9/hooks/SECRET", b"", {}, deadline=SOON)
    assert "SECRET" not in str(failed.value)


# --------------------------------------------------------------------------- TLS


@pytest.fixture
def certificate(tmp_path):
    """A self-signed certificate for localhost, made by the openssl of this machine."""
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
         "-keyout", str(key), "-out", str(cert)],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("this machine's openssl makes no certificate")
    return cert, key


def test_certificates_are_verified(server, certificate):
    cert, key = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    for listener in server._servers:
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    server.script("/", Reply(body=b"secret"))
    address = server.url("/").replace("http:", "https:")
    with pytest.raises(Temporary, match="certificate"):
        get(Net(allow=LOOPBACK), address)
    assert server.count() == 0
    assert get(Net(allow=LOOPBACK, ca_file=str(cert)), address).body == b"secret"
    with pytest.raises(Temporary, match="certificate"):
        get(Net(allow=LOOPBACK, ca_file=str(cert)), address.replace("127.0.0.1", "127.0.0.2"))


# --------------------------------------------------------------------------- many threads


def test_two_requests_to_a_host_at_a_time_and_no_more(server, net):
    server.script("/", Reply(body=b"xxxx", pause=0.02))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: get(net, server.url("/")).body, range(10)))
    assert answers == [b"xxxx"] * 10
    assert server.most_at_once == 2


def test_a_busy_host_does_not_hold_up_another(server, net):
    hold = threading.Event()
    server.script("/slow", Reply(hold=hold, body=b"late"))
    server.script("/quick", Reply(body=b"now"))
    with ThreadPoolExecutor(4) as pool:
        slow = [pool.submit(get, net, server.url("/slow")) for _ in range(4)]
        assert server.wait("/slow", 2)
        assert get(net, server.url("/quick", "127.0.0.2")).body == b"now"
        assert server.count("/slow") == 2
        hold.set()
        assert [future.result().body for future in slow] == [b"late"] * 4


def test_a_request_that_never_gets_its_turn_says_so(server, net):
    hold = threading.Event()
    server.script("/slow", Reply(hold=hold))
    with ThreadPoolExecutor(2) as pool:
        slow = [pool.submit(get, net, server.url("/slow")) for _ in range(2)]
        assert server.wait("/slow", 2)
        with pytest.raises(Temporary, match="2 other requests"):
            get(net, server.url("/slow"), deadline=timedelta(seconds=0.2))
        hold.set()
        assert all(future.result().status == 200 for future in slow)


def test_close_ends_what_is_in_flight_and_refuses_the_rest(server, net):
    server.script("/slow", Reply(hold=threading.Event()))
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(get, net, server.url("/slow"), deadline=timedelta(seconds=15))
        assert server.wait("/slow")
        began = time.monotonic()
        net.close()
        with pytest.raises(Temporary, match="stopping"):
            slow.result()
        assert time.monotonic() - began < 8
    with pytest.raises(Temporary, match="stopping"):
        get(net, server.url("/slow"))


def test_connections_are_reused(server, net):
    server.script("/", Reply(body=b"x"))
    for _ in range(5):
        get(net, server.url("/"))
    assert len(net._idle) == 1
    assert len({request.port for request in server.requests}) == 1
