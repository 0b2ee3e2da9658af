"""Find mistakes in a broker's host name, and suggest how to correct them."""

import re
import socket

_LONGEST = 253
_LONGEST_LABEL = 63
_NO_SOCKETS = "MQTT over websockets is not supported; write only the host, and the port for MQTT"
_ADDRESS = "a URL is not a host name; write only the host, and the port as mqtt.port"
_QUOTES = "it contains typographic quotes; remove them, or use straight quotes"
# The first match is reported. `re` compiles the patterns only for hosts that are not `_SIMPLE`.
_MISTAKES = (
    (r"\Z", "it is empty; write a host name or an IP address"),
    (r"(?:wss?|https?)://", _NO_SOCKETS),
    (r"(?:mqtts|ssl|tls)://", f"{_ADDRESS}, and tls: {{{{}}}} for encryption"),
    (r".*://", _ADDRESS),
    (r".*@", "it contains a user name; write only the host, and the user as mqtt.username"),
    (rf".{{{_LONGEST + 1}}}", f"it is longer than {_LONGEST} characters; correct it"),
    (r".*[${}]", "variables are not expanded here; write the host name itself"),
    (
        r".*[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\ufeff]",
        "it contains a space or a control character; remove it",
    ),
    (r"\[(.*)\]:(\d+)\Z", "brackets are not allowed; write host: '{0}' and port: {1}"),
    (r"\[(.*)\]\Z", "brackets are not allowed; write host: '{0}'"),
    (r"([^:\[\]]+):(\d+)\Z", "the port has its own key; write host: {0} and port: {1}"),
    (r".*[/\\]", "it contains a path; write only the host name"),
    (r".*[\u2018-\u201f\u00ab\u00bb\u2039\u203a]", _QUOTES),
)
_SIMPLE = re.compile(r"[A-Za-z0-9_.-]{1,253}\Z")
_NUMBER = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)\Z")
_PLAIN = re.compile(r"[A-Za-z0-9_-]+\Z")


def host_fault(host: str) -> str | None:
    """Return why `host` is not a host name or IP address, with the remedy; None if it is one.

    An IPv6 address may end with its interface (`fe80::1%eth0`). For an address with a login, the
    returned text contains no part of that address.
    """
    for pattern, fault in () if _SIMPLE.match(host) else _MISTAKES:
        if match := re.match(pattern, host, re.DOTALL | re.IGNORECASE):
            return fault.format(*match.groups())
    return _ipv6_fault(host) if ":" in host else _name_fault(host)


def _ipv6_fault(host: str) -> str | None:
    address, percent, interface = host.partition("%")
    if _is_address(socket.AF_INET6, address) and bool(percent) == bool(interface):
        return None
    return "it is neither a host name nor an IPv6 address; correct it"


def _name_fault(host: str) -> str | None:
    try:
        # Resolvers look up names that are not ASCII in this form: a full-width 1 becomes 1.
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except UnicodeError:
        return "it is not a host name; correct it"
    labels = host.removesuffix(".").split(".")
    if not all(labels):
        return "it has an empty part between its dots; remove a dot"
    # Resolvers read such names as addresses: 192.168.1 as 192.168.0.1, and 010 as an octal number.
    if _NUMBER.match(labels[-1]):
        fault = "it is not an IP address; write four numbers from 0 to 255 without leading zeros"
        return None if _is_address(socket.AF_INET, host) else fault
    return next(filter(None, map(_label_fault, labels)), None)


def _is_address(family: socket.AddressFamily, text: str) -> bool:
    try:
        socket.inet_pton(family, text)
    except OSError:
        return False
    return True


def _label_fault(label: str) -> str | None:
    if not _PLAIN.match(label):
        return "a host name may contain only letters, digits, - and .; correct it"
    if len(label) > _LONGEST_LABEL:
        return f"a part between its dots is longer than {_LONGEST_LABEL} characters; correct it"
    return None
