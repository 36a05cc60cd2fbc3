from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError
from odoo.fields import Domain

RETRY = (OperationalError, LockError)


class SurveyUserInput(models.Model):
    _inherit = "survey.user_input"

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The contract whose customer was asked.",
    )
    invited_on = fields.Date(readonly=True, copy=False)
    reminded_on = fields.Date(readonly=True, copy=False)

    def _mark_done(self):
        """Override of `survey` to tell the contract, and wake its alerts."""
        result = super()._mark_done()
        # sudo: who answers has no part in contracts
        for answer in self.sudo().filtered(
            lambda one: one.order_id and not one.test_entry
        ):
            answer.order_id._message_log(body=answer._get_done_text())
            answer.order_id._mark_changed()
        return result

    def _get_done_text(self):
        self.ensure_one()
        if self.scoring_type == "no_scoring":
            return self.env._("The survey “%s” was answered.", self.survey_id.title)
        return self.env._(
            "The survey “%(survey)s” was answered: %(score)s %%.",
            survey=self.survey_id.title,
            score=round(self.scoring_percentage),
        )

    # === REMINDERS === #

    @api.model
    def _cron_remind_contracts(self):
        """Remind customers of running contracts who have not answered, once."""
        today = fields.Date.context_today(self)
        due = self._get_to_remind(today)
        IrCron = self.env["ir.cron"]
        IrCron._commit_progress(remaining=len(due))
        for answer in due:
            if answer.try_lock_for_update():
                answer._remind(today)
            if not IrCron._commit_progress(1):
                return

    def _get_to_remind(self, today):
        """Return the invitations whose day to be reminded of has come.

        :rtype: survey.user_input
        """
        now = fields.Datetime.now()
        open_ones = self.search(
            Domain("order_id.subscription_state", "in", ("draft", "progress", "paused"))
            & Domain("state", "!=", "done")
            & Domain("test_entry", "=", False)
            & Domain("invited_on", "!=", False)
            & Domain("reminded_on", "=", False)
            & Domain("survey_id.active", "=", True)
            & Domain("survey_id.contract_reminder_days", ">", 0)
            & (Domain("deadline", "=", False) | Domain("deadline", ">", now)),
            order="id",
        )
        return open_ones.filtered(
            lambda one: (today - one.invited_on).days
            >= one.survey_id.contract_reminder_days
        )

    def _remind(self, today):
        """Remind of one invitation; what goes wrong is told on the contract."""
        self.ensure_one()
        order = self.order_id.with_company(self.order_id.company_id)
        try:
            with self.env.cr.savepoint():
                order._check_may_be_asked(self.survey_id, self.partner_id)
                order._mail_survey(self)
                text = self.env._(
                    "%(customer)s was reminded of the survey “%(survey)s”.",
                    customer=self.partner_id.display_name,
                    survey=self.survey_id.title,
                )
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            text = self.env._(
                "Nobody was reminded of the survey “%(survey)s”: %(error)s",
                survey=self.survey_id.title,
                error=error,
            )
        order._message_log(body=text)
        self.reminded_on = today
