from odoo.tests import HttpCase

from odoo.addons.mail.tests.common import MailCase

from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestDocuments(SubscriptionCommon, MailCase):
    """Printed documents name plan, period and what renews when."""

    def _render(self, report, record):
        html, _type = self.env["ir.actions.report"]._render_qweb_html(
            report, record.ids
        )
        return " ".join(html.decode().split())

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.aligned = cls._create_plan(name="First of the Month", align=True)

    def test_the_quotation_says_what_is_paid_when(self):
        order = self._create_order(plan_id=self.aligned.id)
        html = self._render("sale.report_saleorder", order)
        self.assertIn("First of the Month", html)
        self.assertIn("$ 100.00 per month, before taxes", html.replace("\xa0", " "))
        self.assertIn("$ 54.84 for 07/15/2026 to 07/31/2026", html.replace("\xa0", " "))
        self.assertIn(
            "$ 100.00 for 08/01/2026 to 08/31/2026", html.replace("\xa0", " ")
        )
        self.assertIn("until it is closed", html)

    def test_the_contract_says_how_far_it_is_billed_and_when_it_ends(self):
        order = self._create_contract(end_date="2026-12-31")
        html = self._render("sale.report_saleorder", order)
        self.assertIn("Contract # ", html)
        self.assertIn("Billed until", html)
        self.assertIn("08/14/2026", html)
        self.assertIn("12/31/2026", html)

    def test_the_invoice_names_contract_plan_period_and_renewal(self):
        order = self._create_contract(plan_id=self.aligned.id)
        html = self._render("account.report_invoice", order.invoice_ids)
        self.assertIn(
            f"{order.name}, First of the Month: 07/15/2026 to 07/31/2026, "
            "renews on 08/01/2026.",
            html,
        )

    def test_the_last_invoice_of_a_contract_does_not_renew(self):
        order = self._create_contract(plan_id=self.aligned.id, end_date="2026-07-31")
        html = self._render("account.report_invoice", order.invoice_ids)
        self.assertIn("07/15/2026 to 07/31/2026.", html)
        self.assertNotIn("renews on", html)

    def test_a_plain_order_and_its_invoice_speak_of_no_subscription(self):
        order = self._create_order(self.setup_fee, plan_id=False)
        order.action_confirm()
        invoice = order._create_invoices()
        self.assertNotIn("Recurring plan", self._render("sale.report_saleorder", order))
        self.assertNotIn("renews", self._render("account.report_invoice", invoice))

    def test_documents_speak_the_customers_language(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.partner.lang = "de_DE"
        order = self._create_contract(plan_id=self.aligned.id)
        html = self._render("account.report_invoice", order.invoice_ids)
        self.assertIn("15.07.2026", html)

    def test_a_sent_invoice_goes_out_by_odoos_own_mail_with_its_pdf(self):
        order = self._create_contract(plan_id=self._create_plan(invoice_mode="send").id)
        invoice = order.invoice_ids
        with self.enter_registry_test_mode(), self.mock_mail_gateway():
            self.env.ref("account.ir_cron_account_move_send").method_direct_trigger()
        invoice.invalidate_recordset()
        self.assertTrue(invoice.is_move_sent)
        self.assertFalse(invoice.sending_data)
        message = invoice.message_ids.filtered("attachment_ids")
        self.assertEqual(message.notified_partner_ids, self.partner)
        self.assertEqual(
            message.attachment_ids.mapped("checksum"),
            invoice.invoice_pdf_report_id.mapped("checksum"),
        )


@tagged("post_install", "-at_install")
class TestPortalPage(SubscriptionCommon, HttpCase):
    def test_the_customers_page_shows_the_terms_by_its_link_alone(self):
        order = self._create_contract()
        response = self.url_open(order.get_portal_url())
        self.assertEqual(response.status_code, 200)
        self.assertIn("Billed until", response.text)
        self.assertIn("Monthly", response.text)
        refused = self.url_open(f"/my/orders/{order.id}")
        self.assertNotIn("Billed until", refused.text)
