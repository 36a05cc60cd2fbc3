from odoo.fields import Command

from odoo.addons.subscriptions.tests.test_alert import AlertCommon


class SurveyCommon(AlertCommon):
    """A survey with one question: 10 points for yes, 2 for perhaps, none for no."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # sudo: salespeople, as whom we are, make no surveys
        cls.survey = (
            cls.env["survey.survey"]
            .sudo()
            .create(
                {
                    "title": "How are we doing?",
                    "user_id": cls.env.ref("base.user_admin").id,
                    "access_mode": "token",
                    "scoring_type": "scoring_without_answers",
                    "questions_layout": "one_page",
                    "contract_reminder_days": 7,
                    "question_and_page_ids": [
                        Command.create(
                            {
                                "title": "Are you happy?",
                                "question_type": "simple_choice",
                                "suggested_answer_ids": [
                                    Command.create({"value": value, "answer_score": n})
                                    for value, n in (
                                        ("yes", 10),
                                        ("perhaps", 2),
                                        ("no", 0),
                                    )
                                ],
                            }
                        )
                    ],
                }
            )
        )
        cls.question = cls.survey.question_ids

    @classmethod
    def _answer(cls, answer, value):
        """Answer an invitation as its customer does."""
        choice = cls.question.suggested_answer_ids.filtered(
            lambda one: one.value == value
        )
        answer._save_lines(cls.question, choice.id)
        answer._mark_done()

    def _get_mails(self):
        return (
            self.env["mail.mail"]
            .sudo()
            .search([("recipient_ids", "in", self.partner.ids)], order="id")
        )
