"""The settings of the page."""

import msgspec

from daemon.configuration.value_types import Host, PageUrl, Port, Text


class WebSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The page: what is heard now, the settings and the health, in a browser."""

    port: Port | None = None
    """1 to 65535. None disables the page."""
    bind: Host = "127.0.0.1"
    """The address to listen on. Any but a loopback address needs a password."""
    hosts: list[Host] = []
    """Further host names by which browsers reach the page; they need a password."""
    password_file: Text | None = None
    """The file that `timbrel web-password` writes. None means /etc/timbrel/web-password."""
    models: tuple[Text, ...] = ()
    """Further models made by timbrel-build that a recording can be heard with."""
    url: PageUrl | None = None
    """The address at which people find the page, for Home Assistant. None derives it from bind."""
    ingress: bool = False
    """Serve the page to Home Assistant's Supervisor, without a password. Only for the app."""
