from odoo import api, models


class PaymentToken(models.Model):
    _inherit = "payment.token"

    @api.depends("payment_method_id.name")
    @api.depends_context("subscription_method_name")
    def _compute_display_name(self):
        """Override of `payment`: where several are offered, say what they are."""
        super()._compute_display_name()
        if self.env.context.get("subscription_method_name"):
            for token in self:
                token.display_name = (
                    f"{token.payment_method_id.name} {token.display_name}"
                )

    def unlink(self):
        """Override of `payment`: contracts lose the method, and say so."""
        self.check_access("unlink")
        for token in self:
            token._leave_contracts(
                self.env._(
                    "The payment method %s was deleted.", token._get_contract_name()
                )
            )
        return super().unlink()

    def _handle_archiving(self):
        """Override of `payment`: contracts lose the method, and say so."""
        for token in self:
            token._leave_contracts(
                self.env._(
                    "The payment method %s was archived.", token._get_contract_name()
                )
            )
        return super()._handle_archiving()

    def _leave_contracts(self, reason):
        """Take the method off all orders that are paid with it.

        :param str reason: why, for the chatter
        """
        # sudo: whoever may remove a method need not see all contracts paid with it
        orders = (
            self.env["sale.order"].sudo().search([("payment_token_id", "in", self.ids)])
        )
        if orders:
            orders._remove_payment_token(reason)

    def get_linked_records_info(self):
        """Override of `payment`: name the running contracts paid with the method."""
        info = super().get_linked_records_info()
        partner = self.env.user.partner_id
        # sudo: to see whose it is. Customers manage the methods of their company too,
        # though the rule lets them read only their own.
        owner = self.sudo().partner_id
        if owner not in partner | partner.commercial_partner_id:
            self.check_access("read")
        # sudo: a contract of one's company, shown by its name alone
        contracts = (
            self.env["sale.order"]
            .sudo()
            .search(
                [
                    ("payment_token_id", "=", self.id),
                    ("subscription_state", "in", ("progress", "paused")),
                ]
            )
        )
        return info + [
            {
                "description": self.env._("Contract"),
                "id": contract.id,
                "name": contract.name,
                "url": contract.access_url,
            }
            for contract in contracts
        ]

    def _get_contract_name(self):
        """Return what salespeople and customers call the method: Visa •••• 1234.

        :rtype: str
        """
        self.ensure_one()
        return self.with_context(subscription_method_name=True).display_name
