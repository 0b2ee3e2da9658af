"""A share as a bar."""


def gauge(ours: float, peer: float | None = None, target: float | None = None) -> str:
    """Return a bar of length `ours`, 0..1, with marks at the peer's share and the target."""
    ticks = "".join(
        f'<i class="{look}" style="left:{100 * share:.1f}%"></i>'
        for look, share in (("target", target), ("peer", peer))
        if share is not None
    )
    bar = f'<b style="width:{100 * ours:.1f}%"></b>'
    return f'<div class="gauge" aria-hidden="true">{bar}{ticks}</div>'
