"""``python -m benchmarks.scale``: compute the tables and plots of docs/scale.md; measure what they stand on anew."""

from __future__ import annotations

from typing import Annotated

import typer

from benchmarks.scale import measured, plots, report, sizes
from pipeline.settings import forget_variables

app = typer.Typer(no_args_is_help=True, add_completion=False)
CATALOGUES = (1000, 4000, 17_472)


@app.command("write")
def write() -> None:
    """Write docs/scale.md's tables and its plots, from what was measured.

    Example: python -m benchmarks.scale write
    """
    found, grown = measured.read(), sizes.read()
    text = report.DOCUMENT.read_text(encoding="utf-8")
    report.DOCUMENT.write_text(report.update(text, found, grown), encoding="utf-8")
    drawn = plots.draw(found, grown)
    print(f"{report.DOCUMENT.name} and {', '.join(path.name for path in drawn)} written")


@app.command("measure")
def measure(
    films: Annotated[list[int] | None, typer.Option(help="Films of a run; may be given again.")] = None,
    times: Annotated[int, typer.Option(min=1, help="Runs of each; the cheapest counts.")] = 2,
) -> None:
    """Run the local stack, which must be up, and write what each function took. Its Silver is compacted after that.

    Example: reelhouse up && python -m benchmarks.scale measure
    """
    from reelhouse import stack  # noqa: PLC0415 (only this command needs one)

    measured.write(measured.measure(stack.find(None), films or [250, 1000, 4000], times))


@app.command("sizes")
def size() -> None:
    """Make Gold of the sample, and of a million rows, in this process, and write how large and slow that is.

    Example: python -m benchmarks.scale sizes
    """
    forget_variables("PYTHONDONTWRITEBYTECODE")
    catalogues = [sizes.measure(films) for films in CATALOGUES]
    builds = [sizes.build(1_000_000, 1), sizes.build(1_000_000, 60)]
    sizes.write(sizes.Sizes(catalogues, builds))


if __name__ == "__main__":
    app()
