"""Where webhooks may connect to. A URL from a settings page must not open the inner network.

The name is resolved once, every address it has is checked, and the connection goes to a
checked address, so an answer that changes between check and connection (DNS rebinding)
changes nothing. City intranets are private networks: they are allowed by naming them
(``public_and``), never by switching the check off.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One address a webhook wants to connect to. ``host`` is the name in the URL."""

    scheme: str
    host: str
    port: int
    address: IPv4Address | IPv6Address


EgressPolicy = Callable[[Target], bool]
Resolver = Callable[[str, int], Awaitable[Sequence[str]]]


class UnableToReach(Exception):
    """The target may not or cannot be reached. ``code``: not_allowed (for ever) or not_resolved (for now)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


async def system_resolver(host: str, port: int) -> Sequence[str]:
    """Return the addresses the operating system has for a name, in its order; OSError if none."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(entry[4][0]).partition("%")[0] for entry in found))


def public_only(target: Target) -> bool:
    """Allow addresses of the public internet only.

    IPv6 addresses that carry an IPv4 address (mapped, 6to4, Teredo, NAT64) are judged by
    the one they carry: a gateway would unpack it.
    """
    return all(_public(address) for address in _meant(target.address))


def public_and(*networks: str) -> EgressPolicy:
    """Allow the public internet and these networks ("10.20.0.0/16"). ValueError for a bad network."""
    known = tuple(ip_network(network) for network in networks)

    def allow(target: Target) -> bool:
        inside = any(target.address in network for network in known)
        return inside or public_only(target)

    return allow


async def checked_addresses(
    *, scheme: str, host: str, port: int, allow: EgressPolicy, resolve: Resolver
) -> tuple[str, ...]:
    """Resolve once and return the addresses, in order; raise UnableToReach.

    One address that is not allowed refuses the name: a public name with a private address
    beside the public one is either a mistake or an attack.
    """
    try:
        found = [ip_address(text) for text in await resolve(host, port)]
    except (OSError, UnicodeError, ValueError):
        raise UnableToReach("not_resolved") from None
    if not found:
        raise UnableToReach("not_resolved")
    if not all(allow(Target(scheme=scheme, host=host, port=port, address=address)) for address in found):
        raise UnableToReach("not_allowed")
    return tuple(str(address) for address in found)


_NAT64 = ip_network("64:ff9b::/96")


def _meant(address: IPv4Address | IPv6Address) -> tuple[IPv4Address | IPv6Address, ...]:
    if isinstance(address, IPv4Address):
        return (address,)
    if address.ipv4_mapped is not None:
        return (address.ipv4_mapped,)
    carried: list[IPv4Address | IPv6Address] = [address]
    if address.sixtofour is not None:
        carried.append(address.sixtofour)
    if address.teredo is not None:
        carried.extend(address.teredo)
    if address in _NAT64:
        carried = [IPv4Address(int(address) & 0xFFFF_FFFF)]
    return tuple(carried)


def _public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
