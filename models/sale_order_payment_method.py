"""The saved payment method of a contract: whose it may be, how it comes and goes."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

# Who pays may change with these, and the method of the one before pays for nobody else.
PAYER_FIELDS = {"partner_id", "partner_invoice_id", "company_id"}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    payment_token_id = fields.Many2one(
        comodel_name="payment.token",
        string="Saved Payment Method",
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="What the invoices of the contract are collected with.",
    )
    payment_method_name = fields.Char(
        string="Pays With",
        compute="_compute_payment_method_name",
        # sudo: whoever sees the contract sees what it is paid with, as customers do who
        # have no right to orders, or accountants without one to methods
        compute_sudo=True,
    )

    # === COMPUTE METHODS === #

    @api.depends("payment_token_id")
    def _compute_payment_method_name(self):
        for order in self:
            token = order.payment_token_id
            order.payment_method_name = token._get_contract_name() if token else False

    # === CONSTRAINT METHODS === #

    @api.constrains("payment_token_id")
    def _check_payment_token(self):
        for order in self:
            token = order.sudo().payment_token_id  # sudo: to refuse what none may read
            obstacle = token and order._get_payment_token_obstacle(token)
            if obstacle:
                raise ValidationError(obstacle)

    # === CRUD METHODS === #

    def write(self, vals):
        """Override of `sale`: a contract is told when its payment method changes."""
        if "payment_token_id" not in vals:
            result = super().write(vals)
            if PAYER_FIELDS & vals.keys():
                self._drop_payment_token_of_others()
            return result
        # sudo: whoever may change the contract need not read its customer's methods
        methods = {order: order.payment_token_id for order in self.sudo()}
        result = super().write(vals)
        changed = self.filtered(
            lambda order: order._is_live_contract()
            and order.sudo().payment_token_id != methods[order]
        )
        if changed:
            changed._on_payment_method_changed()
        return result

    def _drop_payment_token_of_others(self):
        """Take a method off orders whose customer or company it fits no more."""
        for order in self.sudo().filtered("payment_token_id"):  # sudo: see `write`
            obstacle = order._get_payment_token_obstacle(order.payment_token_id)
            if obstacle:
                order._remove_payment_token(obstacle)

    def _remove_payment_token(self, reason):
        """Leave orders without a payment method.

        :param str reason: why, for the chatter
        """
        # The chatter tells the reason, and the method may be gone when changes are
        # tracked.
        self.with_context(tracking_disable=True).write({"payment_token_id": False})
        for order in self:
            lines = [reason]
            if order._is_live_contract():
                lines.append(
                    self.env._(
                        "The contract has no payment method now: its invoices are sent "
                        "with a link to pay them."
                    )
                )
            order.message_post(body=" ".join(lines))

    # === ACTION METHODS === #

    def action_choose_payment_method(self):
        """Ask which of the customer's saved methods the contract is to be paid with.

        :raise AccessError: for who may not change the contract
        """
        self.ensure_one()
        self.check_access("write")
        wizard = self.env["subscription.payment.method"].create(
            # sudo: who may change the contract need not read its customer's methods
            {"order_id": self.id, "payment_token_id": self.sudo().payment_token_id.id}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Payment Method"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
            "context": {"subscription_method_name": True},
        }

    # === HELPERS === #

    def _saves_payment_method(self):
        """Tell whether paying the order online saves the method it is paid with.

        Upsells are collected with the method of their contract.

        :rtype: bool
        """
        self.ensure_one()
        return self.is_subscription and self.subscription_kind in ("new", "renewal")

    def _get_payment_token_obstacle(self, token):
        """Return in a clerk's words why the order cannot be paid by a method, or None.

        Hook for other addons.

        :param token: the payment.token, with the right to read it
        :rtype: str | None
        """
        self.ensure_one()
        # sudo: whoever changes the contract need not read its company or contacts
        order = self.sudo()
        payer = token.exists().partner_id.commercial_partner_id
        if not payer or payer not in order._get_payers():
            # One answer to both: whoever tries numbers learns nothing of the methods.
            return self.env._(
                "This payment method is not one of %s.",
                order.partner_invoice_id.commercial_partner_id.display_name,
            )
        if not token.active:
            return self.env._(
                "The payment method %s is archived. Choose another.",
                token._get_contract_name(),
            )
        if token.company_id not in order.company_id.parent_ids:
            return self.env._(
                "This payment method was saved for another company than %s.",
                order.company_id.name,
            )
        return None

    def _get_payers(self):
        """Return the customers whose methods the order may be paid with.

        :rtype: res.partner
        """
        self.ensure_one()
        return (self.partner_id | self.partner_invoice_id).commercial_partner_id

    def _get_saved_payment_tokens(self):
        """Return the methods the customer has saved and the order accepts.

        :return: with the right to read them
        :rtype: payment.token
        """
        self.ensure_one()
        # sudo: callers have asked for the right to change the contract
        order = self.sudo()
        tokens = order.env["payment.token"].search(
            [("partner_id.commercial_partner_id", "in", order._get_payers().ids)]
        )
        return tokens.filtered(
            lambda token: not order._get_payment_token_obstacle(token)
        )

    def _on_payment_method_changed(self):
        """Let what is open be tried with the method that was chosen, or without one.

        Called once for all of a write, after it, with the running contracts that got,
        changed or lost their payment method.
        """
        self.env["subscription.collector"]._restart(self)

    def _is_payment_method_failing(self):
        """Tell whether the method of the contract has failed to pay its last invoice.

        If so, a method that the customer saves by paying with it takes its place.

        :rtype: bool
        """
        self.ensure_one()
        return self.hold == "payment_declined"

    # === RENEWAL === #

    def _take_over_payment_method(self, contract):
        """Let a renewal be paid as its contract was, unless it was paid otherwise.

        :param contract: the contract that is renewed
        """
        self.ensure_one()
        # sudo: whoever confirms the renewal need not read its customer's methods
        order = self.sudo()
        token = contract.sudo().payment_token_id
        if (
            token
            and not order.payment_token_id
            and not order._get_payment_token_obstacle(token)
        ):
            order.payment_token_id = token
