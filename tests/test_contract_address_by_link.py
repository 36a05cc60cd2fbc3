"""What somebody who has no more than the link of a contract enters as an address."""

from .common import freeze_time, tagged
from .contract_page_common import ContractPageCommon
from .test_contract_address import ADDRESS


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestContractAddressByLink(ContractPageCommon):
    suffix = "/address"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        belgium = cls.env.ref("base.be")
        cls.address = {**ADDRESS, "country_id": str(belgium.id)}
        cls.office = cls.env["res.partner"].create(
            {"name": "Office", "type": "invoice", "parent_id": cls.partner.id}
        )

    def _contract(self):
        return self._create_contract(
            plan_id=self.charged.id,
            payment_token_id=self.token.id,
            partner_invoice_id=self.partner.id,
            partner_shipping_id=self.partner.id,
        )

    def test_who_was_entered_by_the_link_cannot_sign_up_as_the_customer(self):
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("auth_signup.invitation_scope", "b2c")
        order = self._contract()
        self._post(order, new="billing", **self.address)
        address = order.partner_invoice_id
        self.assertEqual(address.entered_by_link_date, self._day("2026-07-15"))
        parameters = address.signup_get_auth_param()
        self.assertFalse(parameters[address.id])
        url = address.sudo()._get_signup_url_for_action()[address.id]
        self.assertTrue(url.endswith("token="))
        self.assertIn(
            "auth_signup_token", self.office.signup_get_auth_param()[self.office.id]
        )
        address.entered_by_link_date = False  # a colleague knows them
        parameters = address.signup_get_auth_param()
        self.assertTrue(parameters[address.id]["auth_signup_token"])

    def test_a_colleague_who_enters_an_address_lets_it_sign_up(self):
        order = self._contract()
        self._log_in(groups="sales_team.group_sale_manager")
        self._post(order, access_token=None, new="billing", **self.address)
        self.assertNotEqual(order.partner_invoice_id, self.partner)
        self.assertFalse(order.partner_invoice_id.entered_by_link_date)

    def test_the_same_address_again_is_the_same_contact(self):
        order = self._contract()
        self._post(order, new="billing", **self.address)
        address = order.partner_invoice_id
        self._post(order, new="billing", **{**self.address, "city": "Bruges"})
        self.assertNotEqual(order.partner_invoice_id, address)
        self._post(order, new="billing", **self.address)
        self.assertEqual(order.partner_invoice_id, address)

    def test_a_link_enters_five_contacts_a_day(self):
        order = self._contract()
        for number in range(5):
            values = {**self.address, "street": f"{number} Side Street"}
            self._assert_done(self._post(order, new="billing", **values), order)
        values["street"] = "5 Side Street"
        response = self._post(order, new="billing", **values)
        self.assertIn("Many new addresses were entered today", response.text)
        self.assertIn("5 Side Street", response.text)
        self.assertEqual(order.partner_invoice_id.street, "4 Side Street")
        with freeze_time("2026-07-16"):
            self._assert_done(self._post(order, new="billing", **values), order)

    def test_the_page_says_how_contact_data_are_changed(self):
        order = self._contract()
        page = self._open(order)
        [words] = page.xpath("//p[@name='contact_data']")
        text = self._get_text(words)
        self.assertIn("Log in to change it, or write to us", text)
        [link] = page.xpath("//p[@name='contact_data']/a/@href")
        self.assertIn("/web/login?redirect=", link)
        self._log_in(self.partner)
        text = self._get_text(self._open(order, access_token=None))
        self.assertIn("with the Edit link", text)
