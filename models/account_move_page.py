"""What the customer reads about an invoice on the page of its contract."""

from odoo import models
from odoo.fields import Domain


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_page_rows(self, contract, user):
        """Return what the page of a contract tells of its documents, all at once.

        :param contract: the sale.order, with all rights
        :param user: who looks at the page; the link is enough for the contract's own
            documents, not for one that has other customers' lines
        :return: dicts with move, status (label, colour), is_overdue, is_shared (with
            other contracts), share (the contract's, with taxes), may_be_opened,
            url, pdf_url and payment_url (each None where there is none), by document
        :rtype: dict
        """
        today = contract._get_today()
        orders, shares = self._get_page_orders()
        readable = self.browse()
        if not user._is_public():
            # sudo: off, to ask for the visitor's own right
            own = self.with_user(user).sudo(False)._filtered_access("read")
            readable = self.browse(own.ids)
        family = contract.partner_id.commercial_partner_id
        rows = {}
        for move in self:
            status = move._get_page_status(today)
            customers = orders[move].partner_id.commercial_partner_id
            may_be_opened = move in readable or customers <= family
            is_payable = may_be_opened and move._is_payable_on_page()
            rows[move] = {
                "move": move,
                "status": status,
                "is_overdue": status[1] == "danger",
                "is_shared": len(shares[move]) > 1,
                "share": shares[move].get(contract.id, 0.0),
                "may_be_opened": may_be_opened,
                "payment_url": move._get_payment_link() if is_payable else None,
                **move._get_page_urls(move in readable, may_be_opened),
            }
        return rows

    def _get_page_urls(self, is_readable, may_be_opened):
        """Return where a document is opened: by its link only where it must be.

        :rtype: dict
        """
        self.ensure_one()
        if is_readable:
            pdf_url = f"{self.access_url}?report_type=pdf&download=true"
            return {"url": self.access_url, "pdf_url": pdf_url}
        if may_be_opened and self.state == "posted":
            pdf_url = self.get_portal_url(report_type="pdf", download=True)
            return {"url": self.get_portal_url(), "pdf_url": pdf_url}
        return {"url": None, "pdf_url": None}

    def _get_page_orders(self):
        """Return whose lines documents have, and how much is each contract's.

        :return: orders by document, and amounts with taxes by contract id by document
        :rtype: tuple[dict, dict]
        """
        orders = dict.fromkeys(self, self.env["sale.order"])
        shares = {move: {} for move in self}
        # sudo: the page tells no more of other contracts than that they are there
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                Domain("move_id", "in", self.ids)
                & (
                    Domain("subscription_id", "!=", False)
                    | Domain("sale_line_ids", "!=", False)
                ),
                ["move_id", "subscription_id"],
                ["id:recordset", "price_total:sum"],
            )
        )
        for move, contract, lines, amount in groups:
            move = self.browse(move.id)
            orders[move] |= contract | lines.sale_line_ids.order_id
            if contract:
                shares[move][contract.id] = amount
        return orders, shares

    def _get_page_status(self, today):
        """Return how far the document is settled, for its customer.

        :param date today: where the contract's company is
        :return: (label, Bootstrap's colour)
        :rtype: tuple[str, str]
        """
        self.ensure_one()
        if self.payment_state == "reversed":
            return self.env._("Reversed"), "secondary"
        if self.move_type == "out_refund":
            if self.currency_id.is_zero(self.amount_residual):
                return self.env._("Settled"), "success"
            return self.env._("Credit"), "info"
        if self.payment_state in ("paid", "in_payment") or self.currency_id.is_zero(
            self.amount_residual
        ):
            return self.env._("Paid"), "success"
        if self._get_payments_under_way():
            return self.env._("Being paid"), "info"
        if self.invoice_date_due and self.invoice_date_due < today:
            return self.env._("Overdue"), "danger"
        if self.payment_state == "partial":
            return self.env._("Paid in part"), "warning"
        return self.env._("Open"), "info"

    def _is_payable_on_page(self):
        """Tell whether the page of the contract has a button to pay the invoice.

        Not what is about to be collected, nor what may have been paid.

        :rtype: bool
        """
        self.ensure_one()
        collection = self.collection_ids[:1]
        if collection and collection.state not in ("lost", "cancelled", "paid"):
            return collection._is_to_be_paid()
        return self._has_to_be_paid() and not self._get_payments_under_way()
