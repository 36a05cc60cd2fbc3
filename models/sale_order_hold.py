"""Contracts that wait for a person: why, whom it is told, and how they go on."""

from odoo import fields, models
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

    def _set_hold(self, cause, reason=None):
        """Hold the contract for a person, or release it.

        One activity per hold, not one a day; it is done when the hold is released.

        :param str cause: one of the values of `hold`, or False to release
        :param str reason: what is wrong, in a clerk's words
        """
        self.ensure_one()
        if cause:
            # sudo: holds are kept from typing
            self.sudo().write({"hold": cause, "hold_reason": reason})
            self._schedule_hold_activity(reason)
        else:
            # sudo: holds are kept from typing
            self.sudo().write({"hold": False, "hold_reason": False})
            self.activity_feedback(["subscriptions.mail_activity_type_hold"])

    def _schedule_hold_activity(self, reason):
        activity_type = "subscriptions.mail_activity_type_hold"
        if self.activity_search([activity_type]):
            return
        self.activity_schedule(
            activity_type,
            summary=dict(self._fields["hold"]._description_selection(self.env)).get(
                self.hold
            ),
            note=plaintext2html(reason or ""),
            user_id=self._get_responsible_user().id,
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
