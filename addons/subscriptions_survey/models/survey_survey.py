from odoo import fields, models


class SurveySurvey(models.Model):
    _inherit = "survey.survey"

    contract_reminder_days = fields.Integer(
        string="Remind Contracts After",
        help="Days after which customers of contracts who did not answer are reminded, "
        "once; 0 for never.",
    )

    _contract_reminder_days_in_range = models.Constraint(
        "CHECK (contract_reminder_days BETWEEN 0 AND 3650)",
        "A number of days is between 0 and 3,650.",
    )
