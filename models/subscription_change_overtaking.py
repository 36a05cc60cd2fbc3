"""Changes that make others void, until they are taken back themselves."""

from odoo import fields, models


class SubscriptionChange(models.Model):
    _inherit = "subscription.change"

    overtaken_by_id = fields.Many2one(
        comodel_name="subscription.change",
        string="Overtaken by",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The planned change that made this one void. If that one is taken back, "
        "this one is planned again.",
    )
    overtaken_ids = fields.One2many(
        comodel_name="subscription.change",
        inverse_name="overtaken_by_id",
        string="Overtaken",
        readonly=True,
    )

    def _get_overtaken(self):
        """Return what is planned, and void once this change is.

        Hook: overrides add to it.

        :rtype: subscription.change
        """
        self.ensure_one()
        planned = self.order_id.sudo().scheduled_change_ids  # sudo: the contract's own
        if self.kind == "plan":
            others = planned.filtered(lambda change: change.kind == "plan")
        elif self.kind == "quantity" and self.is_by_customer:
            # What a customer wishes takes the place of what they wished before.
            others = self.order_id._get_customer_changes().filtered(
                lambda change: change.kind == "quantity"
            )
        else:
            others = planned.browse()
        return others - self

    def _overtake(self):
        """Take back what this change makes void."""
        self.ensure_one()
        same = self._get_overtaken().filtered(lambda change: change.kind == self.kind)
        same._revoke(self._get_overtaking_text())
        rest = self._get_overtaken()  # with what those had overtaken
        rest.overtaken_by_id = self
        rest._revoke(self._get_overtaking_text())

    def _get_overtaking_text(self):
        if self.kind == "plan":
            return self.env._("another plan was chosen")
        return self.env._("other quantities were chosen")

    def _revoke(self, why=None, ending=False):
        """Override: what was overtaken by a change that is taken back counts again."""
        result = super()._revoke(why, ending)
        if not ending:
            for change in self:
                change.overtaken_ids._restore()
        return result

    def _restore(self):
        """Plan changes again that were taken back because of another one."""
        for change in self:
            change.overtaken_by_id = False
            if change._may_be_restored():
                change.state = "scheduled"
                change.order_id._log_change(self.env._("Planned again"), change)

    def _may_be_restored(self):
        """Tell whether a change may be planned again. Hook.

        :rtype: bool
        """
        self.ensure_one()
        return self.state == "revoked" and self.date >= self.order_id._get_today()
