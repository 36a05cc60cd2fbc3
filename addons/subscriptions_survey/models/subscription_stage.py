from odoo import api, fields, models


class SubscriptionStage(models.Model):
    _inherit = "subscription.stage"

    survey_id = fields.Many2one(
        comodel_name="survey.survey",
        string="Survey",
        ondelete="restrict",
        help="Customers of contracts that enter the stage are invited to it.",
    )

    def _sends_anything(self):
        """Override of `subscriptions`: a survey is something."""
        # sudo: whether there is one
        return super()._sends_anything() or bool(self.sudo().survey_id)

    @api.depends("survey_id.title")
    def _compute_texts(self):
        return super()._compute_texts()

    def _get_what_is_sent(self):
        """Override of `subscriptions` to tell of the survey."""
        sentences = super()._get_what_is_sent()
        survey = self.sudo().survey_id  # sudo: its title
        if survey:
            sentences.append(
                self.env._("The customer is invited to the survey “%s”.", survey.title)
            )
        return sentences
