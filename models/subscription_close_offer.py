from odoo import api, fields, models


class SubscriptionCloseOffer(models.Model):
    """An offer that a customer who wanted to leave was shown, and what came of it."""

    _name = "subscription.close.offer"
    _description = "Offer to Stay"
    _order = "shown_date desc, id desc"
    _check_company_auto = True

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    partner_id = fields.Many2one(
        related="order_id.partner_id", string="Customer", store=True
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, index=True, precompute=True
    )
    plan_id = fields.Many2one(
        comodel_name="subscription.plan",
        readonly=True,
        help="The plan of the contract when the offer was shown.",
    )
    reason_id = fields.Many2one(
        comodel_name="subscription.close.reason",
        string="Close Reason",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="Why the customer wanted to leave.",
    )
    kind = fields.Selection(
        selection="_get_kinds", string="Offer", required=True, readonly=True
    )
    state = fields.Selection(
        selection=[
            ("shown", "Shown"),
            ("taken", "Taken"),
            ("declined", "Declined"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="shown",
        index=True,
        help="Shown: the customer left the page without ending the contract.",
    )
    shown_date = fields.Date(string="Shown On", required=True, readonly=True)
    taken_date = fields.Date(string="Taken On", readonly=True)
    order_state = fields.Selection(
        related="order_id.subscription_state", string="Contract Is", store=True
    )
    is_churned = fields.Boolean(
        string="Later Churned",
        compute="_compute_is_churned",
        store=True,
        help="The contract has ended since.",
    )
    change_ids = fields.One2many(
        comodel_name="subscription.change",
        inverse_name="close_offer_id",
        string="Changes",
        readonly=True,
    )

    @api.model
    def _get_kinds(self):
        return self.env["subscription.close.reason"]._fields["offer_kind"].selection

    @api.depends("order_id.subscription_state")
    def _compute_is_churned(self):
        for offer in self:
            offer.is_churned = offer.order_id.subscription_state == "churned"

    @api.depends("kind", "shown_date")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for offer in self:
            offer.display_name = f"{offer.order_id.name}: {kinds.get(offer.kind)}"

    @api.model
    def _show(self, order, reason):
        """Note that a customer was shown the offer of a reason.

        :param order: the contract
        :param reason: the subscription.close.reason
        :rtype: subscription.close.offer
        """
        return self.create(
            {
                "order_id": order.id,
                "plan_id": order.plan_id.id,
                "reason_id": reason.id,
                "kind": reason.offer_kind,
                "shown_date": order._get_today(),
            }
        )


class SubscriptionChange(models.Model):
    _inherit = "subscription.change"

    def _get_overtaken(self):
        """Override: a discount to stay belongs to the plan it was given for."""
        overtaken = super()._get_overtaken()
        if self.kind == "plan":
            planned = self.order_id.sudo().scheduled_change_ids  # sudo: see the parent
            overtaken |= planned.filtered(
                lambda change: change.close_offer_id
                and change.kind == "price"
                and change.date >= self.date
            )
        return overtaken

    def _keeps_typed(self):
        """Override: an offer to stay changes the discount alone."""
        return super()._keeps_typed() or bool(
            self.close_offer_id and self.kind == "price"
        )


class SubscriptionChangeLine(models.Model):
    _inherit = "subscription.change.line"

    def _keep_typed(self, names):
        """Override: the discount of an offer to stay is that of the offer."""
        if self.change_id.close_offer_id and self.change_id.kind == "price":
            if "price_unit" in names:
                self.price_after = self.order_line_id.price_unit
            return
        super()._keep_typed(names)

    def _write_price(self):
        """Override: an offer to stay is about the discount; typed prices stay."""
        if self.change_id.close_offer_id and self.change_id.kind == "price":
            self.price_after = self.order_line_id.price_unit
        return super()._write_price()
