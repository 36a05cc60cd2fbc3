"""What the pages of contracts have in common: who may open one, and who may act."""

from functools import wraps

from werkzeug.datastructures import FileStorage

from odoo.exceptions import AccessError, MissingError
from odoo.http import request
from odoo.tools import consteq

from odoo.addons.portal.controllers.portal import CustomerPortal

NOTICE = "subscription_notice"  # in the session


def without_files(endpoint):
    """Let a route have no files: whatever a page asks for is text.

    Anybody can send a file as any field. It is as if it was not there.
    """

    @wraps(endpoint)
    def wrapper(self, *args, **params):
        texts = {
            name: value
            for name, value in params.items()
            if not isinstance(value, FileStorage)
        }
        return endpoint(self, *args, **texts)

    return wrapper


class ContractController(CustomerPortal):
    def _document_check_access(self, model_name, document_id, access_token=None):
        """Override of `portal`: what Odoo cannot compare is no token."""
        return super()._document_check_access(
            model_name, document_id, self._get_token(access_token)
        )

    def _get_token(self, access_token):
        """Return a token as it may be compared, None for what is none.

        :param access_token: as the request has it
        :rtype: str | None
        """
        is_token = isinstance(access_token, str) and access_token.isascii()
        return access_token if is_token else None

    def _get_contract(self, order_id, access_token=None):
        """Return a contract that the visitor may see, by its link or as its customer.

        :param int order_id: the contract
        :param str access_token: of its link
        :return: with all rights, in the visitor's language; empty where it may not be
            seen, or is no contract
        :rtype: sale.order
        """
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
        token = self._get_token(access_token)
        return bool(
            token
            and order_sudo.access_token
            and consteq(order_sudo.access_token, token)
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
