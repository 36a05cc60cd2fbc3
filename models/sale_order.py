"""The contract: its fields, its states, and what orders must not do.

How it is billed stands in ``sale_order_billing.py``.
"""

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_date

from ..engine import lifecycle, recurrence

# Written by the methods that check what may follow what, never by a form or over RPC.
KEPT_FIELDS = {
    "accepted_amount",
    "anchor_date",
    "billing_date",
    "catch_up_until",
    "close_date",
    "close_offer_ids",
    "close_reason_id",
    "close_remark",
    "close_with_credit",
    "event_snapshot",
    "last_event_date",
    "mrr_rate",
    "is_closed_online",
    "is_self_service",
    "parent_order_id",
    "planned_end_date",
    "held_since",
    "hold",
    "hold_cause_id",
    "hold_reason",
    "arr",
    "in_trial",
    "is_subscription",
    "last_period_id",
    "mrr",
    "next_invoice_date",
    "paid_until",
    "rating_count",
    "recurring_total",
    "reductions",
    "renewal_proposed_date",
    "resume_date",
    "root_order_id",
    "satisfaction",
    "stage_state",
    "subscription_kind",
    "subscription_state",
    "trial_end_date",
    "unusual_amount",
}


class SaleOrder(models.Model):
    _inherit = "sale.order"

    plan_id = fields.Many2one(
        comodel_name="subscription.plan",
        string="Recurring Plan",
        compute="_compute_plan_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        check_company=True,
        tracking=True,
        domain="['|', ('company_id', '=', False), "
        "('company_id', 'parent_of', company_id)]",
    )
    is_subscription = fields.Boolean(
        string="Subscription", compute="_compute_is_subscription", store=True
    )
    subscription_kind = fields.Selection(
        selection=[("new", "New"), ("renewal", "Renewal"), ("upsell", "Upsell")],
        compute="_compute_subscription_kind",
        store=True,
        readonly=False,
        copy=False,
    )
    subscription_state = fields.Selection(
        # Empty on orders that are no contract: plain, cancelled, upsells.
        selection=[
            ("draft", "Quotation"),
            ("progress", "In Progress"),
            ("paused", "Paused"),
            ("renewed", "Renewed"),
            ("churned", "Churned"),
        ],
        string="Subscription Status",
        compute="_compute_subscription_state",
        store=True,
        index="btree_not_null",
        copy=False,
        tracking=True,
    )

    # Dates
    start_date = fields.Date(
        copy=False,
        tracking=True,
        help="First day of the contract. Left empty, it is the day of confirmation.",
    )
    end_date = fields.Date(
        compute="_compute_end_date",
        store=True,
        readonly=False,
        copy=False,
        tracking=True,
        help="Last day of the contract. Left empty, it runs for ever.",
    )
    planned_end_date = fields.Date(
        compute="_compute_end_date",
        store=True,
        copy=False,
        help="Last day by the duration of the plan, which a typed end date overrides.",
    )
    in_trial = fields.Boolean(
        readonly=True,
        copy=False,
        help="The contract runs and costs nothing yet.",
    )
    trial_end_date = fields.Date(
        string="Trial Until",
        readonly=True,
        copy=False,
        help="Last day of the free trial.",
    )
    close_date = fields.Date(
        string="Closed On", readonly=True, copy=False, tracking=True
    )
    close_reason_id = fields.Many2one(
        comodel_name="subscription.close.reason",
        readonly=True,
        copy=False,
        ondelete="restrict",
        tracking=True,
    )

    close_with_credit = fields.Boolean(
        string="Credit Unused Share",
        readonly=True,
        copy=False,
        help="What is billed for days after the end is given back.",
    )
    resume_date = fields.Date(
        string="Resumes On",
        readonly=True,
        copy=False,
        tracking=True,
        help="The day a paused contract goes on by itself.",
    )

    has_typed_fiscal_position = fields.Boolean(
        compute="_compute_has_typed_fiscal_position",
        store=True,
        help="The fiscal position was chosen by a person and stays as it is.",
    )

    # Money
    recurring_total = fields.Monetary(
        string="Recurring",
        compute="_compute_recurring_amounts",
        store=True,
        help="Untaxed amount per period, in the order's currency.",
    )
    mrr = fields.Monetary(
        string="MRR",
        compute="_compute_recurring_amounts",
        store=True,
        currency_field="company_currency_id",
        help="Monthly recurring revenue, in the company's currency.",
    )
    arr = fields.Monetary(
        string="ARR",
        compute="_compute_recurring_amounts",
        store=True,
        currency_field="company_currency_id",
        help="Annual recurring revenue: 12 times the MRR.",
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )

    _contract_dates_in_order = models.Constraint(
        "CHECK (end_date IS NULL OR start_date IS NULL OR end_date >= start_date)",
        "A contract cannot end before it starts.",
    )

    # === COMPUTE METHODS === #

    @api.depends("sale_order_template_id")
    def _compute_plan_id(self):
        for order in self:
            template = order.sale_order_template_id
            if template.plan_id and order.state in ("draft", "sent"):
                order.plan_id = template.plan_id

    @api.depends("plan_id", "order_line.is_recurring")
    def _compute_is_subscription(self):
        for order in self:
            order.is_subscription = bool(order.plan_id) and any(
                order.order_line.mapped("is_recurring")
            )

    @api.depends("is_subscription")
    def _compute_subscription_kind(self):
        for order in self:
            if order.parent_order_id:
                continue  # what was linked with a contract stays what it is
            if not order.is_subscription:
                order.subscription_kind = False
            elif not order.subscription_kind:
                order.subscription_kind = "new"

    @api.depends("is_subscription", "state", "subscription_kind")
    def _compute_subscription_state(self):
        for order in self:
            state = order.subscription_state
            is_contract = order.is_subscription and order.subscription_kind != "upsell"
            if not is_contract or order.state == "cancel":
                state = False
            elif order.state in ("draft", "sent"):
                state = lifecycle.DRAFT
            elif state in (False, lifecycle.DRAFT):
                state = lifecycle.PROGRESS
            order.subscription_state = state

    @api.depends("start_date", "plan_id", "sale_order_template_id")
    def _compute_end_date(self):
        for order in self:
            if order.state not in ("draft", "sent", "sale") or order.period_ids:
                continue
            planned = order._get_planned_end()
            if order.end_date == order.planned_end_date:
                order.end_date = planned
            order.planned_end_date = planned  # another end was typed, and stays

    def _get_planned_end(self):
        """Return the last day by the duration of template or plan, or None."""
        self.ensure_one()
        periods = self._get_duration_periods()
        if not periods or not self.start_date or not self.plan_id:
            return None
        try:
            return self._get_first_schedule(end_date=None).end_after(periods)
        except recurrence.DateOutOfRange as error:
            raise ValidationError(
                self.env._("No contract lasts for %s periods.", periods)
            ) from error

    def _get_duration_periods(self):
        """Return after how many periods the contract ends, 0 for never."""
        self.ensure_one()
        template = self.sale_order_template_id
        if template.plan_id and template.plan_id == self.plan_id:
            return template.duration_periods
        return self.plan_id.duration_periods

    @api.depends("fiscal_position_id")
    def _compute_has_typed_fiscal_position(self):
        # Evaluated when the fiscal position changes, and only then: a customer who
        # moves later does not make it a person's choice.
        for order in self:
            order.has_typed_fiscal_position = (
                order.fiscal_position_id != order._get_mapped_fiscal_position()
            )

    def _get_mapped_fiscal_position(self):
        """Return the fiscal position Odoo would choose for the order today."""
        self.ensure_one()
        return (
            self.env["account.fiscal.position"]
            .with_company(self.company_id)
            ._get_fiscal_position(self.partner_id, self.partner_shipping_id)
        )

    @api.depends(
        "order_line.is_recurring", "order_line.price_subtotal", "order_line.mrr"
    )
    def _compute_recurring_amounts(self):
        for order in self:
            lines = order.order_line.filtered("is_recurring")
            order.recurring_total = sum(lines.mapped("price_subtotal"))
            order.mrr = sum(lines.mapped("mrr"))
            order.arr = 12 * order.mrr

    # === CONSTRAINT METHODS === #

    @api.constrains("start_date", "end_date", "close_date")
    def _check_contract_dates(self):
        for order in self:
            for date in filter(
                None, (order.start_date, order.end_date, order.close_date)
            ):
                if not recurrence.FIRST_DAY <= date <= recurrence.LAST_DAY:
                    raise ValidationError(
                        self.env._(
                            "%(date)s is no date a contract can have. Leave the end "
                            "date empty for a contract without end.",
                            date=format_date(self.env, date),
                        )
                    )

    @api.constrains("start_date", "subscription_state")
    def _check_start_not_billed(self):
        for order in self:
            if not order.start_date and order._is_live_contract():
                raise ValidationError(
                    self.env._("%s runs: it needs a start date.", order.name)
                )
            first = order.period_ids.filtered("is_live").sorted("date_from")[:1]
            # The first period may be free again, its invoice cancelled.
            starts = order.period_ids.mapped("date_from")
            if first and (
                first.date_from < order.start_date or order.start_date not in starts
            ):
                raise ValidationError(
                    self.env._(
                        "%s has been billed: its start date cannot change any more.",
                        order.name,
                    )
                )

    @api.constrains("end_date")
    def _check_end_not_billed(self):
        for order in self:
            if (
                order.end_date
                and order.paid_until
                and order.end_date < order.paid_until
            ):
                raise ValidationError(
                    self.env._(
                        "%(order)s is billed until %(date)s and cannot end before. "
                        "Close it instead.",
                        order=order.name,
                        date=format_date(self.env, order.paid_until),
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `sale_management` to fill orders made over RPC.

        Odoo fills in the lines of a quotation template in the form only.
        """
        for vals in vals_list:
            self._refuse_kept_fields(vals)
            for command in vals.get("order_line") or ():
                if len(command) == 3 and isinstance(command[2], dict):
                    self.env["sale.order.line"]._refuse_odd_values(command[2])
        orders = super().create(vals_list)
        for order, vals in zip(orders, vals_list, strict=True):
            template = order.sale_order_template_id
            if (
                vals.get("sale_order_template_id")
                and template.plan_id
                and not vals.get("order_line")
            ):
                template = template.with_context(lang=order.partner_id.lang)
                order.order_line = [
                    Command.create(line._prepare_order_line_values())
                    for line in template.sale_order_template_line_ids
                ]
        return orders

    def write(self, vals):
        """Override of `sale` to keep what only the contract's own methods decide."""
        self._refuse_kept_fields(vals)
        if "plan_id" in vals and not (
            self.env.su and self.env.context.get("subscription_switch")
        ):
            self.check_access("write")  # who may not write need not hear why
            self._check_plan_may_change(vals["plan_id"])
        result = super().write(vals)
        if "end_date" in vals:
            # sudo: kept from typing. Another end is proposed anew.
            proposed = self.sudo().filtered("renewal_proposed_date")
            proposed.renewal_proposed_date = False
        return result

    def _refuse_kept_fields(self, vals):
        if not self.env.su and (kept := KEPT_FIELDS & vals.keys()):
            raise AccessError(
                self.env._(
                    "%s follow from the contract and cannot be typed.",
                    ", ".join(self._fields[name].string for name in sorted(kept)),
                )
            )

    def _check_plan_may_change(self, plan_id):
        for order in self:
            if order.plan_id.id != plan_id and order.state == "sale":
                raise UserError(
                    self.env._(
                        "%s is confirmed: its plan cannot simply be replaced.",
                        order.name,
                    )
                )

    def copy_data(self, default=None):
        """Override of `sale`: a copy is a new quotation with the same plan."""
        data = super().copy_data(default)
        for order, vals in zip(self, data, strict=True):
            vals.setdefault("plan_id", order.plan_id.id)
        return data

    # === OVERRIDES OF `sale` === #

    def _get_product_catalog_order_data(self, products, **kwargs):
        """Override of `sale` to show the plan's price in the catalogue."""
        return super()._get_product_catalog_order_data(
            products, **self._with_plan(kwargs)
        )

    def _update_order_line_info(self, product_id, quantity, **kwargs):
        """Override of `sale` to answer the plan's price to the catalogue."""
        return super()._update_order_line_info(
            product_id, quantity, **self._with_plan(kwargs)
        )

    def _with_plan(self, kwargs):
        return dict(kwargs, plan_id=self.plan_id.id) if self.plan_id else kwargs

    def _recompute_prices(self):
        """Override of `sale`: asked for, discounts are looked up anew as prices are.

        Odoo clears them first, and one that is cleared looks as if it was typed.
        """
        order = self.with_context(force_price_recomputation=True)
        return super(SaleOrder, order)._recompute_prices()

    def _compute_type_name(self):
        """Override of `sale` so that portal and documents speak of a contract."""
        super()._compute_type_name()
        for order in self:
            if order._is_live_contract() or order.subscription_state in (
                lifecycle.RENEWED,
                lifecycle.CHURNED,
            ):
                order.type_name = self.env._("Contract")

    # === ACTION METHODS === #

    def action_view_subscription_periods(self):
        """Open the contract's ledger."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_period_action"
        )
        action["domain"] = [("order_id", "=", self.id)]
        action["context"] = {"create": False}
        return action

    # === HELPERS === #

    def _get_today(self):
        """Return today's date where the order's company is.

        The demo data replays its history on other days; only the superuser may.
        """
        if self.env.su and self.env.context.get("subscription_today"):
            return fields.Date.to_date(self.env.context["subscription_today"])
        company = self.company_id or self.env.company
        # sudo: the company's time zone is a field of its contact
        tz = company.sudo().partner_id.tz or self._get_reader_tz()
        return fields.Date.context_today(self.with_context(tz=tz))

    def _get_reader_tz(self):
        """Return the time zone that counts where the company has none.

        What runs by itself, and what customers do, has no colleague's time zone; a
        browser's is in the context all the same.
        """
        if self.env.uid == SUPERUSER_ID or self.env.user.share:
            # By its id: a reference would be looked up in the database each time.
            root = self.env["res.users"].sudo().browse(SUPERUSER_ID)
            return root.tz or "UTC"
        return self.env.context.get("tz")
