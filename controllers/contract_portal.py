"""The customer's contracts: their list, and the page of one."""

from datetime import timedelta

from werkzeug.urls import url_encode

from odoo.exceptions import AccessError, MissingError
from odoo.fields import Datetime, Domain
from odoo.http import request, route

from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.portal.controllers.portal import pager as portal_pager
from odoo.addons.sale.controllers import portal as sale_portal

from ..models.sale_order_contract_page import SHOWN_INVOICES
from ..models.sale_order_self_service import CONTRACT_STATES
from .contract_common import ContractController, without_files

CONTRACTS_PER_PAGE = 20
INVOICES_PER_PAGE = 24
# Whoever comes from a payment reads how it went, for so many minutes.
LANDING_MINUTES = 10


class ContractPortal(ContractController, sale_portal.CustomerPortal):
    # === HOME AND LISTS === #

    def _prepare_home_portal_values(self, counters):
        """Override of `portal`: contracts are counted."""
        values = super()._prepare_home_portal_values(counters)
        if "subscription_count" in counters:
            Order = request.env["sale.order"]
            values["subscription_count"] = (
                Order.search_count(self._prepare_contracts_domain())
                if Order.has_access("read")
                else 0
            )
        return values

    def _prepare_contracts_domain(self):
        """Return the domain of the contracts of whoever is logged in."""
        partner = request.env.user.partner_id
        return Domain(
            "partner_id", "child_of", partner.commercial_partner_id.ids
        ) & Domain("subscription_state", "in", CONTRACT_STATES)

    def _prepare_orders_domain(self, partner):
        """Override of `sale`: contracts have a list of their own."""
        domain = super()._prepare_orders_domain(partner)
        return domain + [("subscription_state", "not in", CONTRACT_STATES)]

    def _get_contract_sortings(self):
        return {
            "date": {
                "label": request.env._("Newest"),
                "order": "start_date desc, id desc",
            },
            "next": {
                "label": request.env._("Next invoice"),
                "order": "billing_date, id",
            },
            "name": {"label": request.env._("Number"), "order": "name, id"},
        }

    @route(
        ["/my/subscriptions", "/my/subscriptions/page/<int:page>"],
        type="http",
        auth="user",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    @without_files
    def portal_my_subscriptions(self, page=1, sortby=None, filterby=None, **_kwargs):
        """List the contracts of whoever is logged in."""
        Order = request.env["sale.order"]
        sortings, filters = self._get_contract_sortings(), Order._get_list_filters()
        # Addresses are typed too: what is unknown is as if it was not there.
        sortby = sortby if sortby in sortings else "date"
        filterby = filterby if filterby in filters else "all"
        domain = self._prepare_contracts_domain() & filters[filterby]["domain"]
        may_read = Order.has_access("read")
        pager = portal_pager(
            url="/my/subscriptions",
            url_args={"sortby": sortby, "filterby": filterby},
            total=Order.search_count(domain) if may_read else 0,
            page=page,
            step=CONTRACTS_PER_PAGE,
        )
        contracts = Order
        if may_read:
            contracts = Order.search(
                domain,
                order=sortings[sortby]["order"],
                limit=CONTRACTS_PER_PAGE,
                offset=pager["offset"],
            )
        request.session["my_subscriptions_history"] = contracts.ids[:100]
        values = self._prepare_portal_layout_values()
        values.update(
            # sudo: these may be read, and what they bill is told with them
            contracts=contracts.sudo(),
            shared_open=contracts.sudo()._filter_shared_open(),
            page_name="subscription",
            pager=pager,
            default_url="/my/subscriptions",
            searchbar_sortings=sortings,
            sortby=sortby,
            searchbar_filters=filters,
            filterby=filterby,
        )
        return request.render("subscriptions.portal_my_subscriptions", values)

    # === THE PAGE === #

    @route(
        "/my/subscriptions/<int:order_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    @without_files
    def portal_subscription_page(
        self, order_id, access_token=None, report_type=None, download=False, **kwargs
    ):
        """Show a contract to who may see it, by its link or as its customer."""
        contract = self._get_contract(order_id, access_token)
        if not contract:
            return request.redirect(
                self._get_quotation_address(order_id, access_token) or "/my"
            )
        if report_type in ("html", "pdf", "text"):
            return self._show_report(
                model=contract,
                report_type=report_type,
                report_ref="sale.action_report_saleorder",
                download=download,
            )
        # Addresses are typed too: what is not asked for stays out.
        values = self._get_page_view_values(
            contract,
            access_token,
            self._get_contract_values(
                contract,
                access_token,
                message=kwargs.get("message"),
                invoices=kwargs.get("invoices"),
            ),
            "my_subscriptions_history",
            False,
            pid=kwargs.get("pid"),
            hash=kwargs.get("hash"),
        )
        return request.render("subscriptions.contract_page", values)

    def _get_contract_values(
        self, contract, access_token=None, message=None, invoices=None
    ):
        """Return what the page of a contract shows. Hook for other addons.

        :param contract: the sale.order, with all rights
        :param str access_token: of its link
        :param str message: what has happened, by Odoo's names
        :param str invoices: which page of all documents; none for the latest
        :rtype: dict
        """

        def contract_url(suffix="", anchor="", **query):
            url = self._get_contract_url(contract, access_token, suffix)
            if query:
                url += f"{'&' if '?' in url else '?'}{url_encode(query)}"
            return url + anchor

        payments = contract._get_payments_to_show()
        may_act = self._may_change_contract(contract, access_token)
        action = contract._get_portal_return_action()
        return {
            "contract": contract,
            "page_name": "subscription",
            "page_state": contract._get_page_state(),
            "contract_url": contract_url,
            "actions": contract._get_customer_actions() if may_act else [],
            "next_invoice": contract._get_next_invoice(),
            "totals": contract._get_totals_apart(),
            "page_lines": contract._get_page_lines(),
            "payments": payments,
            **self._get_document_values(contract, payments, invoices, contract_url),
            "last_tx": self._get_landing_payment(contract),
            "linked_orders": self._get_visible_links(contract, access_token),
            "notice": self._pop_notice(contract),
            "message": message,
            "report_type": "html",
            "backend_url": f"/odoo/action-{action.id}/{contract.id}",
            "res_company": contract.company_id,  # whose logo is shown
        }

    def _get_document_values(self, contract, payments, page, contract_url):
        """Return what the page tells of invoices and credit notes.

        :param contract: the sale.order, with all rights
        :param payments: the collections that the page tells of
        :param str page: of all documents, as it was typed; none for the latest
        :param contract_url: makes addresses of the contract's page
        :rtype: dict
        """
        count = contract._count_page_invoices()
        pager, limit = None, SHOWN_INVOICES
        if page and count > SHOWN_INVOICES:
            limit = INVOICES_PER_PAGE
            page = page if page.isdecimal() and len(page) < 6 else 1
            pager = portal_pager("", total=count, page=page, step=limit)
            links = [one for one in pager.values() if isinstance(one, dict)]
            for link in links + pager["pages"]:
                if link["num"] != "…":
                    link["url"] = contract_url(anchor="#invoices", invoices=link["num"])
        moves = contract._get_page_invoices(limit, pager["offset"] if pager else 0)
        overdue = contract._get_overdue_invoices()
        # All at once: no queries for each.
        together = moves | overdue | payments.move_id
        rows = together._get_page_rows(contract, request.env.user)
        return {
            "move_count": count,
            "pager": pager,
            "documents": [rows[move] for move in moves],
            "overdue": [
                rows[move]
                for move in overdue - payments.move_id
                if rows[move]["is_overdue"] and rows[move]["payment_url"]
            ],
            "payment_urls": {
                payment.id: payment._get_payment_link()
                for payment in payments
                if payment._is_to_be_paid() and rows[payment.move_id]["may_be_opened"]
            },
            "is_open_shared": bool(contract._filter_shared_open()),
        }

    def _get_landing_payment(self, contract):
        """Return the payment that the page begins with: pending, or just made here.

        :return: the transaction, with all rights; empty for none
        :rtype: payment.transaction
        """
        tx_sudo = contract.get_portal_last_transaction()
        if tx_sudo.state in ("pending", "authorized"):
            return tx_sudo
        monitored = request.session.get(PaymentPostProcessing.MONITORED_TX_ID_KEY)
        since = Datetime.now() - timedelta(minutes=LANDING_MINUTES)
        changed = tx_sudo.last_state_change
        if tx_sudo.id != monitored or not changed or changed < since:
            return tx_sudo.browse()
        invoice = tx_sudo.invoice_ids
        if tx_sudo.state == "done" and len(invoice) == 1 and invoice.state == "posted":
            return tx_sudo.browse()  # the list of invoices says so
        return tx_sudo

    def _get_visible_links(self, contract, access_token):
        """Return the linked orders that the visitor may see, and how.

        A token opens an order to everybody who has it. So the page hands out those
        that the contract's link stands for alone: its renewal that waits to be
        accepted, and what its customer began here. All others are opened by who may
        read them, logged in.

        :return: dicts with order, role and url
        :rtype: list[dict]
        """
        user = request.env.user
        result = []
        for order, role in contract._get_linked_orders():
            # sudo: off, to ask for the visitor's own right
            if not user._is_public() and order.with_user(user).sudo(False).has_access(
                "read"
            ):
                url = order.access_url
            elif self._has_link(contract, access_token) and (
                role == "renewal" or (role == "upsell" and order.is_self_service)
            ):
                url = order.get_portal_url()
            else:
                continue
            result.append({"order": order, "role": role, "url": url})
        return result

    # === FROM AND TO THE PAGE OF THE ORDER === #

    def _get_quotation_address(self, order_id, access_token):
        """Return where an order that is no contract is shown, None where it may not.

        :rtype: str | None
        """
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token
            )
        except (AccessError, MissingError):
            return None
        query = self._get_query()
        return order_sudo.access_url + (f"?{query}" if query else "")

    def _get_query(self, without=()):
        """Return the query of the request, for the page it is led to."""
        query = {
            name: value
            for name, value in request.httprequest.args.items()
            if name not in without
        }
        return url_encode(query)

    @route()
    @without_files
    def portal_order_page(self, order_id, report_type=None, access_token=None, **kw):
        """Override of `sale`: a contract has a page of its own, its PDF stays here."""
        method = request.httprequest.method
        if method in ("GET", "HEAD") and report_type not in ("html", "pdf", "text"):
            address = self._get_contract_address(order_id, access_token)
            if address:
                return request.redirect(address)
        return super().portal_order_page(
            order_id, report_type=report_type, access_token=access_token, **kw
        )

    def _get_contract_address(self, order_id, access_token):
        """Return the page of the contract that an order is, or has joined.

        :return: None where the order has its own page
        :rtype: str | None
        """
        try:
            order_sudo = self._document_check_access(
                "sale.order", order_id, access_token
            )
        except (AccessError, MissingError):
            return None
        if order_sudo._is_shown_as_contract():
            query = self._get_query()
            return order_sudo.access_url + (f"?{query}" if query else "")
        contract = order_sudo.parent_order_id
        if (
            order_sudo.is_self_service
            and order_sudo.state == "sale"
            and contract._is_shown_as_contract()
        ):
            query = self._get_query(without=("access_token",))
            if self._has_link(order_sudo, access_token):
                # Only the page of the contract hands out the link of what is begun
                # there: whoever has it, has that of the contract.
                return contract.get_portal_url(query_string=f"&{query}")
            return contract.access_url + (f"?{query}" if query else "")
        return None
