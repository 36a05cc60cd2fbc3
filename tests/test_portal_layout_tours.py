"""Every page of customers on a phone: nothing beside it, and everything has a name."""

from .common import tagged
from .portal_page_inspector import PageInspector
from .portal_tour_common import PHONE, READY, PortalTourCommon


@tagged("post_install", "-at_install")
class TestPageLayoutTours(PortalTourCommon):
    browser_size = PHONE
    touch_enabled = True

    def _inspect(self, walk, **options):
        findings = []

        def run(browser):
            inspector = PageInspector(self, browser)
            walk(inspector)
            findings.extend(inspector.findings)

        self._drive("/subscriptions/cancel", run, **options)
        self.assertEqual(findings, [], "\n".join(findings))

    def _create_states(self):
        """Return contracts in each state that the page tells apart, by name."""
        reason = self.env.ref("subscriptions.close_reason_price")
        contracts = {
            "running": self._subscribe_two(),
            "paused": self._subscribe_two(),
            "ending": self._subscribe_two(),
            "ended": self._subscribe_two(),
            "renewed": self._subscribe_two(),
            "planned": self._subscribe_two(),
            "overdue": self._subscribe_two(),
        }
        contracts["paused"]._pause()
        contracts["ending"]._close(reason, contracts["ending"].paid_until)
        contracts["ended"]._close(reason)
        renewal = self._renew(contracts["renewed"])
        renewal.action_confirm()
        service = self.env["subscription.self.service"]
        planned = contracts["planned"]
        quantities = {f"quantity_{planned.order_line.id}": "1"}
        service._perform(planned, "change", quantities, self.partner)
        overdue = contracts["overdue"].invoice_ids
        overdue.invoice_date_due = self._get_day_before(days=3)
        broken = self._create_token(self.partner, demo_simulated_state="error")
        contracts["declined"] = self._subscribe_charged(payment_token_id=broken.id)
        trial = self.plan.copy({"name": "Trial", "trial_days": 14})
        contracts["trial"] = self._subscribe_two(plan_id=trial.id)
        return contracts

    def test_the_page_of_a_contract_in_each_state(self):
        urls = {
            name: self._get_url(contract)
            for name, contract in self._create_states().items()
        }

        def walk(inspector):
            for name, url in urls.items():
                inspector.inspect(f"contract_{name}", url)

        self._inspect(walk)

    def test_the_pages_on_which_customers_act(self):
        self.reason.write(
            {
                "offer_kind": "discount",
                "offer_discount": 20,
                "offer_text": "We would be sorry to see you leave.",
            }
        )
        contract = self._subscribe_charged()
        self._create_token(self.partner, payment_details="7777")
        paused, ending = self._subscribe_two(), self._subscribe_two()
        paused._pause()
        ending._close(self.reason, ending.paid_until)

        actions = ("change", "plan", "renew", "pause", "address", "payment_method")
        urls = {action: self._get_url(contract, action) for action in actions}
        urls.update(
            {
                "resume": self._get_url(paused, "resume"),
                "refused": self._get_url(paused, "change"),
                "revoke_close": self._get_url(ending, "revoke_close"),
                "address_billing": f"{urls['address']}&new=billing",
                "address_delivery": f"{urls['address']}&new=delivery",
                "payment_method_remove": f"{urls['payment_method']}&remove=1",
                "close": self._get_url(contract, "close"),
            }
        )
        choose = f"document.querySelector('#reason_{self.reason.id}').click()"

        def walk(inspector):
            for name, url in urls.items():
                inspector.inspect(name, url)
            inspector.inspect(
                "close_offer",
                script=choose,
                wait="!!document.querySelector('[name=offer]')",
            )

        self._inspect(walk)

    def test_the_quotation_and_the_way_out(self):
        order = self._quote_to_sign()
        self._add_option(order, self.goods)
        to_pay = self._quote_to_sign(require_signature=False)
        contract = self._subscribe_two()
        urls = [one.get_portal_url() for one in (order, to_pay)]
        form = f"/subscriptions/cancel?contract={contract.name}"
        modal = "!!document.querySelector('.modal.show')"
        to_open = "document.querySelector('#sale_order_sidebar_button a').click()"

        def walk(inspector):
            inspector.inspect("quotation", urls[0])
            inspector.inspect("quotation_sign", script=to_open, wait=modal)
            inspector.inspect("quotation_to_pay", urls[1])
            inspector.inspect("quotation_pay", script=to_open, wait=modal)
            inspector.inspect("cancel", form)
            send = "document.querySelector('main form').requestSubmit()"
            errors = "!!document.querySelector('.is-invalid')"
            inspector.inspect("cancel_errors", script=send, wait=errors)
            fill = "document.querySelector('[name={}]').value = '{}';"
            inspector.inspect(
                "receipt",
                script=fill.format("name", "Ada Example")
                + fill.format("email", "ada@example.com")
                + send,
                wait=f"location.href.includes('/receipt/') && {READY}",
            )
            inspector.inspect("receipt_lost", "/subscriptions/cancel/receipt/1")
            inspector.inspect("login", "/web/login")

        self._inspect(walk)

    def test_the_list(self):
        login = self._create_login()
        url = self._subscribe_two().access_url
        self._subscribe_two()._pause()

        def walk(inspector):
            inspector.inspect("list", "/my/subscriptions")
            inspector.inspect("list_none", "/my/subscriptions?filterby=ended")
            inspector.inspect("contract_logged_in", url)
            inspector.inspect("home", "/my/home")

        self._inspect(walk, login=login)

    def test_what_is_wrong_is_found(self):
        wrong = (
            "document.body.insertAdjacentHTML('beforeend', "
            "'<button id=twice></button>"
            "<div id=twice style=width:2000px>x</div>')"
        )
        found = []

        def walk(inspector):
            inspector.inspect("wrong", script=wrong)
            found.extend(inspector.findings)
            inspector.findings.clear()

        self._inspect(walk)
        self.assertEqual(len(found), 3, found)
        for words, finding in zip(("sideways", "twice", "no name"), found, strict=True):
            self.assertIn(words, finding)
