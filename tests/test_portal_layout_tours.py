"""Every page of customers on a phone: nothing beside it, and everything has a name."""

import base64
import os
import pathlib
from contextlib import suppress
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import new_test_user
from odoo.tests.common import ChromeBrowser

from .common import tagged
from .portal_tour_common import PHONE, PortalTourCommon

# With a folder, pictures of all pages are left there for people to look at.
PICTURES = os.environ.get("SUBSCRIPTIONS_PAGE_PICTURES")
ROLES = {
    "link",
    "button",
    "textbox",
    "searchbox",
    "combobox",
    "radio",
    "checkbox",
    "spinbutton",
    "Date",
    "DateTime",
    "slider",
    "switch",
}
# What Odoo's own page parts get wrong, and other addons than ours do.
NOT_OURS = ".o-mail-Chatter, .o_portal_chatter, #discussion, #portal_my_details"
READY = (
    "document.readyState === 'complete' && "
    "(!document.body.hasAttribute('is-ready') || "
    "document.body.getAttribute('is-ready') === 'true')"
)
WIDER = """(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= window.innerWidth) return "";
    return [...document.querySelectorAll("body *")]
        .filter(one => one.getBoundingClientRect().right > width + 1)
        .map(one => one.outerHTML.slice(0, 120)).slice(0, 5).join(" | ")
        || "wider than the window";
})()"""
TWICE = """(() => {
    const ids = [...document.querySelectorAll("[id]")]
        .filter(one => !one.closest("svg"))
        .map(one => one.id).filter(Boolean);
    return ids.filter((id, index) => ids.indexOf(id) !== index).join(" ");
})()"""


class PageInspector:
    def __init__(self, test, browser):
        self.test = test
        self.browser = browser
        self.findings = []
        self.browser._websocket_request("Accessibility.enable")

    def inspect(self, name, url=None, script=None, wait=None):
        """Look at a page, or at what a script makes of the one that is open."""
        if url:
            self.browser.navigate_to(self.test.base_url() + url, wait_stop=False)
            self.wait(f"location.href.includes({url.split('?')[0]!r}) && {READY}", name)
        if script:
            self.evaluate(script)
        if wait:
            self.wait(wait, name)
        wider, twice = self.evaluate(WIDER), self.evaluate(TWICE)
        if wider:
            self.findings.append(f"{name} scrolls sideways: {wider}")
        if twice:
            self.findings.append(f"{name} has ids twice: {twice}")
        self.findings += [f"{name}: no name: {one}" for one in self.get_nameless()]
        if PICTURES:
            self.take_picture(name)

    def wait(self, script, name):
        if not self.browser._wait_ready(script, timeout=20):
            self.findings.append(f"{name} was not ready: {script}")

    def evaluate(self, expression):
        answer = self.browser._websocket_request(
            "Runtime.evaluate", params={"expression": expression}
        )
        return answer["result"].get("value")

    def get_nameless(self):
        """Return what a screen reader has no words for, as the browser sees it."""
        tree = self.browser._websocket_request("Accessibility.getFullAXTree")
        nameless = []
        for node in tree["nodes"]:
            role = node.get("role", {}).get("value")
            if (
                node.get("ignored")
                or role not in ROLES
                or node.get("name", {}).get("value", "").strip()
            ):
                continue
            markup = self.describe(node["backendDOMNodeId"])
            if markup:
                nameless.append(markup)
        return nameless

    def describe(self, node_id):
        found = self.browser._websocket_request(
            "DOM.resolveNode", params={"backendNodeId": node_id}
        )
        answer = self.browser._websocket_request(
            "Runtime.callFunctionOn",
            params={
                "objectId": found["object"]["objectId"],
                "functionDeclaration": "function (others) { return this.closest "
                "&& !this.closest(others) ? this.outerHTML.slice(0, 200) : '' }",
                "arguments": [{"value": NOT_OURS}],
                "returnByValue": True,
            },
        )
        return answer["result"].get("value")

    def take_picture(self, name):
        for width in (1280, 390):
            self.browser._websocket_request(
                "Emulation.setDeviceMetricsOverride",
                params={
                    "width": width,
                    "height": 900,
                    "deviceScaleFactor": 1,
                    "mobile": width < 500,
                },
            )
            answer = self.browser._websocket_request(
                "Page.captureScreenshot",
                params={"format": "png", "captureBeyondViewport": True},
            )
            with suppress(KeyError):
                path = pathlib.Path(PICTURES) / f"{name}_{width}.png"
                path.write_bytes(base64.b64decode(answer["data"]))


@tagged("post_install", "-at_install")
class TestPageLayoutTours(PortalTourCommon):
    browser_size = PHONE
    touch_enabled = True

    def _inspect(self, walk, **options):
        findings = []

        def run(browser, *_args, **_kwargs):
            inspector = PageInspector(self, browser)
            walk(inspector)
            findings.extend(inspector.findings)

        with patch.object(ChromeBrowser, "_wait_code_ok", run):
            self.browser_js("/subscriptions/cancel", "", ready=READY, **options)
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
        contracts = self._create_states()

        def walk(inspector):
            for name, contract in contracts.items():
                inspector.inspect(f"contract_{name}", self._get_url(contract))

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
        other = self._create_token(self.partner, payment_details="7777")
        paused, ending = self._subscribe_two(), self._subscribe_two()
        paused._pause()
        ending._close(self.reason, ending.paid_until)
        self.assertTrue(other)

        def walk(inspector):
            for action in ("change", "plan", "renew", "pause", "close", "address"):
                inspector.inspect(action, self._get_url(contract, action))
            inspector.inspect(
                "close_offer",
                self._get_url(contract, "close"),
                f"document.querySelector('#reason_{self.reason.id}').click()",
                "!!document.querySelector('[name=offer]')",
            )
            inspector.inspect("resume", self._get_url(paused, "resume"))
            inspector.inspect("refused", self._get_url(paused, "change"))
            inspector.inspect("revoke_close", self._get_url(ending, "revoke_close"))
            for name in ("billing", "delivery"):
                url = f"{self._get_url(contract, 'address')}&new={name}"
                inspector.inspect(f"address_{name}", url)
            url = self._get_url(contract, "payment_method")
            inspector.inspect("payment_method", url)
            inspector.inspect("payment_method_remove", f"{url}&remove=1")

        self._inspect(walk)

    def test_the_quotation_and_the_way_out(self):
        order = self._quote_to_sign()
        self._add_option(order, self.goods)
        to_pay = self._quote_to_sign(require_signature=False)
        contract = self._subscribe_two()
        modal = "!!document.querySelector('.modal.show')"
        to_open = "document.querySelector('#sale_order_sidebar_button a').click()"

        def walk(inspector):
            inspector.inspect("quotation", order.get_portal_url())
            inspector.inspect("quotation_sign", script=to_open, wait=modal)
            inspector.inspect("quotation_to_pay", to_pay.get_portal_url())
            inspector.inspect("quotation_pay", script=to_open, wait=modal)
            inspector.inspect(
                "cancel", f"/subscriptions/cancel?contract={contract.name}"
            )
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
        new_test_user(
            self.env,
            "ada_portal",
            "base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
            partner_id=self.partner.id,
            name=self.partner.name,
        )
        contract = self._subscribe_two()
        self._subscribe_two()._pause()

        def walk(inspector):
            inspector.inspect("list", "/my/subscriptions")
            inspector.inspect("list_none", "/my/subscriptions?filterby=ended")
            inspector.inspect("contract_logged_in", contract.access_url)
            inspector.inspect("home", "/my/home")

        self._inspect(walk, login="ada_portal")
