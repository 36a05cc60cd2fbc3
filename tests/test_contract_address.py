"""The page on which customers see and change where their contract is sent to."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import mute_logger

from .common import freeze_time, tagged
from .contract_page_common import ContractPageCommon

ADDRESS = {
    "name": "Ada at Work",
    "email": "work@example.com",
    "phone": "+32 2 000 00 00",
    "street": "2 Side Street",
    "street2": "",
    "zip": "2000",
    "city": "Antwerp",
    "state": "",
}


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestContractAddress(ContractPageCommon):
    suffix = "/address"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.belgium = cls.env.ref("base.be")
        cls.canada = cls.env.ref("base.ca")
        cls.address = {**ADDRESS, "country_id": str(cls.belgium.id)}
        cls.partner.write(
            {
                "street": "1 Main Street",
                "city": "Brussels",
                "zip": "1000",
                "phone": "+32 2 111 11 11",
            }
        )
        cls.office = cls._create_address("invoice", name="Ada Office")
        cls.depot = cls._create_address("delivery", name="Ada Depot")

    @classmethod
    def _create_address(cls, kind, **values):
        return cls.env["res.partner"].create(
            {
                "name": "Address",
                "type": kind,
                "parent_id": cls.partner.id,
                "email": "office@example.com",
                "street": "3 Long Street",
                "city": "Ghent",
                "zip": "9000",
                "phone": "+32 9 000 00 00",
                "country_id": cls.belgium.id,
                **values,
            }
        )

    def _contract(self, *lines, **values):
        return self._create_contract(
            *lines,
            **{
                "plan_id": self.charged.id,
                "payment_token_id": self.token.id,
                "partner_invoice_id": self.partner.id,
                "partner_shipping_id": self.partner.id,
                **values,
            },
        )

    def _tax_abroad(self):
        """Let Canada be taxed with 21 %; return a taxed product."""
        tax = self.env["account.tax"].create(
            {"name": "Tax abroad", "amount": 21.0, "company_id": self.company.id}
        )
        position = self.env["account.fiscal.position"].create(
            {
                "name": "Canada",
                "auto_apply": True,
                "country_id": self.canada.id,
                "company_id": self.company.id,
            }
        )
        domestic = self.env["account.tax"].create(
            {"name": "No tax", "amount": 0.0, "company_id": self.company.id}
        )
        tax.write(
            {
                "fiscal_position_ids": [Command.link(position.id)],
                "original_tax_ids": [Command.link(domestic.id)],
            }
        )
        return self._create_item(
            "Taxed", 100.0, taxes_id=[Command.set(domestic.ids)]
        ), position

    def _get_offered(self, page, kind):
        radios = page.xpath(f"//fieldset[@name='{kind}']//input[@type='radio']")
        return {int(radio.get("value")) for radio in radios}

    def _get_children(self):
        return self.partner.child_ids

    # What is shown

    def test_the_link_shows_the_addresses_of_the_contract_and_no_others(self):
        order = self._contract(partner_invoice_id=self.office.id)
        page = self._open(order)
        text = self._get_text(page)
        self.assertIn("1 Main Street", text)
        self.assertIn("Ada Office", text)
        self.assertNotIn("Ada Depot", text)
        self.assertFalse(page.xpath("//input[@type='radio']"))
        self.assertFalse(page.xpath("//a[contains(@href, '/my/address?')]"))
        for response in (
            self._request_page(order),
            self._request_page(order, new="billing"),
        ):
            self.assertNotIn("@example.com", response.text)
            self.assertNotIn("+32", response.text)

    def test_customers_choose_among_their_addresses_and_edit_them(self):
        self._log_in(self.partner)
        order = self._contract()
        page = self._open(order, access_token=None)
        self.assertEqual(
            self._get_offered(page, "billing"), {self.partner.id, self.office.id}
        )
        self.assertEqual(
            self._get_offered(page, "delivery"), {self.partner.id, self.depot.id}
        )
        links = page.xpath("//a[@aria-label='Edit Ada Office']/@href")
        self.assertIn(f"partner_id={self.office.id}", links[0])
        back = f"callback=%2Fmy%2Fsubscriptions%2F{order.id}%2Faddress"
        self.assertIn(back, links[0])
        self.assertTrue(
            page.xpath("//a[contains(@href, '/my/address?address_type=billing')]")
        )
        self.assertEqual(self.url_open(links[0]).status_code, 200)

    # Choosing

    def test_customers_choose_other_addresses(self):
        self._log_in(self.partner)
        order = self._contract()
        for _attempt in range(2):
            response = self._post(
                order,
                access_token=None,
                billing=self.office.id,
                delivery=self.depot.id,
            )
            self._assert_done(response, order)
        self.assertEqual(order.partner_invoice_id, self.office)
        self.assertEqual(order.partner_shipping_id, self.depot)
        self.assertEqual(order.payment_token_id, self.token)
        notes = order.message_ids.filtered(lambda one: "go to Ada Office" in one.body)
        self.assertEqual(len(notes), 1)
        self.assertEqual(notes.author_id, self.partner)
        mails = self._get_mails(order, "mail_template_address_changed")
        self.assertEqual(mails.recipient_ids, self.partner | self.office | self.depot)

    def test_the_next_invoice_goes_to_the_new_address(self):
        order = self._contract(partner_invoice_id=self.office.id)
        self.assertEqual(order.invoice_ids.partner_id, self.office)
        self._log_in(self.partner)
        self._post(order, billing=self.partner.id)
        with freeze_time("2026-08-15"):
            order._bill()
        self.assertEqual(
            order.invoice_ids.sorted("id").partner_id, self.office | self.partner
        )

    def test_addresses_that_are_not_on_offer_are_refused_in_words(self):
        order = self._contract()
        elsewhere = self.stranger
        for login in (None, self.partner):
            if login:
                self._log_in(login)
            for address in (elsewhere.id, 999999, "x", "-1", "1" * 30, ""):
                with self.subTest(login=login, address=address):
                    response = self._post(order, billing=address)
                    self.assertEqual(response.status_code, 422)
                    self.assertIn("Please choose one of", self._get_text(response))
        self.assertEqual(order.partner_invoice_id, self.partner)

    def test_the_link_chooses_no_address_that_it_does_not_show(self):
        order = self._contract()
        self.assertEqual(self._post(order, billing=self.office.id).status_code, 422)
        self._log_in(self.stranger)
        self.assertEqual(self._post(order, billing=self.office.id).status_code, 422)
        self.assertEqual(order.partner_invoice_id, self.partner)

    def test_an_address_of_another_company_is_not_on_offer(self):
        other = self._create_company(name="Other Company")
        foreign = self._create_address("invoice", company_id=other.id)
        self._log_in(self.partner)
        order = self._contract()
        page = self._open(order)
        self.assertNotIn(foreign.id, self._get_offered(page, "billing"))

    def test_while_the_contract_is_billed_nothing_is_changed_nor_lost(self):
        self._log_in(self.partner)
        order = self._contract()
        busy = UserError("It is being billed or changed right now.")
        cls = self.env.registry["sale.order"]
        with patch.object(cls, "_lock_contract", side_effect=busy):
            chosen = self._post(order, billing=self.office.id)
            typed = self._post(order, new="billing", **self.address)
        for response in (chosen, typed):
            self.assertEqual(response.status_code, 422)
            self.assertIn("right now", self._get_text(response))
        self.assertIn("2 Side Street", typed.text)
        self.assertEqual(order.partner_invoice_id, self.partner)

    # Taxes

    def test_the_page_says_when_the_next_invoice_becomes_another(self):
        product, position = self._tax_abroad()
        abroad = self._create_address(
            "delivery", name="Ada Abroad", country_id=self.canada.id, state_id=False
        )
        order = self._contract(product)
        self._log_in(self.partner)
        effects = self._open(order).xpath("//div[@name='effect']")
        self.assertEqual(len(effects), 1)
        self.assertIn(
            "Next invoice $ 121.00 instead of $ 100.00", self._get_text(effects[0])
        )
        self._post(order, delivery=abroad.id)
        self.assertEqual(order.fiscal_position_id, position)
        self.assertEqual(order.preview_invoices(1)[0]["amount_total"], 121.0)

    def test_a_chosen_fiscal_position_stays(self):
        product, _position = self._tax_abroad()
        chosen = self.env["account.fiscal.position"].create(
            {"name": "Chosen", "company_id": self.company.id}
        )
        abroad = self._create_address("delivery", country_id=self.canada.id)
        order = self._contract(product, fiscal_position_id=chosen.id)
        self.assertTrue(order.has_typed_fiscal_position)
        self._log_in(self.partner)
        self.assertFalse(self._open(order).xpath("//div[@name='effect']"))
        self._assert_done(self._post(order, delivery=abroad.id), order)
        self.assertEqual(order.partner_shipping_id, abroad)
        self.assertEqual(order.fiscal_position_id, chosen)

    def test_a_new_address_with_other_taxes_is_asked_about_first(self):
        product, position = self._tax_abroad()
        order = self._contract(product)
        values = {
            **self.address,
            "new": "delivery",
            "country_id": str(self.canada.id),
            "state": "ontario",
        }
        response = self._post(order, **values)
        self.assertEqual(response.status_code, 200)
        self.assertIn(
            "the next invoice is $ 121.00 instead of $ 100.00",
            self._get_text(response),
        )
        self.assertIn("2 Side Street", response.text)
        self.assertEqual(order.partner_shipping_id, self.partner)
        self._assert_done(self._post(order, accepted="$\xa0121.00", **values), order)
        self.assertEqual(order.partner_shipping_id.state_id.code, "ON")
        self.assertEqual(order.fiscal_position_id, position)

    # A new one

    def test_a_visitor_enters_a_new_billing_address(self):
        order = self._contract()
        page = self._open(order, new="billing")
        self.assertIn("New billing address", self._get_text(page))
        before = self._get_children()
        for _attempt in range(2):
            response = self._post(order, new="billing", **self.address)
            self._assert_done(response, order)
        address = self._get_children() - before
        self.assertRecordValues(
            address,
            [
                {
                    "name": "Ada at Work",
                    "type": "invoice",
                    "parent_id": self.partner.id,
                    "email": "work@example.com",
                    "city": "Antwerp",
                    "country_id": self.belgium.id,
                }
            ],
        )
        self.assertEqual(order.partner_invoice_id, address)
        self.assertEqual(order.partner_id, self.partner)
        self.assertEqual(order.partner_shipping_id, self.partner)
        self.assertEqual(order.payment_token_id, self.token)
        mails = self._get_mails(order, "mail_template_address_changed")
        self.assertEqual(mails.recipient_ids, self.partner | address)

    def test_a_link_alters_no_contact_that_exists(self):
        order = self._contract()
        before = self.partner.read(["email", "name", "vat", "street", "is_company"])
        self._post(
            order,
            new="billing",
            **self.address,
            partner_id=self.partner.id,
            id=self.partner.id,
            parent_id=self.stranger.id,
            vat="BE0477472701",
            company_name="Renamed",
            type="contact",
            use_delivery_as_billing="true",
            subscription_order_sudo=order.id,
            user_ids="1",
        )
        self.assertEqual(
            before, self.partner.read(["email", "name", "vat", "street", "is_company"])
        )
        self.assertNotEqual(order.partner_invoice_id, self.partner)
        self.assertEqual(order.partner_invoice_id.parent_id, self.partner)
        self.assertEqual(order.partner_invoice_id.type, "invoice")

    def test_the_name_of_the_customers_company_stays(self):
        company = self.env["res.partner"].create(
            {"name": "Example Ltd", "is_company": True}
        )
        self.partner.parent_id = company
        order = self._contract()
        self._post(order, new="delivery", **self.address, company_name="Renamed")
        self.assertEqual(order.partner_shipping_id.parent_id, company)
        self.assertEqual(company.name, "Example Ltd")

    def test_what_is_wrong_is_said_at_the_field_and_nothing_is_lost(self):
        order = self._contract()
        for values, words in (
            ({"street": ""}, "Please fill this in."),
            ({"email": "nobody"}, "e-mail address such as"),
            ({"country_id": ""}, "Please fill this in."),
            ({"country_id": "99999"}, "Please look at this again."),
            ({"country_id": "x"}, "Please look at this again."),
            ({"name": "x" * 300}, "This is too long."),
            (
                {"country_id": str(self.canada.id), "state": "Bavaria"},
                "Bavaria is not known there.",
            ),
        ):
            with self.subTest(**values):
                typed = {**self.address, **values}
                response = self._post(order, new="billing", **typed)
                self.assertEqual(response.status_code, 422)
                self.assertIn(words, self._get_text(response))
                self.assertIn('aria-invalid="true"', response.text)
                for name, text in typed.items():
                    if text and name != "country_id":
                        self.assertIn(text, response.text)
        self.assertEqual(order.partner_invoice_id, self.partner)
        self.assertEqual(self._get_children(), self.office | self.depot)

    def test_html_stays_text(self):
        order = self._contract()
        evil = "<img src=x onerror=alert(1)>"
        typed = {**self.address, **dict.fromkeys(ADDRESS, evil)}
        response = self._post(order, new="billing", **typed)
        self.assertEqual(response.status_code, 422)
        self.assertNotIn(evil, response.text)
        typed.update(email="work@example.com", state="")
        self._assert_done(self._post(order, new="billing", **typed), order)
        self.assertNotIn(evil, self._request_page(order).text)
        note = order.message_ids.filtered(lambda one: "The invoices go to" in one.body)
        self.assertNotIn("<img", note[:1].body)
        mails = self._get_mails(order, "mail_template_address_changed")
        for mail in mails:
            self.assertNotIn("<img src=x", mail.body_html)

    def test_letters_that_cannot_be_stored_are_left_out(self):
        order = self._contract()
        typed = {**self.address, "name": "A\0da"}
        self._assert_done(self._post(order, new="billing", **typed), order)
        self.assertEqual(order.partner_invoice_id.name, "Ada")
        for value in ("\0", "1\0"):
            self.assertEqual(self._post(order, billing=value).status_code, 422)

    def test_a_payer_of_another_family_takes_its_method_along(self):
        token = self._create_token(self.stranger)
        order = self._contract(
            partner_invoice_id=self.stranger.id, payment_token_id=token.id
        )
        text = self._get_text(self._open(order, new="billing"))
        self.assertIn("belongs to Eve Elsewhere: it is taken off", text)
        self._post(order, new="billing", **self.address)
        self.assertFalse(order.payment_token_id)

    # Who may

    def test_without_a_right_link_visitors_are_sent_home(self):
        order = self._contract()
        for token in (None, "wrong", self._contract()._portal_ensure_token()):
            with self.subTest(token=token):
                for response in (
                    self._request_page(order, access_token=token),
                    self._post(order, access_token=token, billing=self.office.id),
                    self._post(
                        order, access_token=token, new="billing", **self.address
                    ),
                ):
                    self.assertEqual(response.status_code, 303)
                    self.assertTrue(response.headers["Location"].endswith("/my"))
        self.assertEqual(order.partner_invoice_id, self.partner)

    def test_another_customers_login_opens_nothing(self):
        order = self._contract()
        self._log_in(self.stranger)
        response = self._post(order, access_token=None, new="billing", **self.address)
        self.assertTrue(response.headers["Location"].endswith("/my"))
        self.assertEqual(order.partner_invoice_id, self.partner)

    def test_who_only_reads_contracts_is_refused(self):
        order = self._contract()
        self._log_in(groups="account.group_account_readonly")
        for response in (
            self._request_page(order, access_token=None),
            self._post(order, access_token=None, billing=self.office.id),
        ):
            self.assertEqual(response.status_code, 403)
            self.assertIn("not change it", self._get_text(response))

    def test_salespeople_choose_and_enter_addresses_of_the_customer(self):
        order = self._contract()
        self._log_in(groups="sales_team.group_sale_salesman_all_leads")
        page = self._open(order, access_token=None)
        self.assertIn(self.office.id, self._get_offered(page, "billing"))
        self._post(order, access_token=None, new="billing", **self.address)
        self.assertEqual(order.partner_invoice_id.parent_id, self.partner)
        self.assertEqual(order.partner_invoice_id.name, "Ada at Work")

    def test_an_ended_contract_keeps_its_addresses(self):
        order = self._contract()
        order.sudo()._set_churned()
        for response in (
            self._request_page(order),
            self._post(order, new="billing", **self.address),
        ):
            self.assertEqual(response.status_code, 403)
            self.assertIn(f"{order.name} has ended.", self._get_text(response))
        self.assertEqual(order.partner_invoice_id, self.partner)

    def test_what_is_not_allowed_is_refused_in_words(self):
        order = self._contract()
        cls = self.env.registry["sale.order"]
        words = "Your contract does not provide for this online."
        with patch.object(cls, "_get_customer_address_obstacle", lambda order: words):
            for response in (
                self._request_page(order),
                self._post(order, new="billing", **self.address),
            ):
                self.assertEqual(response.status_code, 403)
                self.assertIn(words, self._get_text(response))

    def test_opening_changes_nothing_and_posts_need_their_token(self):
        order = self._contract()
        self._log_in(self.partner)
        self._request_page(order, billing=self.office.id)
        self._request_page(order, new="billing", **self.address)
        for csrf_token in (None, "wrong"):
            with mute_logger("odoo.http"):
                response = self._post(
                    order, billing=self.office.id, csrf_token=csrf_token
                )
            self.assertEqual(response.status_code, 400)
        self.assertEqual(order.partner_invoice_id, self.partner)
