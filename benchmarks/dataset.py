"""What is billed: the same customers, products and contracts for every contender.

Contract i has customer i mod 500 and three of 50 service products, exactly one of them
with a 21 % tax, one to three pieces each. Nothing is random, so that totals agree.
"""

CUSTOMERS = 500
PRODUCTS = 50
MARK = "BENCH"
# What a person's import would set as well: records are made, not what they do measured.
FAST = {
    "mail_create_nolog": True,
    "mail_create_nosubscribe": True,
    "tracking_disable": True,
}


def seed(env):
    """Make chart of accounts, tax, customers and products in a database of Odoo's."""
    company = env.company
    if not company.chart_template:
        company.country_id = env.ref("base.us")
        env["account.chart.template"].try_loading(
            "generic_coa", company, install_demo=False
        )
    tax = env["account.tax"].create(
        {
            "name": f"{MARK} 21%",
            "amount": 21.0,
            "amount_type": "percent",
            "type_tax_use": "sale",
            "tax_group_id": env["account.tax.group"]
            .search([("company_id", "=", company.id)], limit=1)
            .id,
            "country_id": company.account_fiscal_country_id.id,
        }
    )
    env["res.partner"].with_context(**FAST).create(
        [
            {
                "name": f"Customer {number:04d}",
                "ref": f"{MARK}{number:04d}",
                "email": f"customer{number}@example.com",
                "street": f"Street {number}",
                "city": "Town",
                "zip": f"{10000 + number}",
                "country_id": company.account_fiscal_country_id.id,
                "lang": "en_US",
                "is_company": True,
            }
            for number in range(CUSTOMERS)
        ]
    )
    env["product.product"].with_context(**FAST).create(
        [
            {
                "name": f"Service {number:02d}",
                "default_code": f"{MARK}{number:02d}",
                "type": "service",
                "invoice_policy": "order",
                "list_price": 9.9 + 3.7 * number,
                # The first of every three is the one with a tax.
                "taxes_id": [(6, 0, tax.ids if number % 3 == 0 else [])],
            }
            for number in range(PRODUCTS)
        ]
    )


def get_products(env):
    return env["product.product"].search(
        [("default_code", "=like", f"{MARK}%")], order="default_code"
    )


def get_contracts(env, size):
    """Return what each of `size` contracts sells: (customer, [(product, quantity)]).

    A customer's contracts stand together, as a billing run would have them.

    :rtype: list[tuple]
    """
    # Lists, not recordsets: their elements are still read together, not one by one.
    customers = list(
        env["res.partner"].search([("ref", "=like", f"{MARK}%")], order="ref")
    )
    products = list(get_products(env))
    thirds = [products[remainder::3] for remainder in range(3)]
    return [
        (
            customers[number % CUSTOMERS],
            [(third[number % len(third)], 1 + number % 3) for third in thirds],
        )
        for number in sorted(range(size), key=lambda number: number % CUSTOMERS)
    ]


def chunks(sequence, size):
    """Yield slices of at most `size` elements."""
    for start in range(0, len(sequence), size):
        yield sequence[start : start + size]
