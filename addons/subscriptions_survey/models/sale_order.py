from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.subscriptions.const import MAIL_LAYOUT

TEMPLATE = "survey.mail_template_user_input_invite"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    survey_count = fields.Integer(
        string="Surveys Sent", compute="_compute_survey_counts"
    )
    survey_done_count = fields.Integer(
        string="Surveys Answered", compute="_compute_survey_counts"
    )

    def _compute_survey_counts(self):
        # sudo: how many, for whoever may read the contract
        counts = {
            (order.id, state): count
            for order, state, count in self.env["survey.user_input"]
            .sudo()
            ._read_group(
                [("order_id", "in", self.ids), ("test_entry", "=", False)],
                ["order_id", "state"],
                ["__count"],
            )
        }
        for order in self:
            of_order = {key[1]: n for key, n in counts.items() if key[0] == order.id}
            order.survey_count = sum(of_order.values())
            order.survey_done_count = of_order.get("done", 0)

    def action_view_surveys(self):
        """Open what the contract's customer was asked, and answered."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions_survey.survey_user_input_action"
        )
        action["domain"] = [("order_id", "=", self.id), ("test_entry", "=", False)]
        return action

    # === SENDING === #

    def _send_survey(self, survey):
        """Invite the contract's customer to a survey, unless an invitation is open.

        The mail waits in the queue.

        :param survey: the survey.survey
        :return: the invitation, with all rights
        :rtype: survey.user_input
        :raise UserError: in words, where the customer cannot be asked
        """
        self.ensure_one()
        # sudo: whoever may move the contract need have no part in surveys
        survey = survey.sudo()
        partner = self._rating_get_partner()
        self._check_may_be_asked(survey, partner)
        answer = self._get_open_invitation(survey)
        if answer:
            self._message_log(
                body=self.env._(
                    "The survey “%s” is not answered yet: no second invitation.",
                    survey.title,
                )
            )
            return answer
        answer = survey._create_answer(
            partner=partner,
            check_attempts=False,  # another contract may have been asked
            order_id=self.id,
            invited_on=self._get_today(),
        )
        self._mail_survey(answer)
        self._message_log(
            body=self.env._(
                "%(customer)s was invited to the survey “%(survey)s”.",
                customer=partner.display_name,
                survey=survey.title,
            )
        )
        return answer

    def _check_may_be_asked(self, survey, partner):
        """Refuse in words what nobody could answer."""
        reason = None
        if not survey.active:
            reason = self.env._("the survey “%s” is closed.", survey.title)
        elif not survey.question_ids:
            reason = self.env._("the survey “%s” has no questions.", survey.title)
        elif survey.access_mode == "internal":
            reason = self.env._("the survey “%s” is for employees.", survey.title)
        elif (
            survey.users_login_required
            and not survey.users_can_signup
            and not partner.user_ids
        ):
            reason = self.env._(
                "the survey “%(survey)s” needs a login, and %(customer)s has none.",
                survey=survey.title,
                customer=partner.display_name,
            )
        elif not partner.email_normalized:
            reason = self.env._(
                "%s has no e-mail address.",
                partner.display_name or self.env._("the customer"),
            )
        if reason:
            raise UserError(
                self.env._(
                    "%(contract)s: %(reason)s", contract=self.name, reason=reason
                )
            )

    def _get_open_invitation(self, survey):
        """Return the invitation that is not answered and not over."""
        now = fields.Datetime.now()
        return (
            self.env["survey.user_input"]
            .sudo()  # as in `_send_survey`
            .search(
                Domain("order_id", "=", self.id)
                & Domain("survey_id", "=", survey.id)
                & Domain("state", "!=", "done")
                & Domain("test_entry", "=", False)
                & (Domain("deadline", "=", False) | Domain("deadline", ">", now)),
                limit=1,
            )
        )

    def _mail_survey(self, answer):
        """Queue the mail with the link to an invitation, in the customer's language."""
        template = self.env.ref(TEMPLATE, raise_if_not_found=False)
        if not template:
            raise UserError(self.env._("The mail that invites to surveys was deleted."))
        # sudo: who may see the contract need not be one of surveys or of mails
        sender = self.sudo().user_id.email_formatted or self.company_id.email_formatted
        template.sudo().with_context(lang=answer.partner_id.lang).send_mail(
            answer.id,
            email_layout_xmlid=MAIL_LAYOUT,
            email_values={
                "email_from": sender,
                "recipient_ids": [fields.Command.set(answer.partner_id.ids)],
            },
        )
        # sudo: mails wait in the queue, whoever sent them
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    # === STAGES === #

    def _send_for_stage(self, stage):
        """Override of `subscriptions` to send the stage's survey."""
        result = super()._send_for_stage(stage)
        survey = stage.sudo().survey_id  # sudo: as in `_send_survey`
        if survey:
            self._send_or_tell(
                lambda: self._send_survey(survey),
                self.env._("the survey “%s”", survey.title),
            )
        return result
