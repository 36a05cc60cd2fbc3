KEYS = {
    "Tab": {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
    "Enter": {
        "key": "Enter",
        "code": "Enter",
        "windowsVirtualKeyCode": 13,
        "text": "\r",
    },
    "Space": {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "},
}
MANY = 80


class Keyboard:
    """Presses keys of the browser itself: it, and no script, moves the focus."""

    def __init__(self, browser):
        self.browser = browser

    def press(self, name):
        for kind in ("keyDown", "keyUp"):
            self.browser._websocket_request(
                "Input.dispatchKeyEvent", params={"type": kind, **KEYS[name]}
            )

    def evaluate(self, expression):
        answer = self.browser._websocket_request(
            "Runtime.evaluate", params={"expression": expression}
        )
        return answer["result"].get("value")

    def wait_for(self, selector, text=""):
        """Wait until something is on the page, and says something."""
        script = (
            "document.body.getAttribute('is-ready') === 'true' && "
            f"[...document.querySelectorAll({selector!r})].some("
            f"one => one.innerText.includes({text!r}))"
        )
        if not self.browser._wait_ready(script, timeout=20):
            raise AssertionError(f"{selector} does not say {text!r}")

    def tab_to(self, selector):
        """Press the tabulator until something has the focus, visibly."""
        for _number in range(MANY):
            if self.evaluate(f"document.activeElement.matches({selector!r})"):
                break
            self.press("Tab")
        else:
            raise AssertionError(f"The tabulator does not lead to {selector}")
        if not self.evaluate(
            "(style => style.boxShadow !== 'none' || style.outlineStyle !== 'none')"
            "(getComputedStyle(document.activeElement))"
        ):
            raise AssertionError(f"{selector} does not show that it has the focus")
