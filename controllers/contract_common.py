"""What the pages of contracts have in common: who may open one, and who may act."""

from odoo.exceptions import AccessError, MissingError
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.portal.controllers.portal import CustomerPortal

NOTICE = "subscription_notice"  # in the session


class ContractController(CustomerPortal):
    def _get_contract(self, order_id, access_token=None):
        """Return a contract that the visitor may see, by its link or as its customer.

        :param int order_id: the contract
        :param str access_token: of its link
        :return: with all rights, in the visitor's language; empty where it may not be
            seen, or is no contract
        :rtype: sale.order
        """
        if access_token and not access_token.isascii():
            access_token = None  # Odoo compares no other
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token
            )
        except (AccessError, MissingError):
            return request.env["sale.order"]
        if not order_sudo._is_shown_as_contract():
            return request.env["sale.order"]
        # Customers know their products by name.
        return order_sudo.with_context(display_default_code=False)

    def _may_change_contract(self, order_sudo, access_token=None):
        """Tell whether the visitor may change a contract that they may see.

        Customers may what the plan allows. Who reads it as a colleague changes it in
        the back end, or has the right to.

        :param order_sudo: the contract
        :param str access_token: of its link
        :rtype: bool
        """
        user = request.env.user
        if not user.share and not user._is_public():
            # sudo: off, to ask for the visitor's own right
            return order_sudo.with_user(user).sudo(False).has_access("write")
        return self._has_link(order_sudo, access_token) or not user._is_public()

    def _has_link(self, order_sudo, access_token):
        return bool(
            access_token
            and access_token.isascii()
            and order_sudo.access_token
            and consteq(order_sudo.access_token, access_token)
        )

    def _get_acting_partner(self, order_sudo):
        """Return who acts: whoever is logged in, else the contract's customer."""
        if request.env.user._is_public():
            return order_sudo.partner_id
        return request.env.user.partner_id

    def _get_contract_url(self, order_sudo, access_token=None, suffix=""):
        """Return the address of a page of a contract.

        Who came by the link goes on by it; who is logged in needs none.

        :param order_sudo: the contract
        :param str access_token: as the visitor gave it
        :param str suffix: of the page, such as ``/close``
        :rtype: str
        """
        if self._has_link(order_sudo, access_token):
            return order_sudo.get_portal_url(suffix=suffix)
        return f"{order_sudo.access_url}{suffix}"

    def _tell_on_contract(self, order_sudo, text, kind="success"):
        """Let the next page of the contract begin with a notice.

        :param order_sudo: the contract
        :param str text: plain text
        :param str kind: success, info, warning or danger
        """
        request.session[NOTICE] = {
            "order_id": order_sudo.id,
            "text": str(text),
            "kind": kind,
        }

    def _pop_notice(self, order_sudo):
        """Return the notice for a page of the contract, once.

        :return: dict with text and kind, or None
        """
        notice = request.session.get(NOTICE)
        if not notice or notice.get("order_id") != order_sudo.id:
            return None
        request.session.pop(NOTICE)
        return notice
