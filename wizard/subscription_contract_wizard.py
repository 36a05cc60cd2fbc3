from odoo import api, fields, models


class SubscriptionContractWizard(models.AbstractModel):
    """Ask for what is needed, and do it to one contract or many, each on its own."""

    _name = "subscription.contract.wizard"
    _description = "Contract Wizard"

    def _default_order_ids(self):
        return self.env["sale.order"].browse(self.env.context.get("active_ids"))

    order_ids = fields.Many2many(
        comodel_name="sale.order",
        string="Contracts",
        default=lambda self: self._default_order_ids(),
        required=True,
    )
    order_count = fields.Integer(string="Number", compute="_compute_order_id")
    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        compute="_compute_order_id",
        help="The contract, where it is one alone.",
    )
    currency_id = fields.Many2one(related="order_id.currency_id")
    is_done = fields.Boolean(readonly=True)

    @api.depends("order_ids")
    def _compute_order_id(self):
        for wizard in self:
            orders = wizard.order_ids._origin
            wizard.order_count = len(orders)
            wizard.order_id = orders if len(orders) == 1 else False

    def action_apply(self):
        """Do it. Once, however often the button is pressed."""
        self.ensure_one()
        # Who presses it again meanwhile is passed by, and later finds it done.
        if self.is_done or not self.try_lock_for_update():
            return {"type": "ir.actions.act_window_close"}
        action = self.order_ids._act_each(self._get_title(), self._act)
        self.is_done = True
        return action

    def _get_title(self):
        """Return what is done, for the page that shows what came of it.

        :rtype: str
        """
        return self._description

    def _act(self, order):
        """Do it to one contract.

        :param order: the contract
        :return: a note about what was done, or None
        :raise UserError: when the contract does not allow it
        """
        raise NotImplementedError
