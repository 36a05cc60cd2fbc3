from datetime import timedelta

from odoo import api, models

# What the customers of nine contracts answer to the only question one has to answer:
# the number of the answer, in the survey's order; None has not answered yet.
ANSWERS = (0, 0, 1, None, 2, 0, None, 1, None)
INVITED_DAYS = 3


class SubscriptionDemo(models.AbstractModel):
    _inherit = "subscription.demo"

    @api.model
    def _load_surveys(self):
        """Let customers of the demonstration firm be asked, and some have answered."""
        survey = self.env.ref("subscriptions_survey.demo_survey")
        contracts = self.env["sale.order"].search(
            [
                ("subscription_state", "=", "progress"),
                ("partner_id.email", "!=", False),
            ],
            order="start_date, id",
        )
        self._let_answer(survey, contracts)

    def _let_answer(self, survey, contracts):
        """Invite the customers of contracts to a survey, without writing to them now.

        :param survey: the survey.survey, with a question of one choice
        :param contracts: as many sale.order as are there, the first ones are asked
        """
        question = survey.question_ids.filtered("suggested_answer_ids")[:1]
        choices = question.suggested_answer_ids
        for order, number in zip(contracts, ANSWERS, strict=False):
            answer = survey._create_answer(
                partner=order.partner_id,
                check_attempts=False,
                order_id=order.id,
                invited_on=order._get_today() - timedelta(days=INVITED_DAYS),
            )
            if number is not None:
                answer._save_lines(question, choices[number].id)
                answer._mark_done()
