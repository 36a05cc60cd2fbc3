"""What the customer reads about an invoice on the page of its contract."""

from odoo import models


class AccountMove(models.Model):
    _inherit = "account.move"

    def _get_page_status(self):
        """Return how far the document is settled, for its customer.

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
        if self.invoice_date_due and self.invoice_date_due < self._get_page_today():
            return self.env._("Overdue"), "danger"
        if self.payment_state == "partial":
            return self.env._("Paid in part"), "warning"
        return self.env._("Open"), "info"

    def _get_page_today(self):
        contract = self.subscription_ids[:1] or self.env["sale.order"]
        return contract.with_company(self.company_id)._get_today()

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
