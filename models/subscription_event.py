from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import format_amount, format_date

# The kinds, as `engine.movements` tells them apart.
KINDS = [
    ("new", "New"),
    ("expansion", "Expansion"),
    ("contraction", "Contraction"),
    ("churn", "Churn"),
    ("reactivation", "Reactivation"),
    ("transfer", "Transfer"),
    ("currency", "Currency"),
]


class SubscriptionEvent(models.Model):
    """One movement of a contract's MRR, written as it happens and never rewritten.

    All figures are read from here. The sum of a contract's events is its MRR; what it
    is counted under, a plan or a salesperson, is moved from one to the other by two
    events that net 0.
    """

    _name = "subscription.event"
    _description = "MRR Event"
    _order = "event_date desc, id desc"

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        required=True,
        index=True,
        ondelete="restrict",
    )
    root_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="First Contract",
        required=True,
        ondelete="restrict",
        help="The contract the customer began with: renewals follow it.",
    )
    event_date = fields.Date(string="Date", required=True)
    kind = fields.Selection(selection=KINDS, required=True)
    customer_kind = fields.Selection(
        selection=KINDS,
        string="Kind for the Customer",
        required=True,
        help="What it is for the customer as a whole: a second contract is an "
        "expansion.",
    )
    state = fields.Selection(
        selection=[("progress", "Running"), ("paused", "Paused")],
        string="Contract Status",
        required=True,
        help="The status under which the MRR counts; a pause moves it.",
    )
    mrr_change = fields.Monetary(
        string="MRR Change", help="What the MRR grew by, in the company's currency."
    )
    mrr_after = fields.Monetary(
        string="MRR After",
        aggregator=None,
        help="The contract's MRR after the event.",
    )
    active_change = fields.Integer(
        string="Change in Contracts",
        help="1 where a contract began to count, -1 where it ended.",
    )
    product_mrr = fields.Json(
        string="MRR Change by Product",
        help="The products that caused it: MRR change by product id.",
    )
    product_summary = fields.Char(string="Products", compute="_compute_product_summary")
    plan_id = fields.Many2one(
        comodel_name="subscription.plan", string="Recurring Plan", ondelete="restrict"
    )
    partner_id = fields.Many2one(
        comodel_name="res.partner", string="Customer", ondelete="restrict"
    )
    commercial_partner_id = fields.Many2one(
        comodel_name="res.partner",
        string="Commercial Customer",
        ondelete="restrict",
        help="The company, for a contract made with one of its people.",
    )
    customer_number = fields.Integer(
        readonly=True,
        help="The commercial customer when it happened, whoever they were merged into.",
    )
    country_id = fields.Many2one(comodel_name="res.country", ondelete="restrict")
    user_id = fields.Many2one(
        comodel_name="res.users", string="Salesperson", ondelete="set null"
    )
    team_id = fields.Many2one(
        comodel_name="crm.team", string="Sales Team", ondelete="set null"
    )
    template_id = fields.Many2one(
        comodel_name="sale.order.template",
        string="Quotation Template",
        ondelete="set null",
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, ondelete="restrict"
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency", required=True, ondelete="restrict"
    )
    close_reason_id = fields.Many2one(
        comodel_name="subscription.close.reason",
        string="Close Reason",
        ondelete="restrict",
    )
    change_id = fields.Many2one(
        comodel_name="subscription.change",
        string="Change",
        index="btree_not_null",
        ondelete="set null",
        help="The change of the contract that made it.",
    )
    actor_id = fields.Many2one(
        comodel_name="res.users",
        string="By",
        ondelete="set null",
        help="Who did it, or asked for it.",
    )
    origin = fields.Char(
        string="Document", help="Reference of the document that made it."
    )
    note = fields.Char(string="What Happened")

    # What reports read: who may see what, when, and how much.
    # All that figures and filters ask for: the table itself is not read.
    _by_date = models.Index(
        "(company_id, event_date) INCLUDE (id, kind, mrr_change, mrr_after, "
        "active_change, currency_id, root_order_id, user_id, team_id, plan_id, "
        "template_id, country_id)"
    )
    _by_root = models.Index("(root_order_id, event_date, id)")
    # Retention: when contracts began and ended.
    _by_entry = models.Index(
        "(root_order_id) INCLUDE (id, event_date, kind, active_change) "
        "WHERE active_change <> 0"
    )
    _by_customer = models.Index(
        "(commercial_partner_id, company_id) INCLUDE (customer_kind, active_change)"
    )
    _active_is_one = models.Constraint(
        "CHECK (active_change BETWEEN -1 AND 1)",
        "An event is about one contract.",
    )

    # === COMPUTE METHODS === #

    @api.depends("product_mrr")
    def _compute_product_summary(self):
        ids = {int(key) for event in self for key in event.product_mrr or ()}
        products = {
            product.id: product.display_name
            for product in self.env["product.product"].browse(ids).exists()
        }
        for event in self:
            event.product_summary = ", ".join(
                f"{products.get(product, self.env._('Deleted product'))}: "
                + format_amount(self.env, amount, event.currency_id)
                for product, amount in event._get_amounts().items()
            )

    @api.depends("order_id", "kind", "event_date")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for event in self:
            # sudo: the name of a contract that has another salesperson by now
            name = event.order_id.sudo().name
            day = format_date(self.env, event.event_date)
            event.display_name = f"{name}, {day}: {kinds.get(event.kind)}"

    def _get_amounts(self):
        """Return the MRR change by product id.

        :rtype: dict[int, float]
        """
        self.ensure_one()
        return {int(key): amount for key, amount in (self.product_mrr or {}).items()}

    def _get_keys(self):
        """Return what the event is counted under, as ``_get_event_keys`` of orders.

        :rtype: dict
        """
        self.ensure_one()
        names = self.order_id._get_event_keys()
        return self._convert_to_write({name: self[name] for name in names})

    # === CRUD METHODS === #

    def write(self, vals):  # pylint: disable=method-required-super
        """Override: what happened has happened, for administrators too.

        :raise AccessError: always
        """
        raise AccessError(self._get_refusal())

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise AccessError(self._get_refusal())

    def _get_refusal(self):
        return self.env._(
            "MRR events tell what happened. They are never changed or deleted: what "
            "was wrong is put right by another event."
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Override: events are written by what happens to contracts.

        :raise AccessError: for all but the superuser
        """
        if not self.env.su:
            raise AccessError(
                self.env._("MRR events are written by what happens to contracts.")
            )
        return super().create(vals_list)
