from ast import literal_eval

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import float_round, format_date

from ..const import MAX_NUMBER, MAX_PLAN_DAYS
from ..engine import lifecycle, new_price
from .billing_facts import BillingFacts

# What was previewed was worked out from these.
PARAMETERS = {
    "company_id",
    "date",
    "domain",
    "ending",
    "method",
    "plan_ids",
    "product_ids",
    "value",
}
NOTICE_PARAMETERS = {"notice_days", "notice_template_id"}
# Written by the methods that do the work, and by nobody else.
KEPT_FIELDS = {
    "preview_cursor",
    "state",
    "task",
    "task_done",
    "task_total",
    "user_id",
}


class SubscriptionPriceIncrease(models.Model):
    """New prices for a set of contracts, from a day on.

    It proposes a ``subscription.change`` per contract, which counts for nothing until
    a person schedules it. From there on the changes go their own way: periods that
    start on or after the day are billed with the new price, and the scheduler writes
    it into the contract on the day.
    """

    _name = "subscription.price.increase"
    _description = "Price Increase"
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(
        required=True, help="Stands in the chatter of each contract, as the reason."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Responsible",
        readonly=True,
        copy=False,
        default=lambda self: self.env.user,
        help="In whose name contracts are changed and customers are told.",
    )
    state = fields.Selection(
        selection=[
            ("draft", "Draft"),
            ("preview", "Preview"),
            ("scheduled", "Scheduled"),
            ("applied", "Applied"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        copy=False,
        default="draft",
        index=True,
    )

    # Which contracts
    domain = fields.Char(
        string="Contracts",
        default="[('subscription_state', 'in', ['progress', 'paused'])]",
        help="Which running contracts of the company. Empty: all of them.",
    )
    plan_ids = fields.Many2many(
        comodel_name="subscription.plan",
        string="Plans",
        check_company=True,
        help="Only contracts with these plans. Empty: with any plan.",
    )
    product_ids = fields.Many2many(
        comodel_name="product.product",
        string="Products",
        domain=[("recurring_invoice", "=", True)],
        check_company=True,
        help="Only the prices of these products. Empty: of all recurring lines.",
    )

    # How much
    method = fields.Selection(
        selection=[
            ("percent", "Percent"),
            ("amount", "Amount per unit"),
            ("price", "New price per unit"),
        ],
        string="Change by",
        required=True,
        default="percent",
    )
    value = fields.Float(
        digits=(16, 4),
        min_display_digits=(16, 2),
        required=True,
        help="Below zero, prices fall.",
    )
    ending = fields.Selection(
        selection=[
            ("0.01", "to 0.01"),
            ("0.05", "to 0.05"),
            ("0.10", "to 0.10"),
            ("0.50", "to 0.50"),
            ("1.00", "to whole numbers"),
            ("x.99", "to end in .99"),
        ],
        string="Rounded",
        default="0.01",
        help="The nearest such price. Rounding never makes a rise a fall. Empty: as "
        "many decimals as prices have.",
    )
    date = fields.Date(
        string="From",
        help="Periods that start on this day or later are billed with the new price.",
    )

    # Whom we tell, and when
    notice_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Notice",
        domain=[("model", "=", "sale.order")],
        default=lambda self: self.env.ref(
            "subscriptions.mail_template_price_increase", raise_if_not_found=False
        ),
        ondelete="restrict",
        help="The mail that tells each customer. Empty: nobody is told.",
    )
    notice_days = fields.Integer(
        string="Days Before",
        default=30,
        help="The notice is sent so many days before the new prices count; if that "
        "day is over, as soon as they are scheduled.",
    )
    notice_date = fields.Date(string="Sent On", compute="_compute_notice_date")

    # What came of it
    change_ids = fields.One2many(
        comodel_name="subscription.change",
        inverse_name="price_increase_id",
        string="Proposals",
        copy=False,
    )
    refusal_ids = fields.One2many(
        comodel_name="subscription.price.increase.refusal",
        inverse_name="increase_id",
        string="Refused",
        copy=False,
    )
    contract_count = fields.Integer(
        string="Contracts Changed", compute="_compute_effect"
    )
    taken_out_count = fields.Integer(string="Taken Out", compute="_compute_effect")
    notified_count = fields.Integer(string="Told", compute="_compute_effect")
    refusal_count = fields.Integer(compute="_compute_refusal_count")
    has_notice_failures = fields.Boolean(compute="_compute_refusal_count")
    mrr_before = fields.Monetary(
        string="MRR Before",
        compute="_compute_effect",
        currency_field="company_currency_id",
    )
    mrr_after = fields.Monetary(
        string="MRR After",
        compute="_compute_effect",
        currency_field="company_currency_id",
    )
    mrr_effect = fields.Monetary(
        string="Effect on MRR",
        compute="_compute_effect",
        currency_field="company_currency_id",
        help="Monthly recurring revenue of the contracts with the new prices, less "
        "that with the old ones.",
    )

    # What is being done right now, in batches
    task = fields.Selection(
        selection=[
            ("preview", "Working out the new prices…"),
            ("schedule", "Scheduling…"),
            ("notify", "Telling customers…"),
            ("undo", "Taking back…"),
        ],
        string="Running",
        readonly=True,
        copy=False,
    )
    task_total = fields.Integer(readonly=True, copy=False)
    task_done = fields.Integer(readonly=True, copy=False)
    preview_cursor = fields.Integer(
        readonly=True, copy=False, help="The last contract that was looked at."
    )
    progress = fields.Float(compute="_compute_progress")

    _value_finite = models.Constraint(
        f"CHECK (value BETWEEN -{MAX_NUMBER:.0f} AND {MAX_NUMBER:.0f})",
        "This value is too large, or not a number.",
    )
    _notice_days_sane = models.Constraint(
        f"CHECK (notice_days BETWEEN 0 AND {MAX_PLAN_DAYS})",
        f"A notice is sent 0 to {MAX_PLAN_DAYS} days before.",
    )

    # === COMPUTE METHODS === #

    @api.depends("date", "notice_days")
    def _compute_notice_date(self):
        for increase in self:
            increase.notice_date = increase.date and fields.Date.subtract(
                increase.date, days=increase.notice_days
            )

    @api.depends(
        "change_ids.state",
        "change_ids.mrr_before",
        "change_ids.mrr_after",
        "change_ids.taken_out",
        "change_ids.notified_date",
    )
    def _compute_effect(self):
        Change = self.env["subscription.change"]
        totals = {
            increase: numbers
            for increase, *numbers in Change._read_group(
                [("price_increase_id", "in", self.ids), ("state", "!=", "revoked")],
                ["price_increase_id"],
                ["__count", "mrr_before:sum", "mrr_after:sum", "notified_date:count"],
            )
        }
        taken_out = dict(
            Change._read_group(
                [("price_increase_id", "in", self.ids), ("taken_out", "=", True)],
                ["price_increase_id"],
                ["__count"],
            )
        )
        for increase in self:
            count, before, after, notified = totals.get(increase._origin, (0, 0, 0, 0))
            increase.contract_count = count
            increase.mrr_before = before
            increase.mrr_after = after
            increase.mrr_effect = after - before
            increase.notified_count = notified
            increase.taken_out_count = taken_out.get(increase._origin, 0)

    @api.depends("refusal_ids")
    def _compute_refusal_count(self):
        counts = {
            increase: (count, stages)
            for increase, count, stages in self.env[
                "subscription.price.increase.refusal"
            ]._read_group(
                [("increase_id", "in", self.ids)],
                ["increase_id"],
                ["__count", "stage:array_agg_distinct"],
            )
        }
        for increase in self:
            count, stages = counts.get(increase._origin, (0, []))
            increase.refusal_count = count
            increase.has_notice_failures = "notice" in stages

    @api.depends("task", "task_done", "task_total")
    def _compute_progress(self):
        for increase in self:
            share = increase.task_done / (increase.task_total or 1)
            increase.progress = min(100.0, 100.0 * share) if increase.task else 100.0

    # === CONSTRAINT METHODS === #

    @api.constrains("domain")
    def _check_domain(self):
        for increase in self:
            increase._parse_domain()

    def _parse_domain(self):
        """Return the contracts that were asked for.

        :rtype: Domain
        :raise ValidationError: for what is no filter of orders
        """
        self.ensure_one()
        try:
            domain = Domain(literal_eval(self.domain or "[]"))
            domain.validate(self.env["sale.order"])
        except (ValueError, SyntaxError, TypeError, KeyError) as error:
            raise ValidationError(
                self.env._("“%s” is no filter that contracts can have.", self.domain)
            ) from error
        return domain

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._refuse_kept_fields(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_kept_fields(vals)
        for increase in self:
            locked = set()
            if increase.state != "draft":
                locked |= PARAMETERS & vals.keys()
            if increase.state not in ("draft", "preview"):
                locked |= NOTICE_PARAMETERS & vals.keys()
            if locked:
                raise UserError(
                    self.env._(
                        "“%(name)s” is worked out already: set it back to draft to "
                        "change %(fields)s.",
                        name=increase.name,
                        fields=", ".join(
                            self._fields[name]._description_string(self.env)
                            for name in sorted(locked)
                        ),
                    )
                )
        return super().write(vals)

    def _refuse_kept_fields(self, vals):
        if not self.env.su and (kept := KEPT_FIELDS & vals.keys()):
            raise AccessError(
                self.env._(
                    "%s follow from what is done and cannot be typed.",
                    ", ".join(sorted(kept)),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_scheduled(self):
        for increase in self:
            if increase.state in ("scheduled", "applied"):
                raise UserError(
                    self.env._(
                        "“%s” counts for contracts and cannot be deleted. Undo it as "
                        "long as it is not applied.",
                        increase.name,
                    )
                )

    def unlink(self):
        """Proposals, which count for nothing, go with what proposed them."""
        # sudo: whether this may be deleted is asked below, before anything is lost
        self.check_access("unlink")
        proposals = self.sudo().change_ids
        proposals.filtered(lambda change: change.state == "proposed").unlink()
        return super().unlink()

    # === ACTION METHODS === #

    def action_preview(self):
        """Work out new prices and their effect; nothing changes yet."""
        for increase in self._lock():
            increase._check_state("draft", "preview")
            increase._check_date()
            increase._start_preview()
        return True

    def action_schedule(self):
        """Let the proposals count. A second click finds nothing left to do."""
        for increase in self._lock():
            if increase.state == "scheduled":
                continue
            increase._check_state("preview")
            increase._check_date()
            increase._start_schedule()
        return True

    def action_undo(self):
        """Take back all that is scheduled and not billed ahead."""
        for increase in self._lock():
            if increase.state == "cancelled":
                continue
            increase._check_state("scheduled")
            increase._start_undo()
        return True

    def action_draft(self):
        """Forget the proposals, to change what they were worked out from."""
        for increase in self._lock():
            increase._check_state("preview", "cancelled")
            increase._discard_proposals(taken_out=True)
            increase._set_state("draft")
        return True

    def action_view_changes(self):
        """Open the proposals, a row per contract."""
        return self._open_rows("subscription_change_action_price_increase")

    def action_view_taken_out(self):
        """Open the contracts that a person took out, to put them back."""
        action = self.action_view_changes()
        action["context"] = {"search_default_taken_out": 1}
        return action

    def action_refresh(self):
        """Show how far it is: the form reads everything again."""
        return True

    def action_view_refusals(self):
        """Open the contracts that are left out, each with its cause."""
        return self._open_rows("subscription_price_increase_refusal_action")

    def action_retry_notices(self):
        """Send the notices again that could not be sent."""
        self.check_access("write")
        # sudo: changes are written by methods alone; who may write this has been asked
        unsent = self.sudo().change_ids.filtered("notice_failure")
        unsent.notice_failure = False
        self.sudo().refusal_ids.filtered(lambda row: row.stage == "notice").unlink()
        self._trigger_cron()
        return True

    def _open_rows(self, action_name):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"subscriptions.{action_name}"
        )
        action["domain"] = [
            (
                "price_increase_id"
                if action["res_model"] == "subscription.change"
                else "increase_id",
                "=",
                self.id,
            )
        ]
        return action

    # === HELPERS === #

    def _lock(self):
        """Let nobody else work on it until this transaction ends.

        :return: the same records, as they are now
        :raise UserError: when the scheduled action, or somebody, does so right now
        """
        self.check_access("write")
        # sudo: a lock reads and writes nothing
        if self.sudo().try_lock_for_update(allow_referencing=True) != self:
            raise UserError(
                self.env._("This is being worked on right now. Try again in a moment.")
            )
        self.invalidate_recordset()
        return self

    def _check_state(self, *states):
        if self.state not in states:
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "“%(name)s” is “%(state)s”: this cannot be done any more.",
                    name=self.name,
                    state=labels[self.state],
                )
            )
        if self.task and self.task != "preview":
            raise UserError(
                self.env._("Wait until what is running on “%s” is done.", self.name)
            )

    def _get_today(self):
        """Return today's date where the company is."""
        self.ensure_one()
        Order = self.env["sale.order"]
        return Order.new({"company_id": self.company_id.id})._get_today()

    def _check_date(self):
        """Refuse a day that is over, or that the books are closed for."""
        self.ensure_one()
        if not self.date:
            raise UserError(self.env._("From which day on shall the new prices count?"))
        if self.date <= self._get_today():
            raise UserError(
                self.env._(
                    "New prices count from tomorrow on at the earliest, not from %s.",
                    format_date(self.env, self.date),
                )
            )
        # sudo: lock dates and journals are an accountant's; only the day is shown
        facts = BillingFacts(self.sudo().env)
        company = self.company_id
        journal = facts.get_journal(company)
        locked = journal and facts.get_lock_date(company.sudo(), journal)
        if locked and self.date <= locked:
            raise UserError(
                self.env._(
                    "The books are closed until %(locked)s: choose a day after it, "
                    "not %(date)s.",
                    locked=format_date(self.env, locked),
                    date=format_date(self.env, self.date),
                )
            )

    def _set_state(self, state):
        # sudo: the state is kept from all but the methods that have checked it
        self.sudo().write({"state": state})

    def _get_contract_domain(self):
        """Return which contracts are looked at, those that will be refused included.

        Hook for other addons.

        :rtype: Domain
        """
        self.ensure_one()
        lines = Domain("is_recurring", "=", True)
        if self.product_ids:
            lines &= Domain("product_id", "in", self.product_ids.ids)
        domain = (
            Domain("company_id", "=", self.company_id.id)
            & Domain("subscription_state", "in", list(lifecycle.LIVE))
            & Domain("order_line", "any", lines)
            & self._parse_domain()
        )
        if self.plan_ids:
            domain &= Domain("plan_id", "in", self.plan_ids.ids)
        return domain

    def _concerns(self, line):
        """Tell whether the price of a contract's line is to change.

        Hook for other addons.

        :param line: a recurring sale.order.line
        """
        self.ensure_one()
        return line.product_type != "combo" and (  # its parts have the price
            not self.product_ids or line.product_id in self.product_ids
        )

    def _get_new_price(self, line, price):
        """Return what a price becomes.

        A price below zero is a rebate, which stays as it was agreed.

        :param line: the contract's line
        :param float price: its price per unit until then
        :rtype: float
        """
        self.ensure_one()
        if price < 0:
            return price
        exact = new_price(price, self.method, self.value, self.ending or None)
        digits = self.env["decimal.precision"].precision_get("Product Price")
        return float_round(float(exact), precision_digits=digits)
