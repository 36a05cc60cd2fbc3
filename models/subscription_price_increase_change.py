"""What a contract's change knows of the price increase it belongs to."""

from odoo import api, fields, models
from odoo.exceptions import UserError


class SubscriptionChange(models.Model):
    _inherit = "subscription.change"

    price_increase_id = fields.Many2one(
        comodel_name="subscription.price.increase",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    price_increase_state = fields.Selection(
        related="price_increase_id.state", string="Status of the Increase"
    )
    taken_out = fields.Boolean(
        readonly=True, help="A person left this contract out of the price increase."
    )
    # Worked out when it was proposed: what was promised does not move afterwards.
    mrr_before = fields.Monetary(
        string="MRR Before", currency_field="company_currency_id", readonly=True
    )
    mrr_after = fields.Monetary(
        string="MRR After", currency_field="company_currency_id", readonly=True
    )
    mrr_effect = fields.Monetary(
        string="Effect on MRR",
        currency_field="company_currency_id",
        compute="_compute_mrr_effect",
        store=True,
    )
    company_currency_id = fields.Many2one(
        related="company_id.currency_id", string="Company Currency"
    )
    order_plan_id = fields.Many2one(related="order_id.plan_id", string="Plan")
    notified_date = fields.Date(
        string="Told On",
        readonly=True,
        help="The day the customer was sent the notice.",
    )
    notice_failure = fields.Char(
        string="Not Told", readonly=True, help="Why the notice could not be sent."
    )

    # === COMPUTE METHODS === #

    @api.depends("mrr_before", "mrr_after")
    def _compute_mrr_effect(self):
        for change in self:
            change.mrr_effect = change.mrr_after - change.mrr_before

    # === ACTION METHODS === #

    def _get_event_facts(self):
        """Override to name the price increase."""
        facts = super()._get_event_facts()
        if self.price_increase_id:
            facts["origin"] = self.price_increase_id.display_name
        return facts

    def action_take_out(self):
        """Leave contracts out of their price increase."""
        self._check_increase_access()
        for change in self.sudo():  # sudo: who may write the increase has been asked
            change._revoke(self.env._("left out of the price increase"))
            change.taken_out = True
        return True

    def action_put_back(self):
        """Propose contracts again that were taken out before all was scheduled."""
        self._check_increase_access()
        for change in self.sudo():  # sudo: see above
            if not change.taken_out or change.price_increase_id.state != "preview":
                raise UserError(
                    self.env._("Only before it is scheduled can this be put back.")
                )
            change.write({"state": "proposed", "taken_out": False})
        return True

    def _check_increase_access(self):
        increases = self.price_increase_id
        if len(self.filtered("price_increase_id")) != len(self):
            raise UserError(self.env._("This belongs to no price increase."))
        increases.check_access("write")

    # === BUSINESS METHODS === #

    def _check_still_proposed(self, values):
        """Refuse a proposal that is no longer what was previewed.

        What is the same, but for the quantity or the day, is brought up to date.

        :param dict values: what would be proposed now
        :raise UserError: where prices have changed in between
        """
        self.ensure_one()

        def key(line):
            return line["order_line_id"], line["price_before"], line["price_after"]

        now = {key(command[2]) for command in values["line_ids"]}
        then = {
            (line.order_line_id.id, line.price_before, line.price_after)
            for line in self.line_ids
        }
        if now != then:
            raise UserError(
                self.env._(
                    "The prices of %s have changed since the preview.",
                    self.order_id.name,
                )
            )
        self.write({name: values[name] for name in ("date", "mrr_before", "mrr_after")})

    def _send_notice(self, template, day):
        """Tell the customer, once, and note it in the same transaction.

        :param template: the mail.template, for sale.order
        :param date day: today
        :raise UserError: for a customer without an address
        """
        self.ensure_one()
        order = self.order_id
        if not order.partner_id.email:
            raise UserError(
                self.env._("%s has no e-mail address.", order.partner_id.display_name)
            )
        self.notified_date = day
        # Put into the queue, not sent: a mail that left cannot be rolled back.
        order.with_context(
            price_increase_id=self.price_increase_id.id,
            mail_notify_force_send=False,
        ).message_post_with_source(
            template,
            email_layout_xmlid="mail.mail_notification_layout_with_responsible_signature",
            subtype_xmlid="mail.mt_comment",
        )

    def _get_overtaken(self):
        """Override: a price raised for one plan is not that of another.

        Prices per month, left to count after a switch to a yearly plan, would be
        those of a year.
        """
        overtaken = super()._get_overtaken()
        if self.kind == "plan":
            planned = self.order_id.sudo().scheduled_change_ids  # sudo: see the parent
            overtaken |= planned.filtered(
                lambda change: change.price_increase_id and change.date >= self.date
            )
        return overtaken

    def _may_be_restored(self):
        """Override: an increase that was undone meanwhile does not come back."""
        increase = self.price_increase_id
        may = super()._may_be_restored()
        return may and (not increase or increase.state == "scheduled")

    def _restore(self):
        """Override: a contract that is back in a price increase is not listed."""
        result = super()._restore()
        for change in self.filtered(lambda one: one.state == "scheduled"):
            change.price_increase_id.refusal_ids.filtered(
                lambda one, change=change: one.stage == "revoked"
                and one.order_id == change.order_id
            ).unlink()
        return result

    def _revoke(self, why=None, **options):
        """Override: a contract that drops out of a price increase is listed there."""
        dropped = self.filtered(
            lambda change: change.price_increase_id
            and change.state == "scheduled"
            and not self.env.context.get("price_increase_undo")
        )
        result = super()._revoke(why, **options)
        self.env["subscription.price.increase.refusal"].create(
            [
                change.price_increase_id._prepare_refusal(
                    change.order_id, "revoked", why or self.env._("revoked by hand")
                )
                for change in dropped
            ]
        )
        dropped.price_increase_id._close_finished()
        return result

    def _set_done(self):
        """Override: the last change that is made closes its price increase."""
        result = super()._set_done()
        (self | self.overtaken_ids).price_increase_id._close_finished()
        return result
