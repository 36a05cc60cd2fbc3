from contextlib import contextmanager

from lxml import html

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user

from odoo.addons.subscriptions.tests.payment_common import OnlinePaymentCommon
from odoo.addons.website_sale.tests.common import MockRequest

ONCE = 0


class ShopCommon(OnlinePaymentCommon):
    """A web shop with products that are sold by the month, by the year, and once."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.website = cls.env.ref("website.default_website")
        cls.website.company_id = cls.company
        cls.website.account_on_checkout = "optional"
        cls.website.auth_signup_uninvited = "b2c"
        cls.website.prevent_zero_price_sale = True
        cls.website.show_line_subtotals_tax_selection = "tax_excluded"
        # Whatever plans other data brought, these are what the shop offers.
        cls.env["subscription.plan"].search([]).is_sold_online = False
        cls.monthly = cls._create_plan(
            name="By the Month", sequence=1, customer_close="period_end"
        )
        cls.yearly = cls._create_plan(
            name="By the Year", sequence=2, billing_period_unit="year"
        )
        cls.trial = cls._create_plan(
            name="Try It", sequence=3, trial_days=14, invoice_mode="charge"
        )
        cls._publish(cls.seat)
        cls._price(cls.seat, cls.monthly, 10.0)
        cls._price(cls.seat, cls.yearly, 108.0)
        cls._publish(cls.goods, accept_one_time=True)
        cls._price(cls.goods, cls.monthly, 55.0)
        cls._publish(cls.setup_fee)
        cls.tryout = cls._publish(cls._create_item("Tryout", 0.0))
        cls._price(cls.tryout, cls.trial, 20.0)

    @classmethod
    def _publish(cls, product, **values):
        product.product_tmpl_id.write({"is_published": True, **values})
        return product

    @classmethod
    def _price(cls, product, plan, price, **values):
        return cls.env["product.pricelist.item"].create(
            {
                "plan_id": plan.id,
                "applied_on": "1_product",
                "product_tmpl_id": product.product_tmpl_id.id,
                "compute_price": "fixed",
                "fixed_price": price,
                **values,
            }
        )

    @classmethod
    def _price_sizes(cls, template):
        """Let a product have two sizes: 10.00 a month small, and 15.00 large.

        :return: both variants
        """
        sizes = cls.env["product.attribute"].create(
            {
                "name": "Size",
                "display_type": "radio",
                "value_ids": [
                    Command.create({"name": name}) for name in ("Small", "Large")
                ],
            }
        )
        template.attribute_line_ids = [
            Command.create(
                {
                    "attribute_id": sizes.id,
                    "value_ids": [Command.set(sizes.value_ids.ids)],
                }
            )
        ]
        small, large = template.product_variant_ids
        cls._price(small, cls.monthly, 10.0)
        cls._price(
            large,
            cls.monthly,
            15.0,
            applied_on="0_product_variant",
            product_id=large.id,
        )
        return small, large

    @classmethod
    def _tax(cls, percent=10.0):
        """Create a tax, for products to be sold with."""
        return cls.env["account.tax"].create(
            {"name": f"{percent} %", "amount": percent, "company_id": cls.company.id}
        )

    @classmethod
    def _create_cart(cls, *things, **values):
        """Create a cart of the customer; a thing is a product, or one and a plan."""
        cart = (
            cls.env["sale.order"]
            .sudo()
            .create(
                {
                    "partner_id": cls.partner.id,
                    "website_id": cls.website.id,
                    "company_id": cls.company.id,
                    **values,
                }
            )
        )
        for thing in things:
            product, plan = thing if isinstance(thing, tuple) else (thing, None)
            cls._add(cart, product, plan)
        return cart

    @classmethod
    def _add(cls, cart, product, plan=None, quantity=1):
        """Add to a cart; a plan, 0 for buying once, None for the default."""
        kwargs = {} if plan is None else {"plan_id": plan if plan == 0 else plan.id}
        return cart._cart_add(product.id, quantity, **kwargs)

    def _get_line(self, cart, product):
        return cart.order_line.filtered(lambda line: line.product_id == product)

    def _pay_cart(self, cart, amount=None, **values):
        """Pay what a cart asks for, as the customer's browser would."""
        due = cart._get_amount_due_now() if amount is None else amount
        if not due:
            values.setdefault("operation", "validation")
        tx = self._create_payment(
            cart, due, contract_start_date=cart._get_today(), **values
        )
        self._answer(tx)
        return tx

    @contextmanager
    def _on_page(self):
        """Be a visitor who looks at a page of the shop."""
        with MockRequest(
            self.website.with_user(self.website.user_id).env, website=(self.website)
        ) as request:
            yield request


class Refused(Exception):
    """What a request was answered, in the visitor's words."""


class ShopHttpCommon(ShopCommon, HttpCase):
    """Customers of the shop who send requests, with a login or without."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.login = new_test_user(
            cls.env,
            "ada_shop",
            "base.group_portal",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            partner_id=cls.partner.id,
            name=cls.partner.name,
        ).login
        cls.partner.write(
            {
                "street": "1 Main Street",
                "city": "Brussels",
                "zip": "1000",
                "phone": "+32 2 555 12 34",
            }
        )

    def setUp(self):
        super().setUp()
        self.authenticate(None, None)

    def _call(self, route, params):
        """Send what a page sends.

        :return: the answer
        :raise Refused: with the words that the visitor reads
        """
        response = self.url_open(route, json={"params": params}).json()
        if "error" in response:
            raise Refused(response["error"]["data"]["message"])
        return response.get("result")

    def _open(self, url):
        return html.fromstring(self.url_open(url).text)

    def _find(self, page, name, attribute="class"):
        """Return the elements of a page with a class, or a word in an attribute."""
        words = f"concat(' ', normalize-space(@{attribute}), ' ')"
        return page.xpath(f"//*[contains({words}, ' {name} ')]")

    def _get_text(self, page, name, attribute="class"):
        return " ".join(
            " ".join(self._find(page, name, attribute)[0].itertext()).split()
        )

    def _add_over_http(self, product, **values):
        return self._call(
            "/shop/cart/add",
            {
                "product_template_id": product.product_tmpl_id.id,
                "product_id": product.id,
                **values,
            },
        )

    def _get_cart(self):
        """Return the cart that was filled last."""
        self.env.invalidate_all()
        return self.env["sale.order"].search(
            [("website_id", "=", self.website.id)], order="id desc", limit=1
        )

    def _ask_to_pay(self, cart, **values):
        """Send what the payment form of the checkout sends."""
        return self._call(
            f"/shop/payment/transaction/{cart.id}",
            {
                "access_token": cart._portal_ensure_token(),
                "provider_id": self.provider.id,
                "payment_method_id": self.card.id,
                "token_id": None,
                "amount": cart._get_amount_due_now(),
                "flow": "direct",
                "tokenization_requested": True,
                "landing_route": "/shop/payment/validate",
                "is_validation": False,
                **values,
            },
        )
