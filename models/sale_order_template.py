from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .condition_domain import (
    check_condition_records,
    read_condition,
    try_condition,
)

HEALTH_FIELDS = {"good_health_domain", "bad_health_domain"}


class SaleOrderTemplate(models.Model):
    _inherit = "sale.order.template"

    plan_id = fields.Many2one(
        comodel_name="subscription.plan",
        string="Plan",
        check_company=True,
        help="Quotations made from this template are contracts of the plan.",
    )
    duration_periods = fields.Integer(
        string="Ends After",
        compute="_compute_duration_periods",
        store=True,
        readonly=False,
        help="Number of periods after which the contract ends; 0 means for ever.",
    )
    good_health_domain = fields.Char(
        string="Good Health",
        help="Running contracts that meet this condition are in good health.",
    )
    bad_health_domain = fields.Char(
        string="Bad Health",
        help="Running contracts that meet this condition are in bad health, also where "
        "they meet the other one.",
    )
    health_error = fields.Text(
        readonly=True,
        copy=False,
        help="Why the conditions could not be used in the last nightly run.",
    )
    health_order_model = fields.Char(compute="_compute_health_order_model")

    _duration_not_negative = models.Constraint(
        "CHECK (duration_periods BETWEEN 0 AND 10000)",
        "The number of periods of a contract counts from 0 (for ever) up.",
    )

    @api.depends("plan_id")
    def _compute_duration_periods(self):
        for template in self:
            template.duration_periods = template.plan_id.duration_periods

    def _compute_health_order_model(self):
        self.health_order_model = "sale.order"  # the domain editor reads it here

    @api.constrains("good_health_domain", "bad_health_domain")
    def _check_health_domains(self):
        env = self.sudo(False).env  # Odoo checks as superuser: whose rights count
        for template in self:
            for text in (template.good_health_domain, template.bad_health_domain):
                domain = read_condition(env, text)
                check_condition_records(env, domain)
                try_condition(env, domain)

    @api.constrains("plan_id", "company_id")
    def _check_plan_company(self):
        for template in self:
            company = template.plan_id.company_id
            # A branch may use what belongs to its head office.
            if company and company not in template.company_id.parent_ids:
                raise ValidationError(
                    self.env._(
                        "The plan “%(plan)s” belongs to %(company)s, the quotation "
                        "template “%(template)s” does not.",
                        plan=template.plan_id.name,
                        company=company.name,
                        template=template.name,
                    )
                )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        templates = super().create(vals_list)
        if any(HEALTH_FIELDS & vals.keys() for vals in vals_list):
            self.env.registry.clear_cache()
        return templates

    def write(self, vals):
        """Override to look at the contracts again when the conditions change."""
        changes = HEALTH_FIELDS & vals.keys()
        if changes:
            vals = {**vals, "health_error": False}
        result = super().write(vals)
        if changes:
            self.env.registry.clear_cache()
            # sudo: whose contracts they are does not matter
            contracts = (
                self.env["sale.order"]
                .sudo()
                .search(
                    [
                        ("sale_order_template_id", "in", self.ids),
                        ("subscription_state", "in", ("progress", "paused")),
                    ]
                )
            )
            self.env["subscription.watch"]._update_health(contracts)
        return result

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    # === BUSINESS METHODS === #

    def _set_health_error(self, error):
        """Keep why the conditions could not be used, or forget it."""
        self.ensure_one()
        text = error and str(error.args[0] if error.args else error)
        if (self.health_error or None) != (text or None):
            self.write({"health_error": text})
