from odoo import api, fields, models
from odoo.tools import SQL

CONDITION_FIELDS = {"survey_condition_id", "survey_score_below"}


class SubscriptionAlert(models.Model):
    _inherit = "subscription.alert"

    survey_id = fields.Many2one(
        comodel_name="survey.survey", string="Survey", ondelete="restrict"
    )
    survey_score_below = fields.Float(
        help="Percent of the score of the latest answer; 0 for any."
    )
    survey_condition_id = fields.Many2one(
        comodel_name="survey.survey",
        string="Answers To",
        domain="[('scoring_type', '!=', 'no_scoring')]",
        ondelete="restrict",
        help="Leave empty for any survey with a score.",
    )

    _score_in_percent = models.Constraint(
        "CHECK (survey_score_below BETWEEN 0 AND 100)",
        "A score is between 0 and 100 %.",
    )

    @api.constrains(*sorted(CONDITION_FIELDS))
    def _check_survey_condition(self):
        self._check_conditions()

    @api.constrains("survey_id")
    def _check_survey(self):
        self._check_action()

    # === CONDITION === #

    @api.model
    def _get_condition_fields(self):
        """Override of `subscriptions` to add the score."""
        return super()._get_condition_fields() | CONDITION_FIELDS

    def _get_conditions(self):
        """Override of `subscriptions` to add the score."""
        names = super()._get_conditions()
        if self.survey_score_below:
            names.append("survey_score")
        return names

    def _get_survey_score_domain(self, today):
        """Return whose latest answer scored less than so many percent."""
        which = SQL("TRUE")
        if self.survey_condition_id:
            which = SQL("answer.survey_id = %s", self.survey_condition_id.id)
        return self._find_by_sql(
            SQL(
                """SELECT latest.order_id
                     FROM (SELECT DISTINCT ON (answer.order_id)
                                  answer.order_id, answer.scoring_percentage
                             FROM survey_user_input answer
                             JOIN survey_survey survey ON survey.id = answer.survey_id
                            WHERE answer.order_id IS NOT NULL
                              AND answer.state = 'done'
                              AND answer.test_entry IS NOT TRUE
                              AND survey.scoring_type != 'no_scoring'
                              AND %s
                            ORDER BY answer.order_id, answer.end_datetime DESC,
                                     answer.id DESC) latest
                    WHERE COALESCE(latest.scoring_percentage, 0) < %s""",
                which,
                self.survey_score_below,
            )
        )

    def _get_survey_score_phrase(self):
        score = self._number(self.survey_score_below)
        if self.survey_condition_id:
            return self.env._(
                "the score of “%(survey)s” is below %(score)s %%",
                survey=self._get_names("survey_condition_id"),
                score=score,
            )
        return self.env._("the score of a survey is below %s %%", score)

    # === ACTION === #

    @api.model
    def _get_actions(self):
        """Override of `subscriptions` to add surveys."""
        return [*super()._get_actions(), ("survey", self.env._("Send a survey"))]

    def _get_needed_field(self):
        """Override of `subscriptions`: which survey."""
        return "survey_id" if self.action == "survey" else super()._get_needed_field()

    def _get_action_phrase(self):
        """Override of `subscriptions` to say which survey is sent."""
        if self.action == "survey":
            return self.env._("send the survey “%s”", self._get_names("survey_id"))
        return super()._get_action_phrase()

    def _act_survey(self, order):
        order._send_survey(self.survey_id)
