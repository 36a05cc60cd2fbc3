from odoo import api, fields, models
from odoo.exceptions import ValidationError


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
        help="Contracts that meet this condition are in good health."
    )
    bad_health_domain = fields.Char(
        help="Contracts that meet this condition are in bad health."
    )

    _duration_not_negative = models.Constraint(
        "CHECK (duration_periods BETWEEN 0 AND 10000)",
        "The number of periods of a contract counts from 0 (for ever) up.",
    )

    @api.depends("plan_id")
    def _compute_duration_periods(self):
        for template in self:
            template.duration_periods = template.plan_id.duration_periods

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
