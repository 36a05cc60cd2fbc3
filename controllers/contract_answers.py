"""What pages below a contract's page answer to who may not use them."""

from odoo.http import request

from .contract_common import ContractController


class ContractAnswers(ContractController):
    def _get_contract_refusal(self, order_sudo, access_token, action):
        """Return in words why the visitor may not do something, or None.

        :param order_sudo: a contract that the visitor may see
        :param str access_token: of its link
        :param str action: see `CUSTOMER_ACTIONS`
        :rtype: str | None
        """
        if not self._may_change_contract(order_sudo, access_token):
            return request.env._("You may look at this contract, not change it.")
        return order_sudo._get_customer_obstacle(action)

    def _refuse_contract_request(self, order_sudo, access_token, refusal):
        """Answer a request that is not allowed, with the way back."""
        values = self._get_contract_base_values(order_sudo, access_token)
        return request.render(
            "subscriptions.self_service_refused",
            {**values, "text": refusal},
            status=403,
        )

    def _get_contract_base_values(self, order_sudo, access_token):
        """Return what each page below a contract's page needs.

        :rtype: dict
        """
        return {
            "sale_order": order_sudo,
            "object": order_sudo,
            # Odoo's layout shows the logo of the company that one deals with.
            "res_company": order_sudo.company_id,
            "contract_url": self._get_contract_url(order_sudo, access_token),
            "notice": self._pop_notice(order_sudo),
            "page_name": "subscription_action",
        }
