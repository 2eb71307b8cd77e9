"""The address guard: which IP addresses watcher may connect to.

Pure. Feeds, pages and redirects are written by strangers, and a name may
resolve to anything, so the address itself is judged right before each
connection. Tables, not `ipaddress.is_global`, which calls 192.0.0.192 (the
metadata service of one cloud) global.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network

# The IANA registries of special-purpose addresses, read 2026-11:
# https://www.iana.org/assignments/iana-ipv4-special-registry
# https://www.iana.org/assignments/iana-ipv6-special-registry
_REFUSED: tuple[tuple[Network, str], ...] = tuple(
    (ip_network(network), name)
    for network, name in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "a private network"),
        ("100.64.0.0/10", "a provider's NAT (CGNAT)"),
        ("127.0.0.0/8", "this machine (loopback)"),
        ("169.254.0.0/16", "link-local, where clouds keep their metadata"),
        ("172.16.0.0/12", "a private network"),
        ("192.0.0.0/24", "reserved for protocols"),
        ("192.0.2.0/24", "an example in documentation"),
        ("192.88.99.0/24", "a 6to4 relay"),
        ("192.168.0.0/16", "a private network"),
        ("198.18.0.0/15", "a benchmark network"),
        ("198.51.100.0/24", "an example in documentation"),
        ("203.0.113.0/24", "an example in documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved or broadcast"),
        ("::/128", "no address"),
        ("::1/128", "this machine (loopback)"),
        ("::ffff:0:0/96", "an IPv4 address mapped into IPv6"),
        ("::/96", "an IPv4 address written as IPv6"),
        ("64:ff9b::/96", "an IPv4 address behind NAT64"),
        ("64:ff9b:1::/48", "an IPv4 address behind a local NAT64"),
        ("100::/64", "a black hole"),
        ("2001::/32", "an IPv4 address inside Teredo"),
        ("2001::/23", "reserved for protocols"),
        ("2001:db8::/32", "an example in documentation"),
        ("2002::/16", "an IPv4 address inside 6to4"),
        ("3fff::/20", "an example in documentation"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "a private network"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)
_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that is given out to the public; whatever lies outside is refused, known by name or not."""


def networks(cidrs: Iterable[str]) -> tuple[Network, ...]:
    """Read `[net] allow`. Raises ValueError naming the entry that is no address or CIDR."""
    found = []
    for cidr in cidrs:
        try:
            found.append(ip_network(cidr.strip(), strict=False))
        except ValueError:
            message = f'{cidr!r} is no network; write an address or CIDR like "127.0.0.1/32"'
            raise ValueError(message) from None
    return tuple(found)


@lru_cache(maxsize=4096)
def refusal(address: str, allow: tuple[Network, ...] = ()) -> str | None:
    """What kind of forbidden address this is (`a private network`); None if watcher may connect.

    An address in `allow` may be connected to; so may a mapped one (`::ffff:…`)
    whose IPv4 address is in `allow`, because it leads to the same place.
    """
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return "not an IP address"
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    if any(_within(ip, network) or (mapped is not None and _within(mapped, network)) for network in allow):
        return None
    for network, name in _REFUSED:
        if _within(ip, network):
            return name
    if isinstance(ip, IPv6Address) and ip not in _UNICAST:
        return "reserved"
    return None


def _within(ip: IPv4Address | IPv6Address, network: Network) -> bool:
    return ip.version == network.version and ip in network
