from odoo import api, fields, models
from odoo.fields import Command, Domain


class SubscriptionChangePlan(models.TransientModel):
    """Ask which plan contracts are to have, from when on and at which prices."""

    _name = "subscription.change.plan"
    _inherit = ["subscription.change.wizard"]
    _description = "Change Plan"

    plan_id = fields.Many2one(
        comodel_name="subscription.plan",
        string="New Plan",
        required=True,
        domain="[('id', 'in', available_plan_ids)]",
    )
    available_plan_ids = fields.Many2many(
        comodel_name="subscription.plan", compute="_compute_available_plan_ids"
    )
    present_plan_id = fields.Many2one(related="order_id.plan_id", string="Present Plan")
    line_ids = fields.One2many(
        comodel_name="subscription.change.plan.line",
        inverse_name="wizard_id",
        string="Prices",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.depends("order_ids")
    def _compute_available_plan_ids(self):
        Plan = self.env["subscription.plan"]
        for wizard in self:
            orders = wizard.order_ids._origin
            companies = orders.company_id.parent_ids
            domain = Domain("company_id", "=", False) | Domain(
                "company_id", "in", companies.ids
            )
            if wizard.order_id:
                domain &= Domain("id", "!=", wizard.order_id.plan_id.id)
            wizard.available_plan_ids = Plan.search(domain)

    @api.depends("order_ids", "plan_id", "day")
    def _compute_line_ids(self):
        for wizard in self:
            order, plan = wizard.order_id._origin, wizard.plan_id._origin
            commands = [Command.clear()]
            if order and plan:
                day = wizard.day or order._get_today()
                commands += [
                    Command.create(self._prepare_line(line, plan, day))
                    for line in order.order_line
                    if line.is_recurring and line.product_type != "combo"
                ]
            wizard.line_ids = commands

    @api.model
    def _prepare_line(self, line, plan, day):
        after, discount = line._get_switched_price(plan, day)
        before, discount_before = line._get_price_on(day)
        return {
            "order_line_id": line.id,
            "price_before": before,
            "discount_before": discount_before,
            "discount": discount,
            "price_proposed": after,
            "price": after,
            "is_typed": not line._has_looked_up_price(),
        }

    def _get_effect_fields(self):
        return ["plan_id", "line_ids.price"]

    def _get_prices(self, order):
        """Return the prices a person typed here, by line.

        All others are looked up again when the change is made.

        :rtype: dict
        """
        return {
            line.order_line_id._origin: line.price
            for line in self.line_ids
            if line.order_line_id.order_id._origin == order
            and line.price != line.price_proposed
        }

    def _get_day(self, order):
        """Override: a trial is not cut short, the new plan begins after it."""
        day = super()._get_day(order)
        return day and max(day, order._get_first_owed_day())

    def _suppose_change(self, order, day):
        plan = self.plan_id._origin
        if not plan:
            return None
        order._check_new_plan(plan, day)
        values = order._prepare_repricing(plan, day, self._get_prices(order))
        return order._suppose_change(
            "plan",
            day,
            plan_before_id=order.plan_id.id,
            plan_id=plan.id,
            line_ids=[Command.create(line) for line in values],
        )

    def _change(self, order, at):
        prices = self._get_prices(order)
        order._change_plan(self.plan_id, at, prices, self.reason or None)


class SubscriptionChangePlanLine(models.TransientModel):
    """What one line is to cost with the new plan."""

    _name = "subscription.change.plan.line"
    _description = "Change Plan: Price"

    wizard_id = fields.Many2one(
        comodel_name="subscription.change.plan", required=True, ondelete="cascade"
    )
    order_line_id = fields.Many2one(
        comodel_name="sale.order.line",
        string="Line",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    product_id = fields.Many2one(related="order_line_id.product_id")
    price_before = fields.Float(
        string="Present Price", min_display_digits="Product Price", readonly=True
    )
    discount_before = fields.Float(digits="Discount", readonly=True)
    price_proposed = fields.Float(
        min_display_digits="Product Price",
        readonly=True,
        help="By the rules of the plan, or typed before.",
    )
    price = fields.Float(string="New Price", min_display_digits="Product Price")
    discount = fields.Float(string="Disc.%", digits="Discount", readonly=True)
    is_typed = fields.Boolean(
        readonly=True, help="A person typed the present price: it is kept."
    )
    note = fields.Char(string="Price Is", compute="_compute_note")

    @api.depends("price", "price_proposed", "is_typed")
    def _compute_note(self):
        for line in self:
            if line.price != line.price_proposed:
                line.note = self.env._("Typed")
            elif line.is_typed:
                line.note = self.env._("Typed, kept")
            else:
                line.note = self.env._("From the plan")
