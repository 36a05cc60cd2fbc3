import base64
import os
import pathlib
from contextlib import suppress

from .portal_tour_common import READY

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
# Its script comes late; a page that is left meanwhile complains.
CHATTER = (
    "!document.querySelector('.o_portal_chatter') "
    "|| odoo.portalChatterReady.then(() => true)"
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
    """Looks at pages and collects what is wrong with them."""

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
            self.wait(CHATTER, name)
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
