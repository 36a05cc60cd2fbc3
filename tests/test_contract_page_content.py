from unittest.mock import patch

from odoo.fields import Command

from .common import freeze_time, tagged
from .test_contract_page import TODAY, ContractPageCommon


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestContractPageContent(ContractPageCommon):
    """What the page of a contract shows, in each state."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env["subscription.close.reason"].search([], limit=1)
        cls.open_plan = cls._create_plan(
            name="Open",
            customer_change="upgrade_downgrade",
            customer_close="any_date",
            customer_pause=True,
            customer_renew=True,
        )

    def _get_actions(self, page):
        return page.xpath("//nav[@name='actions']/a/@name")

    def test_the_overview_tells_what_comes_next_with_taxes(self):
        self.seat.taxes_id = self.tax
        contract = self._create_contract((self.seat, 3), (self.setup_fee, 1))
        page = self._open(contract)
        text = self._get_text(page)
        self.assertIn("Running", text)
        self.assertIn("Billed until 08/14/2026", text)
        self.assertIn("Next invoice 08/15/2026: $ 360.00", text)
        self.assertIn("for 08/15/2026 to 09/14/2026, taxes included", text)
        self.assertIn("Open: $ 610.00", text)
        self.assertEqual(
            self._get_text(page, "//tr[@name='recurring']"),
            "Every month $ 300.00 $ 60.00 $ 360.00",
        )
        self.assertEqual(
            self._get_text(page, "//tr[@name='once']"),
            "Once $ 250.00 $ 0.00 $ 250.00",
        )
        recurring = self._get_text(page, "//table[@name='recurring']")
        self.assertIn("Seat 3.00 Units $ 100.00 $ 300.00", recurring)
        self.assertNotIn("Setup", recurring)
        self.assertIn("Setup", self._get_text(page, "//table[@name='once']"))

    def test_options_that_are_not_taken_are_listed_apart(self):
        contract = self._create_contract(plan_id=self.open_plan.id)
        section = Command.create(
            {"name": "More", "display_type": "line_section", "is_optional": True}
        )
        option = Command.create({"product_id": self.goods.id, "product_uom_qty": 0})
        contract.order_line = [section, option]
        page = self._open(contract)
        options = "//table[@name='options']"
        self.assertIn("Coffee", self._get_text(page, options))
        [link] = self._get_links(page, options)
        self.assertIn(f"/my/subscriptions/{contract.id}/change", link)

    def test_actions_are_those_the_plan_allows(self):
        self.assertEqual(
            self._get_actions(self._open(self._create_contract())),
            self._create_contract()._get_customer_actions(),
        )
        contract = self._create_contract(plan_id=self.open_plan.id)
        actions = self._get_actions(self._open(contract))
        self.assertEqual(actions, contract._get_customer_actions())
        self.assertEqual(actions[0], "change")
        self.assertEqual(actions[-1], "close")

    def test_a_paused_contract_says_so_and_how_it_goes_on(self):
        contract = self._create_contract(plan_id=self.open_plan.id)
        contract._pause(self._day("2026-09-01"))
        page = self._open(contract)
        alert = "//div[@name='paused_alert']"
        self.assertIn("It resumes on 09/01/2026", self._get_text(page, alert))
        [link] = self._get_links(page, alert)
        self.assertIn("/resume?access_token", link)
        self.assertIn("Next invoice 09/01/2026", self._get_text(page))
        contract.sudo().resume_date = False
        text = self._get_text(self._open(contract), alert)
        self.assertIn("until it is resumed", text)

    def test_a_contract_that_ends_says_when_and_how_to_keep_it(self):
        contract = self._create_contract(plan_id=self.open_plan.id)
        contract._close(self.reason, self._day("2026-08-14"))
        page = self._open(contract)
        alert = "//div[@name='ending_alert']"
        self.assertIn("ends on 08/14/2026", self._get_text(page, alert))
        [link] = self._get_links(page, alert)
        self.assertIn("/revoke_close", link)
        self.assertIn("Closes on 08/14/2026", self._get_text(page))
        self.assertNotIn("Next invoice", self._get_text(page))

    def test_a_fixed_term_that_is_about_to_end_can_be_renewed(self):
        contract = self._create_contract(
            plan_id=self.open_plan.id, end_date="2026-08-14"
        )
        page = self._open(contract)
        [link] = self._get_links(page, "//div[@name='ending_alert']")
        self.assertIn("/renew", link)
        self.assertIn("Ends on 08/14/2026", self._get_text(page))

    def test_an_ended_contract_offers_nothing(self):
        contract = self._create_contract(plan_id=self.open_plan.id)
        contract._close(self.reason)
        page = self._open(contract)
        text = self._get_text(page)
        self.assertIn("This contract has ended on 07/15/2026", text)
        self.assertFalse(self._get_actions(page))
        self.assertNotIn("Next invoice", text)
        self.assertTrue(page.xpath("//section[@id='invoices']"))

    def test_planned_changes_are_told(self):
        contract = self._create_contract((self.seat, 3))
        contract._change_quantities({contract.order_line: 1}, at="next_period")
        text = self._get_text(
            self._open(contract), "//section[@id='scheduled_changes']"
        )
        self.assertIn("08/15/2026", text)
        self.assertIn("3", text)

    def test_invoices_and_credit_notes_are_listed_with_pdf_and_payment(self):
        contract = self._create_contract()
        note = contract.invoice_ids._reverse_moves()
        note.action_post()
        with freeze_time("2026-08-20"):
            invoice = contract._bill()
        page = self._open(contract)
        rows = page.xpath("//tr[@name='invoice']")
        self.assertEqual(len(rows), 3)
        text = self._get_text(page, "//section[@id='invoices']")
        self.assertIn(invoice.name, text)
        self.assertIn(note.name, text)
        self.assertIn("Credit note", text)
        self.assertIn("-", text)
        links = self._get_links(page, "//section[@id='invoices']")
        self.assertTrue(any("report_type=pdf" in link for link in links))
        self.assertEqual(
            [link for link in links if "/subscriptions/pay/" in link],
            [invoice._get_payment_link()],
        )

    def test_drafts_are_not_listed_and_an_overdue_invoice_is_an_alert(self):
        contract = self._create_contract()
        invoice = contract.invoice_ids
        with freeze_time("2026-08-01"):
            page = self._open(contract)
        alert = "//div[@name='overdue_alert']"
        self.assertIn(f"{invoice.name} is overdue", self._get_text(page, alert))
        self.assertEqual(self._get_links(page, alert), [invoice._get_payment_link()])
        invoice.button_draft()
        self.assertFalse(self._open(contract).xpath("//section[@id='invoices']"))

    def test_the_page_lists_a_dozen_invoices_and_shows_all_when_asked(self):
        contract = self._create_contract()
        with freeze_time("2026-08-20"):
            contract._bill()
        target = "odoo.addons.subscriptions.controllers.contract_portal"
        with patch(f"{target}.SHOWN_INVOICES", 1):
            page = self._open(contract)
            self.assertEqual(len(page.xpath("//tr[@name='invoice']")), 1)
            self.assertIn("Show all 2 documents", self._get_text(page))
            [link] = page.xpath("//a[contains(@href, 'invoices=1')]/@href")
            _path, page = self._get(link)
            self.assertEqual(len(page.xpath("//tr[@name='invoice']")), 2)
            self.assertFalse(page.xpath("//ul[contains(@class, 'pagination')]"))
            with patch(f"{target}.INVOICES_PER_PAGE", 1):
                _path, page = self._get(link)
                [number] = page.xpath("//tr[@name='invoice']/td[1]/a/text()")
                [link] = page.xpath(
                    "//a[contains(@href, 'invoices=2')][text()='2']/@href"
                )
                _path, page = self._get(link)
                [other] = page.xpath("//tr[@name='invoice']/td[1]/a/text()")
        self.assertEqual({number, other}, set(contract.invoice_ids.mapped("name")))

    def test_the_contact_can_be_written_to_and_called(self):
        contract = self._create_contract()
        contract.user_id = self.env.user
        self.env.user.partner_id.write({"email": "sales@a.com", "phone": "+32 1"})
        page = self._open(contract)
        self.assertTrue(page.xpath("//a[@href='mailto:sales@a.com']"))
        self.assertTrue(page.xpath("//a[starts-with(@href, 'tel:')]"))
        self.assertTrue(page.xpath("//div[@id='discussion']"))
        self.assertTrue(page.xpath("//a[@href='/subscriptions/cancel']"))

    def test_what_people_type_is_text(self):
        contract = self._create_contract()
        bad = "<img src=x onerror=alert(1)>"
        contract.order_line.name = bad
        contract.client_order_ref = bad
        contract.partner_id.name = bad
        contract.plan_id.name = bad
        page = self._open(contract)
        self.assertFalse(page.xpath("//img[@onerror]"))
        self.assertIn(bad, self._get_text(page))

    # Linked orders

    def _get_linked(self, page):
        return page.xpath("//section[@id='linked_orders']//li/@name")

    def test_the_link_opens_what_the_customer_began_and_the_open_renewal_alone(self):
        contract = self._create_contract()
        foreign = self._upsell(contract, (self.seat, 1))
        foreign.action_quotation_sent()
        own = self._upsell(contract, (self.seat, 1))
        own.sudo().is_self_service = True
        renewal = self._renew(contract)
        drafted = self._open(contract)
        self.assertEqual(self._get_linked(drafted), ["upsell"])
        renewal.action_quotation_sent()
        tokens = {order: order._portal_ensure_token() for order in foreign | own}
        page = self._open(contract)
        self.assertEqual(self._get_linked(page), ["upsell", "renewal"])
        links = " ".join(self._get_links(page, "//section[@id='linked_orders']"))
        self.assertIn(tokens[own], links)
        self.assertIn(renewal.access_token, links)
        self.assertNotIn(tokens[foreign], str(self.url_open(own.get_portal_url())))
        self.assertNotIn(foreign.name, self._get_text(page))

    def test_the_link_of_a_renewal_does_not_open_the_contract_before_it(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        renewal.action_confirm()
        token = contract._portal_ensure_token()
        response = self.url_open(renewal.get_portal_url())
        self.assertNotIn(token, response.text)
        self.assertFalse(self._get_linked(self._open(renewal)))

    def test_customers_open_all_that_they_may_read(self):
        contract = self._create_contract()
        renewal = self._renew(contract)
        renewal.action_confirm()
        self.authenticate("customer", "customer")
        page = self._open(renewal, access_token=None)
        self.assertEqual(self._get_linked(page), ["predecessor"])
        [link] = self._get_links(page, "//section[@id='linked_orders']")
        self.assertEqual(link, f"/my/subscriptions/{contract.id}")
        page = self._open(contract, access_token=None)
        self.assertEqual(self._get_linked(page), ["successor"])
        self.assertIn("was renewed", self._get_text(page))
