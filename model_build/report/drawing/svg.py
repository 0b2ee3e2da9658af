"""Elements of SVG pictures. `look` is the CSS class of an element."""

from html import escape


def svg(inside: str, size: tuple[float, float], description: str) -> str:
    """Return a picture that scales with the page; `description` is for screen readers."""
    return (
        f'<svg role="img" aria-label="{escape(description)}" '
        f'viewBox="0 0 {size[0]:g} {size[1]:g}">{inside}</svg>'
    )


def text(x: float, y: float, words: str, *, anchor: str = "middle", look: str = "") -> str:
    """Return text at a point."""
    style = f' class="{look}"' if look else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{style}>{escape(words)}</text>'


def box(x: float, y: float, *, width: float, height: float, look: str, tooltip: str) -> str:
    """Return a rectangle with a tooltip."""
    title = f"<title>{escape(tooltip)}</title>"
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" '
        f'class="{look}">{title}</rect>'
    )


def rule(x1: float, y1: float, x2: float, y2: float) -> str:
    """Return a thin line of a grid."""
    return f'<line class="rule" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'
