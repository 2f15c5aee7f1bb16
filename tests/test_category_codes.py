"""Categories that a file names without an id."""

from conftest import Workshop


def test_a_category_code_without_an_id_is_a_category_in_every_table(workshop: Workshop) -> None:
    workshop.write("a.csv", [
        {"event_type": "purchase", "product_id": "1", "category_id": "", "category_code": "Toys"},
        {"product_id": "2", "category_id": "", "category_code": "books.used"},
        {"product_id": "3", "category_id": "", "category_code": ""},
    ])  # fmt: skip
    workshop.load()
    report = workshop.build(until="tests")

    assert report.holds, report.problems
    categories = "select category_id, category_code from marts.dim_categories order by 1"
    assert workshop.query(categories) == [
        ("books.used", "books.used"),
        ("toys", "toys"),
    ]
    assert workshop.query("select product_id, category_id from marts.dim_products order by 1") == [
        ("1", "toys"), ("2", "books.used"), ("3", None),
    ]  # fmt: skip
    performance = "select name from metrics.metrics_product_performance where level = 'category'"
    assert sorted(workshop.query(performance)) == [
        ("books.used",),
        ("toys",),
        ("unknown",),
    ]
    cube = "select category, subcategory, revenue_amount from dashboard.cube_products order by 1"
    assert workshop.query(cube) == [
        ("books", "used", 0), ("toys", "toys", 100), ("unknown", "unknown", 0),
    ]  # fmt: skip
