from datetime import datetime
from itertools import product as combine

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase

from .common import SubscriptionCommon, freeze_time, tagged


class PriceCommon(SubscriptionCommon):
    """A product with two variants, in a category, with a sales price of 100.00."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._enable_pricelists()
        cls.category = cls.env["product.category"].create({"name": "Software"})
        attribute = cls.env["product.attribute"].create(
            {
                "name": "Edition",
                "value_ids": [
                    Command.create({"name": "Basic"}),
                    Command.create({"name": "Gold"}),
                ],
            }
        )
        cls.template = cls.env["product.template"].create(
            {
                "name": "Suite",
                "type": "service",
                "list_price": 100.0,
                "recurring_invoice": True,
                "taxes_id": [Command.clear()],
                "categ_id": cls.category.id,
                "attribute_line_ids": [
                    Command.create(
                        {
                            "attribute_id": attribute.id,
                            "value_ids": [Command.set(attribute.value_ids.ids)],
                        }
                    )
                ],
            }
        )
        cls.basic, cls.gold = cls.template.product_variant_ids
        cls.targets = {
            "variant": {"applied_on": "0_product_variant", "product_id": cls.basic.id},
            "product": {"applied_on": "1_product", "product_tmpl_id": cls.template.id},
            "category": {
                "applied_on": "2_product_category",
                "categ_id": cls.category.id,
            },
            "all": {"applied_on": "3_global"},
        }

    @classmethod
    def _create_rule(cls, price=None, target="product", **values):
        """Create a price of the monthly plan for any pricelist, unless told so."""
        if price is not None:
            values["fixed_price"] = price
        return cls.env["product.pricelist.item"].create(
            {
                "plan_id": cls.monthly.id,
                "pricelist_id": False,
                **cls.targets[target],
                **values,
            }
        )

    def _get_price(self, product=None, quantity=1.0, line=None, **values):
        values.setdefault("pricelist_id", self.pricelist.id)
        order = self._create_order(
            (product or self.basic, quantity, line or {}), **values
        )
        return order.order_line.price_unit


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestPrices(PriceCommon):
    """The most specific rule wins."""

    def test_without_any_rule_it_is_the_sales_price(self):
        self.assertEqual(self._get_price(), 100.0)
        self.assertEqual(self._get_price(pricelist_id=False), 100.0)

    def test_the_most_specific_of_all_combinations_of_rules_wins(self):
        # Every rule of this list beats all that follow: the plan first, then what the
        # rule is about, then whose it is. Added from the last to the first, each new
        # one has to win; so it would whatever the ids say, for they are deleted in
        # that order as well.
        ranks = list(
            combine(
                (self.monthly.id, False),
                ("variant", "product", "category", "all"),
                (self.pricelist.id, False),
            )
        )
        # Odoo knows no rule without pricelist, unless a plan has it.
        ranks = [rank for rank in ranks if rank[0] or rank[2]]
        self.assertEqual(len(ranks), 12)
        rules = []
        for price, (plan_id, target, pricelist_id) in reversed(
            list(enumerate(ranks, start=1))
        ):
            rules.append(
                self._create_rule(
                    float(price), target, plan_id=plan_id, pricelist_id=pricelist_id
                )
            )
            self.assertEqual(self._get_price(), price, ranks[price - 1])
        for price, rule in enumerate(reversed(rules), start=1):
            self.assertEqual(self._get_price(), price)
            rule.unlink()
        self.assertEqual(self._get_price(), 100.0)

    def test_the_most_specific_rule_wins_in_whichever_order_rules_were_made(self):
        for price, target in enumerate(("variant", "product", "category", "all"), 1):
            self._create_rule(10.0 * price, target, pricelist_id=self.pricelist.id)
            self._create_rule(10.0 * price + 1, target)
            self._create_rule(
                10.0 * price + 2, target, plan_id=False, pricelist_id=self.pricelist.id
            )
        self.assertEqual(self._get_price(), 10.0)
        self.assertEqual(self._get_price(self.gold), 20.0)
        self.seat.categ_id = self.category
        self.assertEqual(self._get_price(self.seat), 30.0)
        self.assertEqual(self._get_price(self.goods), 40.0)
        self.assertEqual(self._get_price(pricelist_id=False), 11.0)
        self.assertEqual(self._get_price(self.gold, pricelist_id=False), 21.0)

    def test_a_rule_of_the_plan_beats_any_without_plan(self):
        self._create_rule(
            10.0, "variant", plan_id=False, pricelist_id=self.pricelist.id
        )
        self._create_rule(20.0, "all")
        self.assertEqual(self._get_price(), 20.0)
        self.assertEqual(self._get_price(plan_id=self.yearly.id), 10.0)

    def test_a_variant_of_any_pricelist_beats_a_product_of_the_orders(self):
        self._create_rule(10.0, "product", pricelist_id=self.pricelist.id)
        self._create_rule(20.0, "variant")
        self.assertEqual(self._get_price(), 20.0)
        self.assertEqual(self._get_price(self.gold), 10.0)

    def test_a_category_holds_for_the_categories_below_it(self):
        self.category.parent_id = self.env["product.category"].create({"name": "All"})
        self._create_rule(20.0, "category", categ_id=self.category.parent_id.id)
        self.assertEqual(self._get_price(), 20.0)
        self._create_rule(10.0, "category")
        self.assertEqual(self._get_price(), 10.0)

    def test_a_rule_of_another_pricelist_does_not_apply(self):
        other = self._create_pricelist(name="Friends")
        self._create_rule(10.0, pricelist_id=other.id)
        self.assertEqual(self._get_price(), 100.0)
        self.assertEqual(self._get_price(pricelist_id=False), 100.0)
        self.assertEqual(self._get_price(pricelist_id=other.id), 10.0)

    def test_a_rule_of_another_plan_does_not_apply(self):
        self._create_rule(10.0, plan_id=self.yearly.id)
        self._create_rule(11.0, plan_id=self.yearly.id, pricelist_id=self.pricelist.id)
        self.assertEqual(self._get_price(), 100.0)
        self.assertEqual(self._get_price(plan_id=self.yearly.id), 11.0)

    def test_without_a_plan_no_rule_of_a_plan_applies(self):
        self._create_rule(10.0, "variant")
        self._create_rule(11.0, "variant", pricelist_id=self.pricelist.id)
        self.assertEqual(self._get_price(plan_id=False), 100.0)
        self.assertEqual(self._get_price(plan_id=False, pricelist_id=False), 100.0)
        self.assertEqual(self.pricelist._get_product_price(self.basic, 1.0), 100.0)
        self.assertFalse(self.pricelist._get_product_rule(self.basic, 1.0))

    def test_a_one_off_product_on_a_contract_has_no_price_of_the_plan(self):
        self._create_rule(10.0, "all")
        self._create_rule(200.0, "all", plan_id=False, pricelist_id=self.pricelist.id)
        order = self._create_order(
            self.basic, self.setup_fee, pricelist_id=self.pricelist.id
        )
        self.assertEqual(order.order_line.mapped("price_unit"), [10.0, 200.0])

    # Conditions of a rule

    def test_a_minimum_quantity_is_met_or_the_next_rule_holds(self):
        self._create_rule(90.0)
        self._create_rule(80.0, min_quantity=10)
        self._create_rule(70.0, min_quantity=100)
        for quantity, price in ((1, 90.0), (9, 90.0), (10, 80.0), (99, 80.0)):
            self.assertEqual(self._get_price(quantity=quantity), price)
        self.assertEqual(self._get_price(quantity=100), 70.0)
        self._create_rule(60.0, min_quantity=5, pricelist_id=self.pricelist.id)
        self.assertEqual(self._get_price(quantity=4), 90.0)
        # The pricelist's own rule comes first, whatever quantity the other asks for.
        self.assertEqual(self._get_price(quantity=100), 60.0)

    def test_changing_the_quantity_on_a_quotation_asks_again(self):
        self._create_rule(90.0)
        self._create_rule(80.0, min_quantity=10)
        order = self._create_order((self.basic, 1, {}))
        order.order_line.product_uom_qty = 10
        self.assertEqual(order.order_line.price_unit, 80.0)

    def test_a_price_holds_between_its_dates(self):
        self._create_rule(
            80.0, date_start="2026-07-10 00:00:00", date_end="2026-07-19 23:59:59"
        )
        for day, price in (
            ("2026-07-09", 100.0),
            ("2026-07-10", 80.0),
            ("2026-07-19", 80.0),
            ("2026-07-20", 100.0),
        ):
            with self.subTest(day):
                self.assertEqual(self._get_price(date_order=f"{day} 12:00:00"), price)

    # How a rule counts

    def _show_discounts(self):
        settings = self.env["res.config.settings"].create(
            {"group_discount_per_so_line": True}
        )
        settings.execute()

    def test_a_discount_is_shown_as_discount_or_as_price(self):
        self._create_rule(compute_price="percentage", percent_price=20.0)
        order = self._create_order(self.basic)
        self.assertEqual(order.amount_untaxed, 80.0)
        self._show_discounts()
        order = self._create_order(self.basic, pricelist_id=self.pricelist.id)
        self.assertRecordValues(
            order.order_line,
            [{"price_unit": 100.0, "discount": 20.0, "price_subtotal": 80.0}],
        )
        # Odoo shows discounts of pricelists only; the amount is the same.
        order = self._create_order(self.basic, pricelist_id=False)
        self.assertRecordValues(
            order.order_line,
            [{"price_unit": 80.0, "discount": 0.0, "price_subtotal": 80.0}],
        )

    def test_a_formula_counts_from_price_cost_or_another_pricelist(self):
        rule = self._create_rule(
            compute_price="formula",
            price_discount=15.0,
            price_round=10.0,
            price_surcharge=-0.01,
        )
        # 100.00 less 15 % is 85.00, to tens 90.00, less a cent
        self.assertEqual(self._get_price(), 89.99)
        self.basic.standard_price = 40.0
        rule.write(
            {
                "base": "standard_price",
                "price_markup": 50.0,
                "price_round": 0.0,
                "price_surcharge": 0.0,
            }
        )
        self.assertEqual(self._get_price(), 60.0)

    def test_a_rule_upon_another_pricelist_sees_that_pricelists_plan_price(self):
        base = self._create_pricelist(name="Base")
        self._create_rule(50.0, pricelist_id=base.id)
        self._create_rule(70.0, pricelist_id=base.id, plan_id=False)
        self._create_rule(
            plan_id=False,
            pricelist_id=self.pricelist.id,
            compute_price="formula",
            base="pricelist",
            base_pricelist_id=base.id,
            price_discount=10.0,
        )
        self.assertEqual(self._get_price(), 45.0)
        self.assertEqual(self._get_price(plan_id=self.yearly.id), 63.0)
        self.assertEqual(self._get_price(plan_id=False), 63.0)

    def test_a_plans_price_is_no_negative_number(self):
        with self.assertRaisesRegex(ValidationError, "cannot be negative"):
            self._create_rule(-1.0)
        for number in (float("nan"), float("inf"), 1e308):
            with self.subTest(number), self.assertRaises(ValidationError):
                self._create_rule(number)

    # Units of measure

    def test_a_unit_of_measure_multiplies_the_plans_price(self):
        dozen = self.env.ref("uom.product_uom_dozen")
        self._create_rule(90.0)
        line = {"product_uom_id": dozen.id}
        self.assertEqual(self._get_price(line=line), 1080.0)
        self._create_rule(80.0, min_quantity=24)
        self.assertEqual(self._get_price(line=line), 1080.0)
        self.assertEqual(self._get_price(line=line, quantity=2), 960.0)

    # Currencies

    def _create_currency(self, rate):
        return self.setup_other_currency("JPY", rates=[("2026-01-01", rate)])

    def test_a_price_without_pricelist_is_converted_to_the_orders_currency(self):
        yen = self._create_currency(150.0)
        abroad = self._create_pricelist(name="Japan", currency_id=yen.id)
        rule = self._create_rule(10.0)
        self.assertEqual(rule.currency_id, self.company.currency_id)
        self.assertEqual(self._get_price(), 10.0)
        self.assertEqual(self._get_price(pricelist_id=abroad.id), 1500.0)
        rule.write(
            {"compute_price": "percentage", "percent_price": 25.0, "fixed_price": 0.0}
        )
        self.assertEqual(self._get_price(pricelist_id=abroad.id), 11250.0)

    def test_the_extra_fee_of_a_formula_is_converted_as_well(self):
        yen = self._create_currency(150.0)
        abroad = self._create_pricelist(name="Japan", currency_id=yen.id)
        self._create_rule(
            compute_price="formula", price_discount=50.0, price_surcharge=10.0
        )
        self.assertEqual(self._get_price(), 60.0)
        self.assertEqual(self._get_price(pricelist_id=abroad.id), 9000.0)

    def test_a_price_of_a_pricelist_is_in_its_currency(self):
        yen = self._create_currency(150.0)
        abroad = self._create_pricelist(name="Japan", currency_id=yen.id)
        self._create_rule(10.0)
        self._create_rule(1234.0, pricelist_id=abroad.id)
        self.assertEqual(self._get_price(pricelist_id=abroad.id), 1234.0)

    def test_an_order_without_pricelist_has_the_plans_price(self):
        rule = self._create_rule(10.0)
        order = self._create_order((self.basic, 3, {}), pricelist_id=False)
        self.assertEqual(order.order_line.pricelist_item_id, rule)
        self.assertEqual(order.amount_untaxed, 30.0)
        order.action_confirm()
        self.assertEqual(order.invoice_ids.amount_untaxed, 30.0)
        self.assertEqual(order.mrr, 30.0)

    def test_an_order_without_pricelist_converts_the_price_of_another_currency(self):
        # Made while another company's currency was at work
        rule = self._create_rule(1500.0)
        rule.currency_id = self._create_currency(150.0)
        self.assertEqual(self._get_price(pricelist_id=False), 10.0)

    # On a quotation

    def test_changing_the_plan_asks_for_the_prices_again(self):
        self._create_rule(90.0)
        self._create_rule(900.0, plan_id=self.yearly.id)
        order = self._create_order(self.basic, self.setup_fee)
        self.assertEqual(order.order_line.mapped("price_unit"), [90.0, 250.0])
        order.plan_id = self.yearly
        self.assertEqual(order.order_line.mapped("price_unit"), [900.0, 250.0])
        self.assertEqual(order.recurring_total, 900.0)
        order.plan_id = False
        self.assertEqual(order.order_line.mapped("price_unit"), [100.0, 250.0])
        self.assertEqual(order.recurring_total, 0.0)

    def test_changing_the_plan_leaves_a_typed_price_alone(self):
        self._create_rule(90.0)
        self._create_rule(900.0, plan_id=self.yearly.id)
        order = self._create_order(self.basic, self.gold)
        order.order_line[0].price_unit = 77.0
        order.plan_id = self.yearly
        self.assertEqual(order.order_line.mapped("price_unit"), [77.0, 900.0])
        order.action_update_prices()
        self.assertEqual(order.order_line.mapped("price_unit"), [900.0, 900.0])

    def test_changing_the_plan_leaves_a_typed_discount_alone(self):
        self._show_discounts()
        self._create_rule(compute_price="percentage", percent_price=20.0)
        order = self._create_order(self.basic, self.gold)
        order.order_line[0].discount = 5.0
        order.plan_id = self.yearly
        self.assertEqual(order.order_line[0].discount, 5.0)

    def test_changing_the_plan_in_the_form_shows_the_new_prices(self):
        self._create_rule(90.0)
        self._create_rule(900.0, plan_id=self.yearly.id)
        form = Form(self._create_order(self.basic))
        form.plan_id = self.yearly
        with form.order_line.edit(0) as line:
            self.assertEqual(line.price_unit, 900.0)
        self.assertEqual(form.save().order_line.price_unit, 900.0)

    def test_a_plans_discount_goes_with_the_plan(self):
        self._show_discounts()
        self._create_rule(compute_price="percentage", percent_price=20.0)
        order = self._create_order(self.basic, pricelist_id=self.pricelist.id)
        self.assertEqual(order.order_line.discount, 20.0)
        order.plan_id = self.yearly
        self.assertEqual(order.order_line.discount, 0.0)

    def test_a_running_contract_keeps_its_price_until_prices_are_updated(self):
        rule = self._create_rule(90.0)
        order = self._create_contract(self.basic)
        rule.fixed_price = 95.0
        order._bill(self._day("2026-08-01"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [90.0, 90.0])
        order._recompute_prices()
        order._bill(self._day("2026-09-01"))
        self.assertEqual(self._get_amounts(order.invoice_ids), [90.0, 90.0, 95.0])

    # Where prices are shown and edited

    def test_the_catalogue_shows_the_price_a_line_would_have(self):
        self._create_rule(90.0)
        self._create_rule(compute_price="percentage", percent_price=50.0, target="all")
        products = self.basic | self.seat | self.setup_fee
        for plan, prices in (
            (self.monthly, [90.0, 50.0, 250.0]),
            (self.yearly, [100.0, 100.0, 250.0]),
            (self.yearly.browse(), [100.0, 100.0, 250.0]),
        ):
            order = self._create_order(*products, plan_id=plan.id)
            shown = order._get_product_catalog_order_data(products)
            self.assertEqual([shown[p.id]["price"] for p in products], prices)
            self.assertEqual(order.order_line.mapped("price_unit"), prices)

    def test_the_configurator_asks_for_the_price_of_the_plan(self):
        rule = self._create_rule(90.0)

        def ask(product, **kwargs):
            return self.env["product.template"]._get_configurator_price(
                product,
                1,
                datetime(2026, 7, 1),
                self.company.currency_id,
                self.pricelist,
                **kwargs,
            )

        self.assertEqual(ask(self.basic, plan_id=self.monthly.id), (90.0, rule.id))
        self.assertEqual(ask(self.template, plan_id=self.monthly.id), (90.0, rule.id))
        self.assertEqual(ask(self.basic, plan_id=self.yearly.id), (100.0, False))
        self.assertEqual(ask(self.basic), (100.0, False))

    def test_product_plan_and_pricelist_edit_the_same_rule(self):
        self.template.plan_price_ids = [
            Command.create(
                {
                    "plan_id": self.monthly.id,
                    "pricelist_id": self.pricelist.id,
                    "fixed_price": 90.0,
                }
            )
        ]
        rule = self.template.plan_price_ids
        self.assertEqual(rule.applied_on, "1_product")
        self.assertEqual(self.monthly.price_ids, rule)
        self.assertIn(rule, self.pricelist.item_ids)
        self.assertEqual(self._get_price(), 90.0)
        self.monthly.price_ids = [Command.update(rule.id, {"fixed_price": 91.0})]
        self.assertEqual(self.template.plan_price_ids.fixed_price, 91.0)
        self.assertEqual(self._get_price(), 91.0)
        self.pricelist.item_ids = [Command.update(rule.id, {"fixed_price": 92.0})]
        self.assertEqual(self.monthly.price_ids.fixed_price, 92.0)
        self.assertEqual(self._get_price(), 92.0)
        # Prices for which there is no plan stand in Odoo's own list, as ever.
        once = self._create_rule(80.0, plan_id=False, pricelist_id=self.pricelist.id)
        self.template.invalidate_recordset()
        self.assertEqual(self.template.plan_price_ids, rule)
        self.assertEqual(self.template.pricelist_rule_ids, once)
        self.monthly.price_ids = [Command.delete(rule.id)]
        self.assertFalse(self.template.plan_price_ids)
        self.assertEqual(self._get_price(), 80.0)

    def test_a_plans_price_names_no_pricelist_unless_told_to(self):
        # Odoo proposes the first pricelist for every rule.
        values = {"plan_id": self.monthly.id, "fixed_price": 90.0}
        rule = self.env["product.pricelist.item"].create(
            {**values, "product_tmpl_id": self.template.id}
        )
        self.assertFalse(rule.pricelist_id)
        self.assertFalse(rule.is_pricelist_required)
        self.monthly.price_ids = [
            Command.create({"fixed_price": 5.0, "product_id": self.gold.id})
        ]
        self.template.plan_price_ids = [Command.create({**values, "min_quantity": 9})]
        self.assertFalse(self.template.plan_price_ids.pricelist_id)
        self.pricelist.item_ids = [Command.create({**values, "min_quantity": 99})]
        self.assertEqual(self.monthly.price_ids.pricelist_id, self.pricelist)
        rule = self.env["product.pricelist.item"].create({"fixed_price": 1.0})
        self.assertEqual(rule.pricelist_id, self.pricelist)
        self.assertTrue(rule.is_pricelist_required)

    def test_the_forms_of_product_and_plan_edit_prices(self):
        with Form(self.seat.product_tmpl_id) as form:
            with form.plan_price_ids.new() as price:
                price.plan_id = self.yearly
                price.fixed_price = 1000.0
        rule = self.yearly.price_ids
        self.assertRecordValues(
            rule,
            [
                {
                    "product_tmpl_id": self.seat.product_tmpl_id.id,
                    "applied_on": "1_product",
                    "pricelist_id": False,
                    "fixed_price": 1000.0,
                }
            ],
        )
        with Form(self.yearly) as form:
            with form.price_ids.edit(0) as price:
                price.fixed_price = 1100.0
            with form.price_ids.new() as price:
                price.product_tmpl_id = self.goods.product_tmpl_id
                price.fixed_price = 600.0
        self.assertEqual(rule.fixed_price, 1100.0)
        order = self._create_order(self.seat, self.goods, plan_id=self.yearly.id)
        self.assertEqual(order.order_line.mapped("price_unit"), [1100.0, 600.0])

    def test_a_copied_plan_brings_its_prices(self):
        self._create_rule(90.0)
        copy = self.monthly.copy()
        self.assertEqual(self._get_price(plan_id=copy.id), 90.0)
        copy.price_ids.fixed_price = 91.0
        self.assertEqual(self._get_price(), 90.0)


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestConfiguratorPrices(HttpCase, PriceCommon):
    def test_the_configurators_route_answers_the_price_of_the_plan(self):
        self._create_rule(90.0)
        self._create_rule(compute_price="percentage", percent_price=50.0, target="all")
        self.template.optional_product_ids = (
            self.seat | self.setup_fee
        ).product_tmpl_id
        self.authenticate(self.env.user.login, self.env.user.login)

        def ask(plan):
            answer = self.make_jsonrpc_request(
                "/sale/product_configurator/get_values",
                {
                    "product_template_id": self.template.id,
                    "quantity": 1,
                    "currency_id": self.company.currency_id.id,
                    "so_date": "2026-07-01T00:00:00",
                    "company_id": self.company.id,
                    "pricelist_id": self.pricelist.id,
                    "plan_id": plan.id,
                },
            )
            return [
                product["price"]
                for product in answer["products"] + answer["optional_products"]
            ]

        self.assertEqual(ask(self.monthly), [90.0, 50.0, 250.0])
        self.assertEqual(ask(self.yearly), [100.0, 100.0, 250.0])
        self.assertEqual(ask(self.yearly.browse()), [100.0, 100.0, 250.0])

    def test_the_catalogue_answers_the_plans_price_when_it_adds_a_product(self):
        self._create_rule(90.0)
        order = self._create_order(self.seat, pricelist_id=self.pricelist.id)
        self.authenticate(self.env.user.login, self.env.user.login)
        answer = self.make_jsonrpc_request(
            "/product/catalog/update_order_line_info",
            {
                "res_model": "sale.order",
                "order_id": order.id,
                "product_id": self.basic.id,
                "quantity": 2,
            },
        )
        self.assertEqual(answer, 90.0)
        self.assertEqual(order.recurring_total, 280.0)
