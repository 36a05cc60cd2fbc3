from unittest.mock import patch

from lxml import html

from odoo.fields import Command
from odoo.tests import HttpCase, JsonRpcException
from odoo.tools import mute_logger

from .common import freeze_time, tagged
from .payment_common import OnlinePaymentCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestQuotationOptions(OnlinePaymentCommon, HttpCase):
    """Customers choose options, read what it comes to, ask, and may decline."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create(
            {"name": "Tax", "amount": 20.0, "company_id": cls.company.id}
        )
        cls.seat.taxes_id = cls.goods.taxes_id = cls.tax

    def _quote_options(self, **values):
        order = self._quote(self.seat, self.setup_fee, **values)
        order.order_line = [
            Command.create(
                {"name": "More", "display_type": "line_section", "is_optional": True}
            ),
            Command.create({"product_id": self.goods.id, "product_uom_qty": 0}),
        ]
        return order, order.order_line[-1]

    def _open(self, order, **parameters):
        parameters.setdefault("access_token", order._portal_ensure_token())
        response = self.url_open(f"/my/orders/{order.id}", params=parameters)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _get_text(self, page, xpath="//div[@id='wrap']"):
        return " ".join(
            " ".join(node.text_content() for node in page.xpath(xpath)).split()
        )

    def _get_totals(self, page):
        return [
            " ".join(row.text_content().split())
            for row in page.xpath("//table[@name='totals_apart']//tr[@name]")
        ]

    def _choose(self, order, line, **values):
        self.make_jsonrpc_request(
            f"/my/orders/{order.id}/update_line_dict",
            {
                "access_token": order._portal_ensure_token(),
                "line_id": line.id,
                **values,
            },
        )
        self.env.invalidate_all()

    def _assert_refused(self, words, order, line, quantity):
        messages = []

        def post(url, **options):
            response = original(url, **options)
            messages.append(response.json()["error"]["data"]["message"])
            return response

        original = self.opener.post
        with (
            patch.object(self.opener, "post", post),
            self.assertRaises(JsonRpcException),
            mute_logger("odoo.http"),
        ):
            self._choose(order, line, input_quantity=quantity)
        self.assertIn(words, messages[-1])

    def _decline(self, order, message="Too dear <b>", **values):
        page = self._open(order)
        [csrf] = page.xpath("//form[@id='decline']/input[@name='csrf_token']/@value")
        response = self.url_open(
            f"/my/orders/{order.id}/decline",
            data={
                "access_token": order._portal_ensure_token(),
                "csrf_token": csrf,
                "decline_message": message,
                **values,
            },
        )
        self.env.invalidate_all()
        return response

    # What it comes to

    def test_once_and_every_month_are_told_apart_with_what_is_due_when(self):
        order, _option = self._quote_options()
        page = self._open(order)
        self.assertEqual(
            self._get_totals(page),
            [
                "Once $ 250.00 $ 0.00 $ 250.00",
                "Every month $ 100.00 $ 20.00 $ 120.00",
                "Now, for 07/15/2026 to 08/14/2026 $ 370.00",
                "On 08/15/2026, for 08/15/2026 to 09/14/2026 $ 120.00",
            ],
        )
        self.assertFalse(page.xpath("//table[@name='sale_order_totals_table']"))

    def test_a_plain_order_keeps_the_total_of_odoo(self):
        page = self._open(self._quote(self.setup_fee, plan_id=False))
        self.assertFalse(self._get_totals(page))
        self.assertTrue(page.xpath("//table[@name='sale_order_totals_table']"))

    def test_the_pdf_tells_them_apart_as_well(self):
        order, _option = self._quote_options()
        report = self.env["ir.actions.report"]._render_qweb_html(
            "sale.action_report_saleorder", order.ids
        )[0]
        page = html.fromstring(report)
        self.assertEqual(len(self._get_totals(page)), 4)
        self.assertFalse(page.xpath("//table[hasclass('o_total_table')]"))

    def test_taxes_are_rounded_as_on_invoices_and_not_summed(self):
        lines = [(self.seat, 1.0, {"price_unit": 0.33})] * 3
        order = self._quote(*lines)
        [totals] = order._get_totals_apart()
        self.assertEqual(totals["amount_untaxed"], 0.99)
        [invoice] = order.preview_invoices(1)
        self.assertEqual(totals["amount_total"], invoice["amount_total"])

    def test_the_signature_is_for_what_recurs(self):
        order, _option = self._quote_options(
            require_signature=True, require_payment=False
        )
        text = self._get_text(self._open(order), "//main[@id='sign-dialog']")
        self.assertIn("$ 250.00 once and $ 120.00 every month, taxes included", text)
        self.assertNotIn("370.00", text)

    # Options

    def test_a_recurring_option_changes_totals_and_what_is_due(self):
        order, option = self._quote_options()
        self._choose(order, option)
        self.assertEqual(option.product_uom_qty, 1.0)
        self._choose(order, option, input_quantity=3)
        page = self._open(order)
        totals = self._get_totals(page)
        self.assertEqual(totals[1], "Every month $ 280.00 $ 56.00 $ 336.00")
        self.assertEqual(totals[2], "Now, for 07/15/2026 to 08/14/2026 $ 586.00")
        [form] = page.xpath("//form[@id='o_payment_form']")
        self.assertEqual(form.get("data-amount"), "586.0")
        self._choose(order, option, remove=True)
        self.assertEqual(option.product_uom_qty, 2.0)

    def test_odd_quantities_are_answered_in_words(self):
        order, option = self._quote_options()
        for quantity in (-1, "many", True, None, "NaN", 1e300):
            self._assert_refused("type a quantity", order, option, quantity)
        option.price_unit = 1e9
        self._assert_refused("so large an amount", order, option, 99999999)
        self.assertFalse(option.product_uom_qty)

    def test_parts_of_a_unit_can_be_typed_where_there_are_some(self):
        order, option = self._quote_options()
        self._assert_refused("a whole number", order, option, 1.5)
        option.product_uom_qty = 1.5
        [field] = self._open(order).xpath("//input[contains(@class, 'js_quantity')]")
        self.assertEqual(field.get("value"), "1.5")
        self.assertEqual(field.get("data-takes-parts"), "1")
        self.assertEqual(field.get("inputmode"), "decimal")
        self._choose(order, option, input_quantity=2.5)
        self.assertEqual(option.product_uom_qty, 2.5)
        self._choose(order, option, input_quantity=3)
        [field] = self._open(order).xpath("//input[contains(@class, 'js_quantity')]")
        self.assertEqual(field.get("value"), "3")
        self.assertFalse(field.get("data-takes-parts"))

    def test_the_words_of_totals_keep_their_case(self):
        order, _option = self._quote_options()
        self.assertEqual(
            [total["inline"] for total in order._get_totals_apart()],
            ["once", "every month"],
        )
        text = order._get_acceptance_text("pay", 370.0)
        self.assertIn("By paying <b>$\xa0370.00</b>, you accept", text)
        order.partner_id.name = "<i>"
        self.assertNotIn("<i>", order._get_acceptance_text("sign"))

    def test_what_was_paid_while_it_waited_is_not_declined(self):
        order, _option = self._quote_options()

        def pay_first(original, records):
            self._answer(self._create_payment(order), "pending")
            return original(records)

        with self._patch_method("sale.order", "_lock_contract", pay_first):
            self._decline(order)
        self.assertEqual(order.state, "sent")

    def test_what_is_no_option_stays_as_it_is(self):
        order, _option = self._quote_options()
        self._choose(order, order.order_line[0], input_quantity=0)
        self.assertEqual(order.order_line[0].product_uom_qty, 1.0)

    def test_what_is_signed_or_being_paid_stays_as_it_is(self):
        order, option = self._quote_options(require_signature=True)
        order.signature = "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAkQBADs="
        self._choose(order, option, input_quantity=2)
        self.assertFalse(option.product_uom_qty)
        order.signature = False
        self._answer(self._create_payment(order), "pending")
        self._choose(order, option, input_quantity=2)
        self.assertFalse(option.product_uom_qty)

    # Questions, and no

    def test_who_is_to_pay_may_ask_and_decline(self):
        order, _option = self._quote_options()
        page = self._open(order)
        [actions] = page.xpath("//div[@name='sale_order_actions']")
        self.assertIn("Reject", actions.text_content())
        self.assertTrue(actions.xpath(".//a[@href='#discussion']"))
        self.assertTrue(page.xpath("//div[@id='discussion']"))
        self._decline(order)
        self.assertEqual(order.state, "cancel")
        message = order.message_ids.filtered(lambda one: "dear" in (one.body or ""))
        self.assertEqual(message.author_id, self.partner)
        self.assertIn("&lt;b&gt;", message.body)

    def test_who_is_to_sign_may_decline_as_before(self):
        order, _option = self._quote_options(
            require_signature=True, require_payment=False
        )
        self._decline(order)
        self.assertEqual(order.state, "cancel")

    def test_what_is_being_paid_or_has_no_reason_is_not_declined(self):
        order, _option = self._quote_options()
        response = self._decline(order, message=" ")
        self.assertIn("not in a state", response.text)
        self._answer(self._create_payment(order), "pending")
        self._decline(order)
        self.assertEqual(order.state, "sent")

    def test_a_plain_order_that_is_paid_is_not_declined(self):
        order = self._quote(self.setup_fee, plan_id=False)
        self._decline(order)
        self.assertEqual(order.state, "sent")

    def test_a_wrong_link_declines_nothing(self):
        order, _option = self._quote_options()
        self._decline(order, access_token="wrong")
        self.assertEqual(order.state, "sent")
