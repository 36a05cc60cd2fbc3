from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..const import MAX_PLAN_DAYS
from ..engine import Recurrence


class SubscriptionPlan(models.Model):
    """How often a contract recurs, when it is invoiced and what its customer may do."""

    _name = "subscription.plan"
    _description = "Subscription Plan"
    _order = "sequence, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        comodel_name="res.company",
        help="Leave empty to offer the plan in all companies.",
    )

    # Recurrence
    billing_period_value = fields.Integer(string="Every", default=1, required=True)
    billing_period_unit = fields.Selection(
        selection=[
            ("day", "Days"),
            ("week", "Weeks"),
            ("month", "Months"),
            ("year", "Years"),
        ],
        string="Unit",
        default="month",
        required=True,
    )
    billing_period_label = fields.Char(
        string="Recurrence", compute="_compute_billing_period_label"
    )
    duration_periods = fields.Integer(
        string="Duration",
        help="Number of periods after which a contract ends; 0 means for ever.",
    )
    trial_days = fields.Integer(
        string="Trial", help="Days at the start of a contract that cost nothing."
    )
    notice_days = fields.Integer(
        string="Notice Period",
        help="Days before the end that a customer has to give notice.",
    )
    minimum_periods = fields.Integer(
        string="Minimum Term",
        help="Number of periods a customer is bound to the contract at least.",
    )

    renewal_days = fields.Integer(
        string="Propose Renewal",
        help="Days before the end of a fixed term at which its renewal is proposed; "
        "0 means never.",
    )
    renewal_notice = fields.Selection(
        # activity: the salesperson is told; mail: the customer is sent the quotation
        selection=[
            ("activity", "Tell the salesperson"),
            ("mail", "Send the customer a quotation"),
        ],
        string="By",
        default="activity",
        required=True,
    )

    # Calendar
    align = fields.Boolean(
        string="Align to Calendar",
        help="Periods start on the same day for all contracts, whenever they begin.",
    )
    align_day = fields.Integer(
        string="Alignment Day",
        default=1,
        help="Day of the month; for weeks, 1 is Monday and 7 is Sunday. Months that "
        "lack the day use their last.",
    )
    align_month = fields.Integer(
        string="Alignment Month", default=1, help="For years: 1 is January."
    )
    first_period = fields.Selection(
        # How the stretch up to the first aligned day is owed:
        # by its days, like a whole period, or not at all.
        selection=[
            ("prorate", "Prorated by days"),
            ("full", "Charged in full"),
            ("free", "Free"),
        ],
        string="First, Partial Period",
        default="prorate",
        required=True,
    )

    # Invoicing
    billing_timing = fields.Selection(
        selection=[("advance", "In advance"), ("arrears", "In arrears")],
        string="Billed",
        default="advance",
        required=True,
    )
    invoice_lead_days = fields.Integer(
        string="Invoice Days Before",
        help="Days before the period starts that its invoice is made; in arrears, days "
        "before it is over. Negative for days after.",
    )
    invoice_mode = fields.Selection(
        # draft: left for review; post: validated; send: validated and mailed;
        # charge: the saved payment method is charged, then validated and mailed.
        selection=[
            ("draft", "Create a draft"),
            ("post", "Validate"),
            ("send", "Validate and send"),
            ("charge", "Charge the payment method"),
        ],
        string="Invoices",
        default="send",
        required=True,
    )
    invoice_mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Invoice Mail",
        domain=[("model", "=", "account.move")],
        help="Leave empty to use Odoo's own invoice mail.",
    )
    dunning_policy_id = fields.Many2one(
        comodel_name="subscription.dunning.policy",
        string="Dunning Policy",
        default=lambda self: self.env.ref(
            "subscriptions.dunning_policy_default", raise_if_not_found=False
        ),
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="What is done when the payment method is declined. Without a saved one, "
        "the mails of its steps are sent as reminders.",
    )
    merge_invoices = fields.Boolean(
        string="One Invoice per Customer",
        help="Contracts of one customer that are due on the same day share an invoice, "
        "if their currency, payment terms, taxes and addresses agree.",
    )
    auto_close_days = fields.Integer(
        string="Close When Unpaid",
        help="Days after the due date of the oldest unpaid invoice at which the "
        "contract is closed; 0 means never.",
    )

    # What customers may do by themselves
    customer_close = fields.Selection(
        selection=[
            ("no", "Not by themselves"),
            ("any_date", "At a date of their choosing"),
            ("period_end", "At the end of the paid period"),
        ],
        string="Close",
        default="no",
        required=True,
    )
    customer_change = fields.Selection(
        selection=[
            ("no", "Nothing"),
            ("upgrade", "More only"),
            ("upgrade_downgrade", "More or less"),
        ],
        string="Change",
        default="no",
        required=True,
    )
    customer_renew = fields.Boolean(string="Renew")
    customer_pause = fields.Boolean(string="Pause")
    max_pause_days = fields.Integer(
        string="Longest Pause", help="Days of the longest pause; 0 means no limit."
    )
    switchable_plan_ids = fields.Many2many(
        comodel_name="subscription.plan",
        relation="subscription_plan_switch_rel",
        column1="plan_id",
        column2="target_plan_id",
        string="Switch To",
        domain="[('id', '!=', id)]",
        check_company=True,
    )

    price_ids = fields.One2many(
        comodel_name="product.pricelist.item",
        inverse_name="plan_id",
        string="Prices",
        copy=True,
    )
    contract_count = fields.Integer(
        string="Contracts", compute="_compute_contract_counts"
    )
    recurring_line_count = fields.Integer(
        string="Recurring Lines", compute="_compute_contract_counts"
    )

    _billing_period_value_positive = models.Constraint(
        "CHECK (billing_period_value BETWEEN 1 AND "
        "CASE billing_period_unit WHEN 'year' THEN 50 ELSE 1000 END)",
        "A plan recurs every 1 to 1,000 days, weeks or months, or 1 to 50 years.",
    )
    _lengths_not_negative = models.Constraint(
        f"""CHECK (duration_periods BETWEEN 0 AND 10000
                AND minimum_periods BETWEEN 0 AND 10000
                AND trial_days BETWEEN 0 AND {MAX_PLAN_DAYS}
                AND notice_days BETWEEN 0 AND {MAX_PLAN_DAYS}
                AND max_pause_days BETWEEN 0 AND {MAX_PLAN_DAYS}
                AND renewal_days BETWEEN 0 AND {MAX_PLAN_DAYS}
                AND auto_close_days BETWEEN 0 AND {MAX_PLAN_DAYS})""",
        "Trial, notice, pause, duration, renewal and closing count days or periods "
        "from 0 up.",
    )
    _lead_days_sane = models.Constraint(
        "CHECK (invoice_lead_days BETWEEN -365 AND 365)",
        "An invoice is made at most 365 days before or after its period.",
    )

    # === COMPUTE METHODS === #

    @api.depends("billing_period_value", "billing_period_unit")
    @api.depends_context("lang")
    def _compute_billing_period_label(self):
        for plan in self:
            plan.billing_period_label = plan._get_recurrence_label()

    def _get_recurrence_label(self):
        """Return the recurrence in words: "month", "2 months"."""
        self.ensure_one()
        number = self.billing_period_value
        one = {
            "day": self.env._("day"),
            "week": self.env._("week"),
            "month": self.env._("month"),
            "year": self.env._("year"),
        }
        many = {
            "day": self.env._("%s days", number),
            "week": self.env._("%s weeks", number),
            "month": self.env._("%s months", number),
            "year": self.env._("%s years", number),
        }
        return (one if number == 1 else many).get(self.billing_period_unit, "")

    def _compute_contract_counts(self):
        running = [("plan_id", "in", self.ids), ("subscription_state", "=", "progress")]
        contracts = dict(
            self.env["sale.order"]._read_group(running, ["plan_id"], ["__count"])
        )
        lines = dict(
            self.env["sale.order.line"]._read_group(
                [
                    ("plan_id", "in", self.ids),
                    ("order_id.subscription_state", "=", "progress"),
                    ("is_recurring", "=", True),
                ],
                ["plan_id"],
                ["__count"],
            )
        )
        for plan in self:
            plan.contract_count = contracts.get(plan, 0)
            plan.recurring_line_count = lines.get(plan, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("align", "align_day", "align_month", "billing_period_unit")
    def _check_alignment(self):
        for plan in self.filtered("align"):
            if plan.billing_period_unit == "day":
                raise ValidationError(
                    self.env._(
                        "%s: a plan in days cannot be aligned to the calendar.",
                        plan.name,
                    )
                )
            last = 7 if plan.billing_period_unit == "week" else 31
            if not 1 <= plan.align_day <= last:
                raise ValidationError(
                    self.env._(
                        "%(plan)s: the alignment day is a number from 1 to %(last)s.",
                        plan=plan.name,
                        last=last,
                    )
                )
            if not 1 <= plan.align_month <= 12:
                raise ValidationError(
                    self.env._(
                        "%s: the alignment month is a number from 1 to 12.", plan.name
                    )
                )

    @api.constrains(
        "billing_period_value",
        "billing_period_unit",
        "billing_timing",
        "align",
        "align_day",
        "align_month",
        "trial_days",
    )
    def _check_rhythm_of_running_contracts(self):
        """A running contract's dates follow from its plan: they are not bent later."""
        running = (
            self.env["sale.order"]
            .sudo()
            ._read_group(
                # sudo: contracts the user may not see count as well
                [
                    ("plan_id", "in", self.ids),
                    ("subscription_state", "in", ["progress", "paused"]),
                    ("period_ids", "!=", False),
                ],
                ["plan_id"],
                ["__count"],
            )
        )
        for plan, number in running:
            raise ValidationError(
                self.env._(
                    "%(number)s running contracts are billed by the plan “%(plan)s”. "
                    "Copy the plan and change the copy; contracts can be switched "
                    "to it.",
                    number=number,
                    plan=plan.name,
                )
            )

    @api.constrains("company_id")
    def _check_company_of_orders(self):
        for plan in self.filtered("company_id"):
            elsewhere = (
                self.env["sale.order"]
                .sudo()
                .search_count(
                    # sudo: orders the user may not see count as well
                    [
                        ("plan_id", "=", plan.id),
                        "!",
                        ("company_id", "child_of", plan.company_id.id),
                    ],
                    limit=1,
                )
            )
            if elsewhere:
                raise ValidationError(
                    self.env._(
                        "Orders of other companies use the plan “%s”: it cannot "
                        "become one company's own.",
                        plan.name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = (
            self.env["sale.order"]
            .sudo()
            .search_count(
                # sudo: orders the user may not see count as well
                [("plan_id", "in", self.ids)],
                limit=1,
            )
        )
        if used:
            raise ValidationError(
                self.env._("Orders use this plan. Archive it instead of deleting it.")
            )

    def copy_data(self, default=None):
        return [
            dict(vals, name=self.env._("%s (copy)", plan.name))
            for plan, vals in zip(self, super().copy_data(default), strict=True)
        ]

    # === ACTION METHODS === #

    def action_view_contracts(self):
        """Open the running contracts of the plan."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.sale_order_action_contracts"
        )
        action["domain"] = [
            ("plan_id", "=", self.id),
            ("subscription_state", "=", "progress"),
        ]
        action["context"] = {"default_plan_id": self.id}
        return action

    def action_view_recurring_lines(self):
        """Open the recurring lines of the plan's running contracts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.sale_order_line_action_recurring"
        )
        action["domain"] = [
            ("plan_id", "=", self.id),
            ("is_recurring", "=", True),
            ("order_id.subscription_state", "=", "progress"),
        ]
        return action

    # === BUSINESS METHODS === #

    def _get_recurrence(self):
        """Return the plan's recurrence for the engine.

        :rtype: engine.Recurrence
        """
        self.ensure_one()
        return Recurrence(self.billing_period_unit, self.billing_period_value)

    def _get_schedule_values(self):
        """Return what the plan contributes to a contract's schedule.

        Hook for other addons: the keyword arguments of :class:`engine.Schedule`.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "recurrence": self._get_recurrence(),
            "trial_days": self.trial_days,
            "align_day": self.align_day if self.align else None,
            "align_month": self.align_month,
            "first_period": self.first_period,
            "arrears": self.billing_timing == "arrears",
            "lead_days": self.invoice_lead_days,
        }
