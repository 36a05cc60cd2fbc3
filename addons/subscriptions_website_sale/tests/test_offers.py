from odoo.tests import tagged

from .common import ShopCommon


@tagged("post_install", "-at_install")
class TestOffers(ShopCommon):
    def _get_offers(self, product, **kwargs):
        with self._on_page():
            shop = self.env["subscription.shop"]
            return shop._get_offers(product, shop._get_place(), **kwargs)

    def _get_info(self, product, plan_id=None, **kwargs):
        with self._on_page():
            template = product.product_tmpl_id.with_context(shop_plan_id=plan_id)
            return template._get_combination_info(**kwargs)

    def _get_grid(self, product):
        with self._on_page():
            template = product.product_tmpl_id
            return template._get_sales_prices(self.website)[template.id]

    def test_a_service_is_offered_with_each_plan_that_has_a_price(self):
        offers = self._get_offers(self.seat)
        self.assertEqual(
            [(offer["id"], offer["price"], offer["period"]) for offer in offers],
            [(self.monthly.id, 10.0, "month"), (self.yearly.id, 108.0, "year")],
        )

    def test_a_year_shows_its_price_per_month_and_the_saving_against_the_shortest(self):
        month, year = self._get_offers(self.seat)
        self.assertEqual((month["monthly_price"], month["saving"]), (None, 0))
        self.assertEqual((year["monthly_price"], year["saving"]), (9.0, 10))

    def test_a_saving_is_never_rounded_up(self):
        self._price(self.tryout, self.monthly, 3.0)
        self._price(self.tryout, self.yearly, 24.02)  # 33.27 % less
        offers = {one["id"]: one for one in self._get_offers(self.tryout)}
        self.assertEqual(offers[self.yearly.id]["saving"], 33)

    def test_a_plan_that_is_dearer_by_the_month_saves_nothing(self):
        self._price(self.tryout, self.monthly, 3.0)
        self._price(self.tryout, self.yearly, 40.0)
        offers = {one["id"]: one for one in self._get_offers(self.tryout)}
        self.assertEqual(offers[self.yearly.id]["saving"], 0)

    def test_goods_are_compared_with_buying_them_once(self):
        # 60.00 once, 55.00 each month: 8.33 % less, and no price per month
        monthly, once = self._get_offers(self.goods)
        self.assertEqual((monthly["saving"], monthly["monthly_price"]), (8, None))
        self.assertEqual((once["id"], once["price"]), (0, 60.0))

    def test_what_is_not_also_sold_once_does_not_offer_it(self):
        self.assertNotIn(0, [offer["id"] for offer in self._get_offers(self.seat)])

    def test_the_product_may_name_its_plans(self):
        self.seat.shop_plan_ids = self.yearly
        self.assertEqual(
            [offer["id"] for offer in self._get_offers(self.seat)], self.yearly.ids
        )

    def test_a_plan_without_a_price_takes_the_sales_price_where_it_is_named(self):
        self.seat.shop_plan_ids = self.trial
        (offer,) = self._get_offers(self.seat)
        self.assertEqual((offer["id"], offer["price"]), (self.trial.id, 100.0))

    def test_a_plan_that_is_not_offered_online_is_not_shown(self):
        self.yearly.is_sold_online = False
        self.assertEqual(
            [offer["id"] for offer in self._get_offers(self.seat)], self.monthly.ids
        )

    def test_a_plan_of_another_company_is_not_offered(self):
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self._create_plan(name="Foreign", company_id=other.id)
        self._price(self.seat, foreign, 1.0, company_id=other.id)
        self.assertNotIn(
            foreign.id, [offer["id"] for offer in self._get_offers(self.seat)]
        )

    def test_the_price_follows_the_quantity(self):
        self._price(self.seat, self.monthly, 8.0, min_quantity=10)
        self.assertEqual(self._get_offers(self.seat, quantity=9)[0]["price"], 10.0)
        self.assertEqual(self._get_offers(self.seat, quantity=10)[0]["price"], 8.0)

    def test_the_price_follows_the_pricelist_of_the_visitor(self):
        pricelist = self.env["product.pricelist"].create(
            {"name": "VIP", "company_id": self.company.id}
        )
        self._price(self.seat, self.monthly, 7.0, pricelist_id=pricelist.id)
        with self._on_page() as request:
            request.pricelist = pricelist
            shop = self.env["subscription.shop"]
            offers = shop._get_offers(self.seat, shop._get_place())
        self.assertEqual(offers[0]["price"], 7.0)

    def test_prices_have_the_taxes_that_the_shop_shows(self):
        self.seat.taxes_id = self._tax(10.0)
        self.assertEqual(self._get_offers(self.seat)[0]["price"], 10.0)
        self.website.show_line_subtotals_tax_selection = "tax_included"
        self.assertEqual(self._get_offers(self.seat)[0]["price"], 11.0)

    def test_a_variant_has_the_price_of_its_own_plan_rule(self):
        # Not as the product was created with: by itself, without variants.
        template = self.env["product.template"].browse(self.tryout.product_tmpl_id.id)
        small, large = self._price_sizes(template)
        self.assertEqual(self._get_offers(small)[0]["price"], 10.0)
        self.assertEqual(self._get_offers(large)[0]["price"], 15.0)

    # === PRODUCT PAGE === #

    def test_the_page_shows_the_first_plan_until_another_is_chosen(self):
        info = self._get_info(self.seat)
        self.assertEqual(
            (info["price"], info["shop_plan_id"], info["shop_period"]),
            (10.0, self.monthly.id, "month"),
        )
        info = self._get_info(self.seat, self.yearly.id)
        self.assertEqual((info["price"], info["shop_period"]), (108.0, "year"))

    def test_a_plan_that_is_not_offered_shows_the_first(self):
        info = self._get_info(self.seat, self.trial.id)
        self.assertEqual(info["shop_plan_id"], self.monthly.id)

    def test_a_sales_price_of_zero_can_be_sold_with_a_priced_plan(self):
        info = self._get_info(self.tryout)
        self.assertEqual(info["price"], 20.0)
        self.assertFalse(info["prevent_zero_price_sale"])
        with self._on_page():
            self.assertTrue(self.tryout._is_add_to_cart_allowed())

    def test_without_any_plan_the_page_offers_to_get_in_touch(self):
        lonely = self._publish(self._create_item("Lonely", 5.0))
        self.assertTrue(self._get_info(lonely)["prevent_zero_price_sale"])
        with self._on_page():
            self.assertFalse(lonely._website_show_quick_add())

    def test_a_discount_of_the_plan_is_shown_as_one(self):
        self._price(
            self.tryout,
            self.monthly,
            0.0,
            compute_price="percentage",
            percent_price=25.0,
        )
        self.tryout.list_price = 40.0
        info = self._get_info(self.tryout, self.monthly.id)
        self.assertEqual((info["price"], info["list_price"]), (30.0, 40.0))
        self.assertTrue(info["has_discounted_price"])

    def test_the_fee_for_the_set_up_is_named(self):
        self.seat.setup_product_id = self.setup_fee
        self.assertEqual(self._get_info(self.seat)["shop_setup_fee"], 250.0)

    def test_a_plain_product_is_shown_as_odoo_shows_it(self):
        info = self._get_info(self.setup_fee)
        self.assertEqual(info["price"], 250.0)
        self.assertNotIn("shop_offers", info)

    def test_search_engines_are_told_of_each_plan(self):
        with self._on_page():
            data = self.seat._to_markup_data(self.website)
        self.assertEqual(data["offers"]["lowPrice"], 10.0)
        month, year = data["offers"]["offers"]
        self.assertEqual((month["price"], year["price"]), (10.0, 108.0))
        quantity = year["priceSpecification"]["referenceQuantity"]
        self.assertEqual((quantity["value"], quantity["unitCode"]), (1, "ANN"))

    def test_search_engines_are_told_of_goods_in_stock_as_well(self):
        # website_sale_stock, where it is installed, says there whether it is available.
        if "is_storable" in self.goods._fields:
            self.goods.is_storable = True
        with self._on_page():
            data = self.goods._to_markup_data(self.website)
        self.assertEqual(data["offers"]["offerCount"], 2)

    # === LISTS === #

    def test_the_grid_says_from_the_lowest_price_per_month(self):
        values = self._get_grid(self.seat)
        self.assertEqual(
            (
                values["price_reduce"],
                values["shop_offer"]["from"],
                values["shop_offer"]["period"],
            ),
            (9.0, True, "month"),
        )

    def test_the_grid_names_the_period_of_the_only_plan(self):
        self.seat.shop_plan_ids = self.yearly
        values = self._get_grid(self.seat)
        self.assertEqual(values["price_reduce"], 108.0)
        self.assertEqual(values["shop_offer"]["period"], "year")
        self.assertFalse(values["shop_offer"]["from"])

    def test_the_grid_asks_no_more_for_more_products(self):
        few = self.seat.product_tmpl_id
        many = few
        for number in range(10):
            item = self._publish(self._create_item(f"Item {number}", 1.0))
            self._price(item, self.monthly, 5.0)
            many |= item.product_tmpl_id
        counts = []
        for templates in (few, many):
            self.env.invalidate_all()
            with self._on_page():
                self.env["subscription.shop"]._get_place().pricelist.mapped("name")
                templates.mapped("name")
                before = self.env.cr.sql_log_count
                templates._get_sales_prices(self.website)
                for template in templates:
                    self.assertTrue(template._website_show_quick_add())
                counts.append(self.env.cr.sql_log_count - before)
        self.assertLessEqual(counts[1], counts[0] + 3, counts)

    def test_plain_products_cost_the_grid_no_query(self):
        templates = self.setup_fee.product_tmpl_id
        with self._on_page():
            templates._get_sales_prices(self.website)
            shop = self.env["subscription.shop"]
            place = shop._get_place()
            with self.assertQueryCount(0):
                self.assertFalse(shop._get_grid_prices(templates, place))

    def test_search_results_name_the_period(self):
        with self._on_page():
            template = self.seat.product_tmpl_id
            price, _list_price = template._search_render_results_prices(
                {"detail": {"display_currency": self.website.currency_id}},
                template._get_combination_info(),
            )
        self.assertIn("/ month", price)
