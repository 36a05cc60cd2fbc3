from odoo import models


class PaymentTransaction(models.Model):
    _inherit = "payment.transaction"

    def _invoice_sale_orders(self):
        """Override of `sale` for databases that invoice paid orders automatically.

        Confirming a contract has billed its first period and linked the payment to that
        invoice; Odoo would bill the next period too, and move the payment there.
        """
        of_contracts = self.filtered(
            lambda tx: any(
                order.subscription_state or order.subscription_kind == "upsell"
                for order in tx.sale_order_ids
            )
        )
        return super(PaymentTransaction, self - of_contracts)._invoice_sale_orders()
