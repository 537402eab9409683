import pytest

from benchmarks import office
from benchmarks.measure import Figure, Figures, Limit, Target, of_samples, significant, spread


@pytest.mark.parametrize(
    ("target", "value", "verdict"),
    [
        (Target(10), 10, "reached"),
        (Target(10), 25, "missed 2.50x"),
        (Target(10, at_least=True), 10, "reached"),
        (Target(10, at_least=True), 4, "missed 2.50x"),
        (Target(10, at_least=True), 0, "missed"),
    ],
)
def test_targets_say_by_how_much(target: Target, value: float, verdict: str) -> None:
    assert target.verdict(value) == verdict


def test_spread_of_a_hundred_and_of_nothing() -> None:
    seen = spread(list(range(100)))
    assert (seen.median, seen.p95, seen.p99, seen.samples) == (49.5, 95, 99, 100)
    assert spread([]).samples == 0


@pytest.mark.parametrize(("value", "shown"), [(0, 0), (1234.6, 1235), (0.012345, 0.0123), (-2.345, -2.35)])
def test_three_digits_carry_meaning(value: float, shown: float) -> None:
    assert significant(value) == shown


def test_a_table_has_the_columns_that_are_filled() -> None:
    rows = [
        Figure("plain", 2.0, "ms"),
        Figure("bounded", 4.0, "ms", limit=Limit(2.0, "ms memcpy"), target=Target(3), peers={"Other": 9.0}),
    ]
    table = Figures("title", "note", rows).table()
    assert table.columns == ("figure", "median", "unit", "limit", "x limit", "target", "verdict", "Other")
    assert table.rows[1] == ("bounded", 4.0, "ms", "2.0 ms memcpy", 2.0, "<= 3", "missed 1.33x", 9.0)


def test_samples_give_percentiles() -> None:
    figure = of_samples("what", [1.0, 2.0, 3.0], "ms")
    assert (figure.value, figure.p95, figure.samples) == (2.0, 3.0, 3)


def test_office_figures_set_others_beside_ours() -> None:
    nobody, relevo = office.Spent(0.0, 1.5, 0.0, 0.0, 60.0), office.Spent(3.0, 1.6, 5.0, 50.0, 60.0)
    rows = office.figures({"nobody": nobody, "relevo": relevo}, 1.0).rows
    assert [(row.value, row.peers) for row in rows] == [
        (3.0, {"nobody": 0.0}),
        (1.6, {"nobody": 1.5}),
        (5.0, {"nobody": 0.0}),
        (50.0, {"nobody": 0.0}),
    ]
