"""How time grows with rows and with cells: a table and a chart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from runners.start import Measured

CURVES = {
    ("wagekit", "percentiles_first"): "wagekit percentiles, first table",
    ("wagekit", "percentiles_known"): "wagekit percentiles, further table",
    ("wagekit", "mean_known"): "wagekit means, further table",
    ("duckdb", "weighted"): "DuckDB weighted, no variance",
    ("duckdb", "plain"): "DuckDB unweighted",
}


@dataclass
class Growth:
    """Seconds of each curve at each size.

    Parameters
    ----------
    what : rows or cells.
    """

    what: str
    sizes: list[int] = field(default_factory=list)
    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: {key: [] for key in CURVES})

    def add(self, size: int, measure: Callable[[str, str], Measured | str]) -> None:
        self.sizes.append(size)
        for key in CURVES:
            found = measure(*key)
            self.seconds[key].append(found.seconds if isinstance(found, Measured) else float("nan"))


def growth_table(growth: Growth, fixed: str) -> Iterator[str]:
    """Markdown lines: a row a size."""
    yield f"| {growth.what} ({fixed}) | " + " | ".join(CURVES.values()) + " |"
    yield "| ---: |" + " ---: |" * len(CURVES)
    for k, size in enumerate(growth.sizes):
        yield f"| {size:,} | " + " | ".join(f"{growth.seconds[key][k]:.3f}" for key in CURVES) + " |"


def draw_growth(rows: Growth, cells: Growth, path: Path) -> None:
    """The same as a chart, seconds on logarithmic axes, in SVG."""
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    styles = ["-", "--", ":", "-", "--"]
    colours = ["#0b5394", "#0b5394", "#0b5394", "#b45f06", "#b45f06"]
    with matplotlib.rc_context({"svg.hashsalt": "peers", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure, axes = plt.subplots(1, 2, figsize=(10, 4.4), sharey=True, layout="constrained")
        for axis, growth in zip(axes, (rows, cells), strict=True):
            for (key, label), style, colour in zip(CURVES.items(), styles, colours, strict=True):
                axis.plot(growth.sizes, growth.seconds[key], style, color=colour, marker="o", markersize=4, label=label)
            axis.set(xscale="log", yscale="log", xlabel=growth.what)
            axis.grid(visible=True, which="major", color="#dddddd", linewidth=0.6)
            axis.spines[["top", "right"]].set_visible(False)
        axes[0].set_ylabel("seconds")
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=3, frameon=False)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
