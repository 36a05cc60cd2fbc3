"""Contracts that wait for a person: why, whom it is told, and how they go on."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import plaintext2html

from ..const import HOLDS


class SaleOrder(models.Model):
    _inherit = "sale.order"

    hold = fields.Selection(
        selection=HOLDS,
        string="Held",
        readonly=True,
        copy=False,
        index="btree_not_null",
        tracking=True,
        help="A held contract is not billed until it is released.",
    )
    hold_reason = fields.Text(string="Reason", readonly=True, copy=False)
    hold_cause_id = fields.Many2one(
        comodel_name="subscription.hold.cause",
        string="Cause",
        compute="_compute_hold_cause_id",
        store=True,
        index="btree_not_null",
        help="Why the contract is held, with what mends it.",
    )
    hold_repair = fields.Text(related="hold_cause_id.repair", string="Repair")
    held_since = fields.Date(readonly=True, copy=False)
    held_days = fields.Integer(
        string="Days Held",
        compute="_compute_held_days",
        help="Days since the contract is held, whatever the cause was at first.",
    )

    # === COMPUTE METHODS === #

    @api.depends("hold")
    def _compute_hold_cause_id(self):
        held = self.filtered("hold")
        (self - held).hold_cause_id = False
        if held:
            causes = self.env["subscription.hold.cause"]._get_by_code()
            for order in held:
                order.hold_cause_id = causes.get(order.hold)

    @api.depends("held_since")
    def _compute_held_days(self):
        for order in self:
            since = order.held_since
            order.held_days = (order._get_today() - since).days if since else 0

    # === ACTION METHODS === #

    def action_release_hold(self):
        """Release held contracts and bill what is due.

        :raise AccessError: for all but sales managers
        """
        self.check_access("write")
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._("Held contracts are released by a sales administrator.")
            )
        for order in self.filtered("hold"):
            if order.hold == "backlog":
                # sudo: kept from typing, set by this button alone
                order.sudo().catch_up_until = order._get_today()
            elif order.hold == "anomaly":
                order._accept_unusual()
            order._set_hold(False)
            order._bill()

    # === BUSINESS METHODS === #

    def _set_hold(self, cause, reason=None):
        """Hold the contract for a person, or release it.

        One activity per hold, not one a day; it is done when the hold is released.

        :param str cause: one of the values of `hold`, or False to release
        :param str reason: what is wrong, in a clerk's words
        """
        self.ensure_one()
        if cause:
            # sudo: holds are kept from typing
            self.sudo().write(
                {
                    "hold": cause,
                    "hold_reason": reason,
                    "held_since": self.held_since or self._get_today(),
                }
            )
            self._schedule_hold_activity(reason)
        else:
            # sudo: holds are kept from typing
            self.sudo().write(
                {"hold": False, "hold_reason": False, "held_since": False}
            )
            self.activity_feedback(["subscriptions.mail_activity_type_hold"])

    def _schedule_hold_activity(self, reason):
        """Tell somebody of the hold, or say anew why it is held, once for each."""
        activity_type = "subscriptions.mail_activity_type_hold"
        labels = dict(self._fields["hold"]._description_selection(self.env))
        values = {
            "summary": labels.get(self.hold),
            # Providers and PostgreSQL word some of the reasons: text, not HTML.
            "note": plaintext2html(reason or ""),
        }
        activities = self.activity_search([activity_type])
        if activities:
            # sudo: it may be another one's to do
            activities.sudo().write(values)
            return
        self.activity_schedule(
            activity_type, user_id=self._get_responsible_user().id, **values
        )

    def _get_responsible_user(self):
        """Return whom to tell when something is wrong with the contract.

        Hook for other addons. The daily run's own user reads no activities.

        :rtype: res.users
        """
        self.ensure_one()
        # sudo: to find somebody, not to read about them
        order = self.sudo()
        managers = self.env.ref("sales_team.group_sale_manager").sudo().all_user_ids
        candidates = (
            order.user_id
            | order.team_id.user_id
            | managers.filtered(lambda user: order.company_id in user.company_ids)
        )
        people = candidates.filtered(lambda user: user.active and not user.share)
        return people[:1] or self.env.user
