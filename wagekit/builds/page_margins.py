"""Whether the words of a finished page lie between its margins, whichever way the page lies.

A typesetter says nothing when a number or a long word runs over the edge of the text into the margin, or off the
paper. So the boxes of all words are compared with the margins of the finished page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 24 * 72 / 25.4
"""Points of the left and the right margin, as ``templates/report.typ`` and ``templates/feedback.typ`` set them."""
EDGE = 12.0
"""Points from the upper and the lower edge of the paper that printers leave empty; header and footer lie below."""
_HANGING = 6.0
"""Points that may lie in the margin: the space behind a line, a full stop that hangs out. A digit takes five more."""


def beyond_margins(boxes: NDArray[np.float64], width: float, height: float) -> bool:
    """Whether a piece of text lies in a margin, or off the paper.

    Parameters
    ----------
    boxes : left, bottom, right, top of each piece of text, shape (k, 4), in points from the lower left corner.
    width, height : of the page, in points.

    Examples
    --------
    >>> import numpy as np
    >>> beyond_margins(np.array([[68.1, 700.0, 527.0, 710.0]]), 595.28, 841.89)
    False
    >>> beyond_margins(np.array([[68.1, 700.0, 560.0, 710.0]]), 595.28, 841.89)
    True
    """
    if not len(boxes):
        return False
    left, bottom, right, top = boxes.T
    side = SIDE - _HANGING
    return bool(left.min() < side or right.max() > width - side or bottom.min() < EDGE or top.max() > height - EDGE)
