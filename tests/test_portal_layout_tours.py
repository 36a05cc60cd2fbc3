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
    "document.body.getAttribute('is-ready') === 'true'"
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
        ready = False
        with suppress(TimeoutError):
            ready = self.browser._wait_ready(script, timeout=20)
        if not ready:
            self.findings.append(f"{name} was not ready: {script}")

    def evaluate(self, expression):
        answer = self.browser._websocket_request(
            "Runtime.evaluate", params={"expression": expression}
        )
        return answer["result"].get("value")

    def get_nameless(self):
        """Return what a screen reader has no words for, as the browser sees it."""
        tree = self.browser._websocket_request("Accessibility.getFullAXTree")
        nodes = [
            node
            for node in tree["nodes"]
            if not node["ignored"] and node["role"]["value"] in ROLES
        ]
        if not nodes:  # the look itself fails, or the page is empty
            return ["there is nothing to use"]
        nameless = [
            self.describe(node["backendDOMNodeId"])
            for node in nodes
            if not node.get("name", {}).get("value", "").strip()
        ]
        return [markup for markup in nameless if markup]

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
        new_test_user(
            self.env,
            "ada_portal",
            "base.group_portal",
            company_id=self.company.id,
            company_ids=[Command.set(self.company.ids)],
            partner_id=self.partner.id,
            name=self.partner.name,
        )
        url = self._subscribe_two().access_url
        self._subscribe_two()._pause()

        def walk(inspector):
            inspector.inspect("list", "/my/subscriptions")
            inspector.inspect("list_none", "/my/subscriptions?filterby=ended")
            inspector.inspect("contract_logged_in", url)
            inspector.inspect("home", "/my/home")

        self._inspect(walk, login="ada_portal")

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
