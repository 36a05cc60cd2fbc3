from odoo import api, fields, models

# So many contracts get an activity in a night; more of them have one cause.
MAX_ACTIVITIES = 20


class SubscriptionFinding(models.Model):
    """A difference that the check of the figures found, until it is gone."""

    _name = "subscription.finding"
    _description = "Difference in the Figures"
    _order = "is_open desc, id desc"
    _rec_name = "message"

    message = fields.Text(string="Difference", required=True, readonly=True)
    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    key = fields.Char(
        required=True,
        readonly=True,
        help="What tells the difference from others, in any language.",
    )
    is_open = fields.Boolean(
        string="Open",
        default=True,
        readonly=True,
        index=True,
        help="Still found by the last check.",
    )
    create_date = fields.Datetime(string="Found on", readonly=True)
    gone_date = fields.Datetime(
        string="Gone on",
        readonly=True,
        help="When a check did not find it any more.",
    )

    # === ACTION METHODS === #

    def action_check(self):
        """Check all figures now, and say what came of it.

        :return: the action that tells, and shows the list anew
        :rtype: dict
        """
        self.check_access("read")
        self._check()
        found = self.search([("is_open", "=", True)])  # of the user's companies
        message = (
            self.env._("%s differences were found.", len(found))
            if found
            else self.env._("All figures add up.")
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if found else "success",
                "message": message,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === BUSINESS METHODS === #

    @api.model
    def _cron_verify(self):
        """Check all figures, and tell the people of contracts that are new in it."""
        # sudo: the check is of all there is
        known = self.sudo().search([("is_open", "=", True)])
        new = self._check() - known
        for order in new.order_id[:MAX_ACTIVITIES]:
            finding = new.filtered(lambda one, order=order: one.order_id == order)
            order.activity_schedule(
                "mail.mail_activity_data_todo",
                summary=self.env._("The figures do not add up"),
                note=finding[0].message,
                user_id=order._get_responsible_user().id,
            )

    @api.model
    def _check(self):
        """Bring the list up to date with what is found now.

        :return: what is open
        :rtype: subscription.finding
        """
        # sudo: the proof is about all there is, and the list is written by it alone
        differences = self.env["subscription.event"].sudo()._find_differences()
        found = {one["key"]: one for one in differences}
        known = self.sudo().search([("is_open", "=", True)])
        kept = known.filtered(lambda one: one.key in found)
        (known - kept).write({"is_open": False, "gone_date": fields.Datetime.now()})
        for finding in kept:
            message = found.pop(finding.key)["message"]
            if finding.message != message:
                finding.message = message
        return kept + self.sudo().create(list(found.values()))
