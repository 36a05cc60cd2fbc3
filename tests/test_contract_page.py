from unittest.mock import patch

from lxml import html

from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user

from .common import SubscriptionCommon, freeze_time, tagged

TODAY = "2026-07-15"


class ContractPageCommon(SubscriptionCommon, HttpCase):
    """Pages of contracts, opened as a browser does."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.tax = cls.env["account.tax"].create(
            {"name": "Tax", "amount": 20.0, "company_id": cls.company.id}
        )
        cls.customer = cls._create_user("customer", cls.partner)
        cls.stranger = cls._create_user(
            "stranger", cls.env["res.partner"].create({"name": "Stranger"})
        )

    @classmethod
    def _create_user(cls, login, partner):
        return new_test_user(
            cls.env,
            login,
            "base.group_portal",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            partner_id=partner.id,
            name=partner.name,
        )

    def _get(self, url, **parameters):
        """Return where a request ends, and the page."""
        response = self.url_open(url, params=parameters)
        self.assertEqual(response.status_code, 200)
        page = html.fromstring(response.text)
        return response.url.split("?")[0].removeprefix(self.base_url()), page

    def _open(self, order, **parameters):
        """Open the contract's page by its link."""
        parameters.setdefault("access_token", order._portal_ensure_token())
        path, page = self._get(f"/my/subscriptions/{order.id}", **parameters)
        self.assertEqual(path, f"/my/subscriptions/{order.id}")
        return page

    def _get_text(self, page, xpath="//div[@id='wrap']"):
        return " ".join(
            " ".join(node.text_content() for node in page.xpath(xpath)).split()
        )

    def _get_links(self, page, xpath):
        return page.xpath(f"{xpath}//a/@href")


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestContractList(ContractPageCommon):
    """Who is logged in finds their contracts, and nobody else's."""

    def _get_names(self, **parameters):
        _path, page = self._get("/my/subscriptions", **parameters)
        return page.xpath("//tr[@name='contract']/td[1]/a/text()")

    def test_the_list_has_state_plan_next_invoice_and_what_is_open(self):
        self.seat.taxes_id = self.tax
        contract = self._create_contract()
        self.authenticate("customer", "customer")
        _path, page = self._get("/my/subscriptions")
        text = self._get_text(page, "//tr[@name='contract']")
        self.assertIn(f"{contract.name} Seat", text)
        self.assertIn("Running", text)
        self.assertIn("Monthly", text)
        self.assertIn("08/15/2026 $ 120.00", text)
        self.assertEqual(
            self._get_text(page, "//tr[@name='contract']/td[last()]"), "$ 120.00"
        )
        self.assertTrue(page.xpath("//a[@href='/subscriptions/cancel']"))

    def test_filters_tell_states_apart(self):
        running = self._create_contract()
        paused = self._create_contract()
        paused._pause()
        ending = self._create_contract()
        reason = self.env["subscription.close.reason"].search([], limit=1)
        ending._close(reason, self._day("2026-08-14"))
        ended = self._create_contract()
        ended._close(reason)
        self._create_order().action_quotation_sent()
        self.authenticate("customer", "customer")
        everything = running | paused | ending | ended
        names = {
            "running": running | ending,
            "paused": paused,
            "ending": ending,
            "ended": ended,
            "all": everything,
            "no such filter": everything,
        }
        for name, contracts in names.items():
            with self.subTest(name):
                found = self._get_names(filterby=name, sortby="name")
                self.assertEqual(found, contracts.sorted("name").mapped("name"))

    def test_sorting_is_by_what_is_known(self):
        first = self._create_contract(start_date="2026-06-20")
        second = self._create_contract(start_date="2026-07-10")
        self.authenticate("customer", "customer")
        self.assertEqual(self._get_names(), [second.name, first.name])
        self.assertEqual(self._get_names(sortby="next"), [first.name, second.name])
        self.assertEqual(self._get_names(sortby="1; DROP"), [second.name, first.name])

    def test_contracts_of_others_are_not_listed(self):
        self._create_contract()
        self.authenticate("stranger", "stranger")
        self.assertFalse(self._get_names())

    def test_the_list_asks_for_a_login(self):
        response = self.url_open("/my/subscriptions")
        self.assertIn("/web/login", response.url)

    def test_contracts_leave_the_list_of_orders_and_upsells_stay(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, (self.seat, 1))
        upsell.action_confirm()
        plain = self._create_order(self.setup_fee, plan_id=False)
        plain.action_confirm()
        self.authenticate("customer", "customer")
        _path, page = self._get("/my/orders")
        text = self._get_text(page)
        self.assertNotIn(contract.name, text)
        self.assertIn(upsell.name, text)
        self.assertIn(plain.name, text)
        counters = self.make_jsonrpc_request(
            "/my/counters", {"counters": ["subscription_count", "order_count"]}
        )
        self.assertEqual(counters["subscription_count"], 1)
        _path, home = self._get("/my/home")
        self.assertTrue(self._get_links(home, "//div[hasclass('o_portal_docs')]"))

    def test_pages_of_the_list(self):
        contracts = [self._create_contract() for _number in range(3)]
        self.authenticate("customer", "customer")
        target = "odoo.addons.subscriptions.controllers.contract_portal"
        with patch(f"{target}.CONTRACTS_PER_PAGE", 2):
            self.assertEqual(len(self._get_names()), 2)
            _path, page = self._get("/my/subscriptions/page/2")
        text = self._get_text(page, "//tr[@name='contract']/td[1]/a")
        self.assertEqual(text, contracts[0].name)

    def test_more_contracts_need_no_more_queries(self):
        def count():
            self.env.flush_all()
            self.env.invalidate_all()
            contracts = self.env["sale.order"].search(
                [("partner_id", "=", self.partner.id)]
            )
            start = self.env.cr.sql_log_count
            for one in contracts.sudo():
                one._get_next_invoice()
                one._get_page_state()
                one._get_content_text()
                self.assertTrue(one.open_amount)
            return self.env.cr.sql_log_count - start

        self._create_contract()
        self._create_contract()
        count()
        few = count()
        for _number in range(4):
            self._create_contract()
        self.assertLessEqual(count(), few)


