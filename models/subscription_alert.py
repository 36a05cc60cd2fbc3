from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from ..const import HEALTH
from .condition_domain import try_condition

# What decides which contracts match: another of it is another alert.
CONDITION_FIELDS = {
    "active",
    "collection_declined",
    "company_id",
    "contract_state",
    "date_days",
    "date_field",
    "date_mode",
    "extra_domain",
    "has_unused_option",
    "health",
    "is_overdue",
    "mrr_change",
    "mrr_change_by",
    "mrr_change_days",
    "mrr_change_unit",
    "mrr_max",
    "mrr_min",
    "next_invoice_days",
    "overdue_days",
    "paid_invoices",
    "plan_ids",
    "product_ids",
    "satisfaction_below",
    "stage_ids",
    "tag_ids",
    "team_ids",
    "template_ids",
    "trigger",
    "unused_days",
    "unused_product_ids",
    "user_ids",
}


class SubscriptionAlert(models.Model):
    """When something becomes true of a contract, something is done about it, once.

    Each alert is an automation rule with a trigger of its own: the rule runs the
    actions, the alert finds the contracts. Which of them match stands in
    ``subscription.alert.match``, so that a contract is acted on when it begins to match
    and not each day after; one that matches no more may begin again.
    """

    _name = "subscription.alert"
    _description = "Subscription Alert"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    sequence = fields.Integer(default=10)
    automation_id = fields.Many2one(
        comodel_name="base.automation",
        string="Automation Rule",
        readonly=True,
        copy=False,
        index=True,
        ondelete="cascade",
        help="Runs the actions. Administrators may add others to it.",
    )
    active = fields.Boolean(
        compute="_compute_active",
        inverse="_inverse_active",
        store=True,
        default=True,
        tracking=True,
        help="Switched on, it acts on contracts that begin to match from then on.",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        default=lambda self: self.env.company,
        index=True,
        help="Leave empty to watch the contracts of all companies.",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency", compute="_compute_currency_id"
    )

    # When
    trigger = fields.Selection(
        selection=[("change", "When it becomes true"), ("date", "On a date")],
        string="Looked At",
        default="change",
        required=True,
    )
    date_field = fields.Selection(
        selection="_get_date_fields", string="Date", default="end_date"
    )
    date_days = fields.Integer(string="Days", default=0)
    date_mode = fields.Selection(
        selection=[("before", "before"), ("after", "after")],
        string="Before or After",
        default="before",
        required=True,
    )

    # What
    contract_state = fields.Selection(
        selection=[
            ("running", "Running"),
            ("progress", "In Progress"),
            ("paused", "Paused"),
            ("churned", "Churned"),
            ("renewed", "Renewed"),
            ("draft", "Quotation"),
        ],
        string="Subscription Status",
        default="running",
        required=True,
        help="Running: in progress or paused.",
    )
    mrr_min = fields.Monetary(string="MRR From", default=0.0)
    mrr_max = fields.Monetary(
        string="MRR Up To", default=0.0, help="Leave at 0 for no limit."
    )
    mrr_change = fields.Selection(
        selection=[("fell", "fell"), ("rose", "rose")], string="Change of MRR"
    )
    mrr_change_by = fields.Float(string="By More Than", default=20.0)
    mrr_change_unit = fields.Selection(
        selection=[("percent", "%"), ("amount", "in the company's currency")],
        string="Unit of the Change",
        default="percent",
        required=True,
    )
    mrr_change_days = fields.Integer(string="Within Days", default=30)
    health = fields.Selection(selection=HEALTH, string="Health Is")
    stage_ids = fields.Many2many(
        comodel_name="subscription.stage", string="In Stages", ondelete="restrict"
    )
    is_overdue = fields.Boolean(string="An Invoice Is Overdue")
    overdue_days = fields.Integer(
        string="Days Overdue", help="More than so many days after the due date."
    )
    satisfaction_below = fields.Float(
        help="Percent; 0 for any. An unhappy answer is 20 %, a neutral one 60 %, a "
        "happy one 100 %.",
    )
    next_invoice_days = fields.Integer(
        string="Next Invoice Within Days", help="0 for any."
    )
    collection_declined = fields.Integer(
        string="Payment Declined",
        help="So many attempts to charge one invoice were declined; 0 for any.",
    )
    paid_invoices = fields.Integer(
        string="Invoices Paid", help="At least so many invoices are paid; 0 for any."
    )
    has_unused_option = fields.Boolean(
        string="An Option Is Not Used",
        help="Something billed by what is delivered, of which nothing was.",
    )
    unused_product_ids = fields.Many2many(
        comodel_name="product.product",
        relation="subscription_alert_unused_product_rel",
        string="Options",
        ondelete="restrict",
        help="Leave empty for any.",
    )
    unused_days = fields.Integer(string="Days Without Usage", default=30)

    # Which
    plan_ids = fields.Many2many(
        comodel_name="subscription.plan", string="Plans", ondelete="restrict"
    )
    product_ids = fields.Many2many(
        comodel_name="product.product", string="Products", ondelete="restrict"
    )
    team_ids = fields.Many2many(
        comodel_name="crm.team", string="Sales Teams", ondelete="restrict"
    )
    user_ids = fields.Many2many(
        comodel_name="res.users",
        relation="subscription_alert_salesperson_rel",
        string="Salespeople",
        ondelete="restrict",
    )
    template_ids = fields.Many2many(
        comodel_name="sale.order.template",
        string="Quotation Templates",
        ondelete="restrict",
    )
    tag_ids = fields.Many2many(
        comodel_name="crm.tag",
        relation="subscription_alert_condition_tag_rel",
        string="Tags",
        ondelete="restrict",
    )
    extra_domain = fields.Char(
        string="More Conditions", help="Contracts have to meet this one, too."
    )
    order_model = fields.Char(compute="_compute_order_model")

    # How it goes
    match_ids = fields.One2many(
        comodel_name="subscription.alert.match", inverse_name="alert_id"
    )
    last_run = fields.Datetime(readonly=True, copy=False)
    last_error = fields.Text(
        readonly=True,
        copy=False,
        # It names customers, of contracts that are not each salesperson's to see.
        groups="sales_team.group_sale_manager",
    )
    last_error_date = fields.Datetime(string="Error Seen On", readonly=True, copy=False)

    # Not required by the field: forms would ask for it before it is made.
    _has_rule = models.Constraint(
        "CHECK (automation_id IS NOT NULL)", "An alert has an automation rule."
    )
    _days_in_range = models.Constraint(
        "CHECK (activity_days BETWEEN 0 AND 3650 AND date_days BETWEEN 0 AND 3650 "
        "AND mrr_change_days BETWEEN 0 AND 3650 "
        "AND overdue_days BETWEEN 0 AND 3650 AND unused_days BETWEEN 0 AND 3650 "
        "AND next_invoice_days BETWEEN 0 AND 3650)",
        "A number of days is between 0 and 3,650.",
    )
    _numbers_not_negative = models.Constraint(
        "CHECK (mrr_min >= 0 AND mrr_max >= 0 AND mrr_change_by >= 0 "
        "AND collection_declined >= 0 AND paid_invoices >= 0)",
        "Amounts and numbers of an alert count from 0 up.",
    )
    _mrr_range = models.Constraint(
        "CHECK (mrr_max = 0 OR mrr_min <= mrr_max)",
        "MRR is from a smaller up to a larger number; up to 0 is no limit.",
    )
    _satisfaction_in_percent = models.Constraint(
        "CHECK (satisfaction_below BETWEEN 0 AND 100)",
        "Satisfaction is between 0 and 100 %.",
    )

    @api.model
    def _get_date_fields(self):
        """Return the dates of contracts an alert may be timed by. Hook."""
        names = (
            "start_date",
            "trial_end_date",
            "next_invoice_date",
            "end_date",
            "close_date",
            "resume_date",
        )
        described = self.env["sale.order"].fields_get(names, ["string"])
        return [(name, described[name]["string"]) for name in names]

    # === COMPUTE METHODS === #

    @api.depends("automation_id.active")
    def _compute_active(self):
        for alert in self:
            # sudo: automation rules are for administrators to read
            alert.active = alert.sudo().automation_id.active

    def _inverse_active(self):
        for alert in self:
            # sudo: as above; who may write the alert may switch it
            rule = alert.sudo().automation_id
            if rule.active != alert.active:
                rule.active = alert.active

    @api.depends("company_id")
    @api.depends_context("company")
    def _compute_currency_id(self):
        for alert in self:
            alert.currency_id = (alert.company_id or self.env.company).currency_id

    def _compute_order_model(self):
        self.order_model = "sale.order"  # the domain editor reads it here

    # === CONSTRAINT METHODS === #

    @api.constrains(*sorted(CONDITION_FIELDS - {"active", "company_id"}))
    def _check_conditions(self):
        for alert in self:
            today = alert._get_today()
            # Each of them, so that what is broken is said now and not at night.
            # Odoo checks as superuser; what the writer may not read is refused.
            conditions = alert.sudo(False)._get_condition_domains(today)
            try_condition(self.env, Domain.AND(conditions))
            if not conditions and alert.trigger == "change":
                raise ValidationError(
                    self.env._(
                        "Say when “%s” is to act: choose at least one condition.",
                        alert.name,
                    )
                )

    @api.constrains("company_id")
    def _check_reach(self):
        """Refuse to touch an alert on contracts of companies one does not work in.

        Asked whenever an alert is written or run: it acts with all rights.

        :raise ValidationError: for who may not work in all companies
        """
        for alert in self:
            if alert.company_id or self.env.uid == SUPERUSER_ID:
                continue
            if not alert._may_reach_all():
                raise ValidationError(
                    self.env._(
                        "An alert on all companies is for people who may work in all "
                        "of them. Choose a company."
                    )
                )

    def _may_reach_all(self):
        """Tell whether the reader may work in all companies."""
        # sudo: to count them
        companies = self.env["res.company"].sudo().search([("active", "=", True)])
        return not companies - self.env.user.company_ids

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to make the automation rule that runs the alert's actions."""
        if not self.env.su and not self.has_access("create"):
            raise AccessError(self.env._("Alerts are written by sales administrators."))
        # sudo: automation rules are for administrators; this one does as the alert says
        rules = (
            self.env["base.automation"]
            .sudo()
            .create([self._prepare_automation(vals) for vals in vals_list])
        )
        for vals, rule in zip(vals_list, rules, strict=True):
            vals["automation_id"] = rule.id
        alerts = super().create(vals_list)
        self.env.registry.clear_cache()
        alerts.filtered("active")._take_stock()
        return alerts

    def write(self, vals):
        """Override: who matches an alert as it is changed is not acted on for that."""
        if not self.env.su:
            self._check_reach()
        changes = self._get_condition_fields() & vals.keys()
        if changes:
            vals = {**vals, "last_error": False, "last_error_date": False}
        result = super().write(vals)
        if "name" in vals:
            for alert in self:
                # sudo: as at creation
                alert.sudo().automation_id.name = alert.name
        if changes:
            self.env.registry.clear_cache()
            self.filtered("active")._take_stock()
        return result

    def unlink(self):
        """Override: the automation rule goes with its alert."""
        if not self.env.su:
            self._check_reach()
        # sudo: as at creation
        rules = self.sudo().automation_id
        result = super().unlink()
        rules.exists().unlink()
        self.env.registry.clear_cache()
        return result

    def copy_data(self, default=None):
        """Override: a copy is switched on by whoever has looked at it.

        Who may not work in all companies copies for their own.
        """
        default = default or {}
        data = super().copy_data(default)
        for alert, vals in zip(self, data, strict=True):
            vals["active"] = False
            if not default.get("name"):
                vals["name"] = self.env._("%s (copy)", alert.name)
            if not vals.get("company_id") and not self._may_reach_all():
                vals["company_id"] = self.env.company.id
        return data

    def _prepare_automation(self, vals):
        """Return the values of the automation rule of a new alert.

        :param dict vals: values of the alert
        :rtype: dict
        """
        model = self.env["ir.model"]._get("sale.order")
        name = vals.get("name") or self.env._("Subscription Alert")
        return {
            "name": name,
            "model_id": model.id,
            "active": vals.get("active", True),
            "trigger": "subscription_alert",
            "action_server_ids": [
                fields.Command.create(
                    {
                        "name": name,
                        "model_id": model.id,
                        "usage": "base_automation",
                        "state": "subscription_alert",
                    }
                )
            ],
        }

    # === HELPERS === #

    @api.model
    def _get_condition_fields(self):
        """Return what decides which contracts match. Hook for what companions add.

        :rtype: set
        """
        return CONDITION_FIELDS

    def _get_tz(self):
        """Return the time zone in which "today" of a condition is meant."""
        self.ensure_one()
        # sudo: a company's time zone is a field of its contact
        company = (self.company_id or self.env.company).sudo()
        return company.partner_id.tz or "UTC"

    def _get_today(self):
        """Return today's date where the alert's company is."""
        self.ensure_one()
        company = self.company_id or self.env.company
        return self.env["sale.order"].new({"company_id": company.id})._get_today()

    @api.model
    def _is_on_change(self):
        """Tell whether any alert has to know when a contract changes."""
        # sudo: asked by whoever changes a contract
        return bool(self.sudo().search_count([("trigger", "=", "change")], limit=1))

    def _get_scope(self):
        """Return which contracts the alert may act on at all, as a domain."""
        self.ensure_one()
        states = {"running": ("progress", "paused")}.get(
            self.contract_state, (self.contract_state,)
        )
        scope = Domain("subscription_state", "in", states)
        if self.company_id:
            scope &= Domain("company_id", "child_of", self.company_id.id)
        return scope
