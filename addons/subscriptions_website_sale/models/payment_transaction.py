from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _check_amount_and_confirm_order(self):
        """Override of `sale`: a person is told of a cart that is paid in vain.

        Its price has changed since the customer was asked for the payment.
        """
        carts = {tx: tx._get_contract_quotation() for tx in self}
        confirmed = super()._check_amount_and_confirm_order()
        for tx, cart in carts.items():
            if (
                cart.website_id
                and cart not in confirmed
                and tx.state == "done"
                and cart.state != "sale"
                and not cart._is_confirmation_amount_reached()
            ):
                cart._tell_paid_in_vain(
                    tx,
                    self.env._(
                        "%(paid)s was paid, and %(due)s is due.",
                        paid=tx.currency_id.format(cart.amount_paid),
                        due=cart.currency_id.format(cart._get_amount_due_now()),
                    ),
                )
        return confirmed