@tagged("post_install", "-at_install")
@freeze_time(TODAY)
class TestContractAccess(ContractPageCommon):
    """Who may see the page, and where the others are led."""

    def test_the_link_opens_the_page_without_a_login(self):
        contract = self._create_contract()
        page = self._open(contract)
        self.assertIn(f"Contract {contract.name}", self._get_text(page))

    def test_wrong_links_and_strangers_are_led_away(self):
        contract = self._create_contract()
        contract._portal_ensure_token()
        for parameters in ({}, {"access_token": "wrong"}, {"access_token": ""}):
            response = self.url_open(
                f"/my/subscriptions/{contract.id}",
                params=parameters,
                allow_redirects=False,
            )
            self.assertEqual(response.status_code, 303)
            self.assertTrue(response.headers["Location"].endswith("/my"))
        self.authenticate("stranger", "stranger")
        response = self.url_open(
            f"/my/subscriptions/{contract.id}", allow_redirects=False
        )
        self.assertTrue(response.headers["Location"].endswith("/my"))
        response = self.url_open("/my/subscriptions/999999999", allow_redirects=False)
        self.assertTrue(response.headers["Location"].endswith("/my"))

    def test_customers_who_are_logged_in_need_no_link(self):
        contract = self._create_contract()
        self.authenticate("customer", "customer")
        page = self._open(contract, access_token=None)
        self.assertIn(contract.name, self._get_text(page))
        links = self._get_links(page, "//nav[@name='actions']")
        self.assertTrue(links)
        self.assertFalse([link for link in links if "access_token" in link])

    def test_a_quotation_is_shown_on_its_own_page(self):
        order = self._create_order()
        order.action_quotation_sent()
        token = order._portal_ensure_token()
        path, _page = self._get(f"/my/subscriptions/{order.id}", access_token=token)
        self.assertEqual(path, f"/my/orders/{order.id}")
        response = self.url_open(f"/my/subscriptions/{order.id}", allow_redirects=False)
        self.assertTrue(response.headers["Location"].endswith("/my"))

    def test_links_to_the_order_lead_to_the_contract_with_what_they_say(self):
        contract = self._create_contract()
        token = contract._portal_ensure_token()
        path, page = self._get(
            f"/my/orders/{contract.id}", access_token=token, message="sign_ok"
        )
        self.assertEqual(path, f"/my/subscriptions/{contract.id}")
        self.assertIn("Thank you!", self._get_text(page))
        response = self.url_open(
            f"/my/orders/{contract.id}?access_token=wrong", allow_redirects=False
        )
        self.assertTrue(response.headers["Location"].endswith("/my"))

    def test_the_pdf_is_at_both_addresses(self):
        contract = self._create_contract()
        token = contract._portal_ensure_token()
        for path in ("orders", "subscriptions"):
            response = self.url_open(
                f"/my/{path}/{contract.id}?access_token={token}&report_type=pdf"
            )
            self.assertEqual(response.status_code, 200)
            self.assertEqual(response.headers["Content-Type"], "application/pdf")
        response = self.url_open(f"/my/subscriptions/{contract.id}?report_type=pdf")
        self.assertNotEqual(response.headers["Content-Type"], "application/pdf")

    def test_what_was_begun_on_the_page_ends_there(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, (self.seat, 1))
        upsell.sudo().is_self_service = True
        upsell.action_confirm()
        token = upsell._portal_ensure_token()
        path, _page = self._get(f"/my/orders/{upsell.id}", access_token=token)
        self.assertEqual(path, f"/my/subscriptions/{contract.id}")

    def test_an_upsell_of_a_salesperson_stays_where_it_is(self):
        contract = self._create_contract()
        upsell = self._upsell(contract, (self.seat, 1))
        upsell.action_confirm()
        token = upsell._portal_ensure_token()
        path, _page = self._get(f"/my/orders/{upsell.id}", access_token=token)
        self.assertEqual(path, f"/my/orders/{upsell.id}")

    def test_colleagues_without_the_right_to_write_get_no_buttons(self):
        contract = self._create_contract()
        contract.user_id = self.env.user
        new_test_user(
            self.env,
            "auditor",
            "account.group_account_readonly",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
        )
        self.authenticate("auditor", "auditor")
        page = self._open(contract, access_token=None)
        self.assertFalse(self._get_links(page, "//nav[@name='actions']"))
