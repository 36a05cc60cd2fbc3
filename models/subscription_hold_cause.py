from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..const import BILLING_BATCH_SIZE, HOLDS


class SubscriptionHoldCause(models.Model):
    """A cause for which contracts are held, in plain words and with its repair.

    One record for each value of the contract's `hold`, which the desk of held contracts
    is grouped by.
    """

    _name = "subscription.hold.cause"
    _description = "Cause of Held Contracts"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Selection(selection=HOLDS, required=True, readonly=True)
    sequence = fields.Integer(default=10)
    explanation = fields.Text(
        required=True, translate=True, help="What has happened, in a clerk's words."
    )
    repair = fields.Text(
        required=True, translate=True, help="What is to be done about it."
    )
    can_retry_all = fields.Boolean(compute="_compute_can_retry_all")

    _code_unique = models.Constraint(
        "UNIQUE (code)", "There is one record for each cause."
    )

    # === COMPUTE METHODS === #

    @api.depends("code")
    @api.depends_context("uid")
    def _compute_can_retry_all(self):
        is_manager = self.env.user.has_group("sales_team.group_sale_manager")
        for cause in self:
            cause.can_retry_all = cause.code == "payment_declined" or (
                is_manager and cause.code != "payment_unknown"
            )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to take in the contracts that were held before the cause existed."""
        causes = super().create(vals_list)
        orders = self.env["sale.order"].search([("hold", "in", causes.mapped("code"))])
        self.env.add_to_compute(orders._fields["hold_cause_id"], orders)
        return causes

    # === BUSINESS METHODS === #

    @api.model
    def _get_by_code(self):
        """Return all causes by the value of `hold` that they stand for.

        :rtype: dict[str, subscription.hold.cause]
        """
        # sudo: whoever's act holds a contract, a customer's online say
        return {cause.code: cause for cause in self.sudo().search([])}

    # === ACTION METHODS === #

    def action_retry_all(self):
        """Try again all contracts that are held for this cause, each on its own.

        Those that the user may see; from the desk, those that it shows.

        :return: the action that shows what came of it
        :rtype: dict
        :raise UserError: for a cause that only a person's knowledge mends
        """
        self.ensure_one()
        if self.code == "payment_unknown":
            raise UserError(
                self.env._(
                    "Nobody can try these again: each may have been paid. Look them up "
                    "at the payment provider, one by one."
                )
            )
        shown = Domain(self.env.context.get("subscription_desk_domain") or [])
        # As many as one request takes; the rest stays on the desk to be asked for.
        orders = self.env["sale.order"].search(
            shown & Domain("hold_cause_id", "=", self.id),
            order="held_since, id",
            limit=BILLING_BATCH_SIZE,
        )
        if not orders:
            raise UserError(self.env._("No contract is held for this any more."))
        return orders._retry_each(self.env._("Retry: %s", self.name))
