"""The pages on which customers change, pause, renew and end their contract.

One page for each action: it asks for what is needed, shows what it comes to, and a POST
does it. Nothing else does: a GET, and a POST with ``preview``, only show. (The latter
notes which offer to stay was shown.)
"""

from odoo.exceptions import UserError
from odoo.http import request, route

from ..models.subscription_billing_change import BooksObstacle
from ..models.subscription_self_service import NothingToDo
from .contract_answers import ContractAnswers

UNPROCESSABLE = 422
ACTIONS = "change,plan,revoke_change,renew,pause,resume,close,revoke_close"


class SelfService(ContractAnswers):
    @route(
        f"/my/subscriptions/<int:order_id>/<any({ACTIONS}):action>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        website=True,
        sitemap=False,
    )
    def contract_action(self, order_id, action, access_token=None, **params):
        """Show what an action comes to, or do it.

        :param int order_id: the contract
        :param str action: see `CUSTOMER_ACTIONS`
        :param str access_token: of the contract's link, for who is not logged in
        :param params: what was typed; with ``preview``, nothing is done
        """
        order_sudo = self._get_contract(order_id, access_token)
        if not order_sudo:
            return request.redirect("/my")
        # No page has a file to send.
        params = {name: text for name, text in params.items() if isinstance(text, str)}
        does = request.httprequest.method == "POST" and "preview" not in params
        obstacle = self._get_contract_refusal(order_sudo, access_token, action)
        if obstacle and does and order_sudo._is_customer_action_done(action):
            # Clicked twice: that is no error.
            return self._lead_back_to_contract(order_sudo, obstacle, access_token)
        if obstacle:
            return self._refuse_contract_request(order_sudo, access_token, obstacle)
        error = None
        if does:
            try:
                return self._perform_contract_action(
                    order_sudo, action, params, access_token
                )
            except NothingToDo as refusal:
                return self._lead_back_to_contract(
                    order_sudo, str(refusal), access_token
                )
            except BooksObstacle as refusal:
                error = self._tell_books_obstacle(order_sudo, refusal)
            except UserError as refusal:
                error = str(refusal)
            params.pop("take_offer", None)  # the page shows what there was before
        return self._show_contract_action(
            order_sudo, action, params, access_token, error
        )

    def _lead_back_to_contract(self, order_sudo, text, access_token):
        self._tell_on_contract(order_sudo, text, "info")
        return request.redirect(self._get_contract_url(order_sudo, access_token))

    def _tell_books_obstacle(self, order_sudo, refusal):
        """Tell the salesperson why the books refuse, and the customer that they do."""
        partner = self._get_acting_partner(order_sudo)
        order_sudo._note_customer_action(
            partner,
            [request.env._("The customer was refused a change: %s", str(refusal))],
        )
        return request.env._(
            "We cannot do this at the moment, and were told. Please try again later, "
            "or write to us."
        )

    def _perform_contract_action(self, order_sudo, action, params, access_token):
        """Do what was asked for, all of it or nothing, and lead on."""
        service = order_sudo.env["subscription.self.service"]
        partner = self._get_acting_partner(order_sudo)
        with request.env.cr.savepoint():
            outcome = service._perform(order_sudo, action, params, partner)
        if outcome.text:
            self._tell_on_contract(order_sudo, outcome.text)
        return request.redirect(
            outcome.url or self._get_contract_url(order_sudo, access_token)
        )

    def _show_contract_action(
        self, order_sudo, action, params, access_token, error=None
    ):
        """Render the page of an action, with what was typed."""
        service = order_sudo.env["subscription.self.service"]
        effect = None
        try:
            effect = service._preview(order_sudo, action, params)
        except UserError as refusal:
            error = error or str(refusal)
        if action == "close" and effect and request.httprequest.method == "POST":
            self._note_offer_shown(order_sudo, params)
        values = {
            **self._get_contract_base_values(order_sudo, access_token),
            "action": action,
            "params": params,
            "effect": effect,
            "error": error,
            "form_url": self._get_contract_url(order_sudo, access_token, f"/{action}"),
            **self._get_contract_action_values(order_sudo, action, params),
        }
        response = request.render(f"subscriptions.self_service_{action}", values)
        if error and request.httprequest.method == "POST":
            response.status_code = UNPROCESSABLE
        return response

    def _note_offer_shown(self, order_sudo, params):
        if request.env.user._is_internal():
            return  # a colleague looks at it
        service = order_sudo.env["subscription.self.service"]
        values = service._read_close(order_sudo, params)
        if values.get("offer"):
            order_sudo._note_offer(values["offer"], "shown")

    def _get_contract_action_values(self, order_sudo, action, params):
        """Return what the page of one action needs besides.

        Hook for other addons.

        :rtype: dict
        """
        service = order_sudo.env["subscription.self.service"]
        if action == "plan":
            return {"offers": self._get_plan_offers(order_sudo)}
        if action == "close":
            reason_id = service._read_id(params.get("reason_id"))
            reason = order_sudo._get_customer_close_reasons().filtered(
                lambda reason: reason.id == reason_id
            )
            offer = order_sudo._get_retention_offer(reason) if reason else reason
            return {
                "reasons": order_sudo._get_customer_close_reasons(),
                "reason": reason,
                "offer": offer,
                "offer_effect": service._preview_offer(order_sudo, offer)
                if offer
                else None,
                "earliest": order_sudo._get_earliest_close_date(),
                "default_date": order_sudo._get_customer_close_date(),
            }
        return {}

    def _get_plan_offers(self, order_sudo):
        """Return each plan to switch to, with what it comes to, or why it cannot be.

        :return: list of (plan, effect, obstacle)
        """
        service = order_sudo.env["subscription.self.service"]
        offers = []
        for plan in order_sudo._get_customer_plans():
            try:
                effect = service._preview_plan(order_sudo, {"plan": plan})
                offers.append((plan, effect, None))
            except UserError as obstacle:
                offers.append((plan, None, str(obstacle)))
        return offers
