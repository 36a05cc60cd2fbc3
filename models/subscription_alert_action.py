"""What an alert does about a contract, and with what."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import float_round

from ..const import HEALTH
from ..engine.recurrence import add_days


class SubscriptionAlert(models.Model):
    _inherit = "subscription.alert"

    action = fields.Selection(
        selection="_get_actions", string="Do", default="activity", required=True
    )
    activity_type_id = fields.Many2one(
        comodel_name="mail.activity.type",
        default=lambda self: self.env.ref("mail.mail_activity_data_call", False),
        ondelete="restrict",
        domain="[('res_model', 'in', (False, 'sale.order'))]",
    )
    activity_summary = fields.Char(string="Summary", translate=True)
    activity_note = fields.Html(string="Note", translate=True)
    activity_days = fields.Integer(string="Due In", default=2)
    assignee = fields.Selection(
        selection=[
            ("salesperson", "Salesperson"),
            ("leader", "Team leader"),
            ("user", "A person"),
        ],
        string="For",
        default="salesperson",
        required=True,
    )
    assigned_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Person",
        domain="[('share', '=', False)]",
        ondelete="restrict",
    )
    mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Mail",
        domain="[('model', '=', 'sale.order')]",
        ondelete="restrict",
    )
    sms_template_id = fields.Many2one(
        comodel_name="sms.template",
        string="SMS",
        domain="[('model', '=', 'sale.order')]",
        ondelete="restrict",
    )
    rating_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Rating Request",
        domain="[('model', '=', 'sale.order')]",
        ondelete="restrict",
        help="Left empty, the usual request is sent.",
    )
    new_stage_id = fields.Many2one(
        comodel_name="subscription.stage", string="New Stage", ondelete="restrict"
    )
    new_health = fields.Selection(
        selection=HEALTH, help="It stays until somebody releases it."
    )
    new_tag_ids = fields.Many2many(
        comodel_name="crm.tag",
        relation="subscription_alert_new_tag_rel",
        string="New Tags",
        ondelete="restrict",
    )
    close_reason_id = fields.Many2one(
        comodel_name="subscription.close.reason", string="Reason", ondelete="restrict"
    )
    close_at = fields.Selection(
        selection=[("period_end", "At the end of what is billed"), ("now", "At once")],
        string="Ends",
        default="period_end",
        required=True,
    )

    @api.model
    def _get_actions(self):
        """Return what an alert may do. Hook: companions add theirs, with `_act_…`.

        SMS only where they can be sent, or are being sent already.
        """
        actions = [
            ("activity", self.env._("Plan an activity")),
            ("mail", self.env._("Send a mail")),
            ("sms", self.env._("Send an SMS")),
            ("rating", self.env._("Ask for a rating")),
            ("stage", self.env._("Move to a stage")),
            ("health", self.env._("Set the health")),
            ("tag", self.env._("Add tags")),
            ("close", self.env._("Close the contract")),
        ]
        if not self._can_send_sms():
            actions = [one for one in actions if one[0] != "sms"]
        return actions

    @api.model
    def _can_send_sms(self):
        """Tell whether SMS have credit, or go by a provider of the company's own."""
        company = self.env.company
        if company._fields.get("sms_provider") and company.sms_provider != "iap":
            return True
        # sudo: how much is left, and whether one is in use; both are administrators'
        accounts = self.env["iap.account"].sudo().search([("service_name", "=", "sms")])
        if any(_has_credit(account.balance) for account in accounts):
            return True
        self.env.cr.execute(
            "SELECT 1 FROM subscription_alert WHERE action = 'sms' LIMIT 1"
        )
        return bool(self.env.cr.rowcount)

    @api.constrains(
        "action",
        "activity_type_id",
        "assignee",
        "assigned_user_id",
        "close_reason_id",
        "mail_template_id",
        "new_health",
        "new_stage_id",
        "new_tag_ids",
        "sms_template_id",
    )
    def _check_action(self):
        for alert in self:
            needed = alert._get_needed_field()
            if needed and not alert[needed]:
                raise ValidationError(
                    self.env._(
                        "“%(alert)s” does not say what to do: fill in “%(field)s”.",
                        alert=alert.name,
                        field=alert._fields[needed].get_description(
                            self.env, ["string"]
                        )["string"],
                    )
                )

    @api.constrains("mail_template_id", "rating_template_id", "sms_template_id")
    def _check_templates(self):
        for alert in self:
            for name in ("mail_template_id", "rating_template_id", "sms_template_id"):
                # sudo: what the template is for
                template = alert[name].sudo()
                if template and template.model != "sale.order":
                    # Rendered of another record with the number of the contract, it
                    # would go to whoever that is.
                    raise ValidationError(
                        self.env._(
                            "“%s” is no message about contracts: choose one for sales "
                            "orders.",
                            template.name,
                        )
                    )

    def _get_needed_field(self):
        """Return the field the action cannot do without, or None. Hook."""
        self.ensure_one()
        if self.action == "activity" and self.assignee == "user":
            return "assigned_user_id"
        return {
            "activity": "activity_type_id",
            "mail": "mail_template_id",
            "sms": "sms_template_id",
            "stage": "new_stage_id",
            "health": "new_health",
            "tag": "new_tag_ids",
            "close": "close_reason_id",
        }.get(self.action)

    def _get_action_phrase(self):
        """Return in words what is done. Hook."""
        self.ensure_one()
        phrases = {
            "activity": self._get_activity_phrase,
            "mail": lambda: self.env._(
                "send “%s”", self._get_names("mail_template_id")
            ),
            "sms": lambda: self.env._(
                "send the SMS “%s”", self._get_names("sms_template_id")
            ),
            "rating": lambda: self.env._("ask the customer for a rating"),
            "stage": lambda: self.env._(
                "move it to “%s”", self._get_names("new_stage_id")
            ),
            "health": lambda: self.env._(
                "set its health to “%s”", self._get_label("new_health")
            ),
            "tag": lambda: self.env._("tag it %s", self._get_names("new_tag_ids")),
            "close": self._get_close_phrase,
        }
        return phrases[self.action]() if self.action in phrases else "…"

    def _get_activity_phrase(self):
        values = {
            "type": self._get_names("activity_type_id"),
            "days": self.activity_days,
            "who": {
                "salesperson": self.env._("the salesperson"),
                "leader": self.env._("the team leader"),
            }.get(self.assignee, self._get_names("assigned_user_id")),
        }
        if not self.activity_days:
            return self.env._("plan “%(type)s” for %(who)s today", **values)
        if self.activity_days == 1:
            return self.env._("plan “%(type)s” for %(who)s tomorrow", **values)
        return self.env._("plan “%(type)s” for %(who)s in %(days)s days", **values)

    def _get_close_phrase(self):
        reason = self._get_names("close_reason_id")
        if self.close_at == "now":
            return self.env._("close it at once (%s)", reason)
        return self.env._("close it at the end of what is billed (%s)", reason)

    # === ACTIONS === #

    def _act(self, order):
        """Do about a contract what the alert says.

        Called by the automation rule, for one contract at a time.

        :param order: the contract, as superuser
        :raise UserError: with words, where it cannot be done
        """
        self.ensure_one()
        # Mails wait for the queue: nothing is out before the commit.
        order = order.with_company(order.company_id).with_context(
            mail_notify_force_send=False
        )
        getattr(self.with_env(order.env), f"_act_{self.action}")(order)

    def _act_activity(self, order):
        order.activity_schedule(
            activity_type_id=self.activity_type_id.id,
            summary=self.activity_summary or self.name,
            note=self.activity_note,
            date_deadline=add_days(order._get_today(), self.activity_days),
            user_id=self._get_assignee(order).id,
        )

    def _get_assignee(self, order):
        """Return who is to do something about the contract.

        :rtype: res.users
        """
        user = {
            "salesperson": order.user_id,
            "leader": order.team_id.user_id,
            "user": self.assigned_user_id,
        }[self.assignee]
        # Nobody there: somebody is told all the same.
        return user.filtered("active") or order._get_responsible_user()

    def _act_mail(self, order):
        order._post_mail_template(self.mail_template_id)

    def _act_sms(self, order):
        if not order.partner_id.phone:
            raise UserError(
                self.env._("%s has no phone number.", order.partner_id.display_name)
            )
        order._message_sms_with_template(
            template=self.sms_template_id,
            partner_ids=order.partner_id.ids,
            put_in_queue=True,
        )

    def _act_rating(self, order):
        order._send_rating_request(self.rating_template_id or None)

    def _act_stage(self, order):
        order.stage_id = self.new_stage_id

    def _act_health(self, order):
        order.health = self.new_health

    def _act_tag(self, order):
        order.tag_ids |= self.new_tag_ids

    def _act_close(self, order):
        day = None
        if self.close_at == "period_end":
            day = order._get_close_date_at_period_end()
        order._close(self.close_reason_id, day)


def _has_credit(balance):
    """Tell whether a balance, as text with its unit, is more than nothing."""
    number = (balance or "0").split()[0]
    try:
        return float_round(float(number), precision_digits=4) > 0
    except ValueError:
        return False
