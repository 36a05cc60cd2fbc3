"""Where the fake provider's notifications arrive: a route as the addons of providers
have one. Not imported by the package: a route is there for the whole process."""

import hmac

from werkzeug.exceptions import Forbidden

from odoo import http
from odoo.http import request

from .addon import CODE
from .notifications import sign

URL = "/payment/fake/webhook"


class FakeProviderController(http.Controller):
    @http.route(
        URL,
        type="http",
        auth="public",
        methods=["POST"],
        csrf=False,
        save_session=False,
    )
    def webhook(self):
        """Process a notification, if it is signed by the provider."""
        body = request.httprequest.get_data(as_text=True)
        self._check_signature(body)
        data = request.get_json_data()
        # sudo: the provider is nobody here, and has signed
        tx_sudo = request.env["payment.transaction"].sudo()
        tx_sudo = tx_sudo._search_by_reference(CODE, data)
        if tx_sudo:
            tx_sudo._process(CODE, data)
        return request.make_json_response("")

    def _check_signature(self, body):
        signature = request.httprequest.headers.get("X-Signature", "")
        if not hmac.compare_digest(signature, sign(body)):
            raise Forbidden()
