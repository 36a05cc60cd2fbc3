from odoo import api, fields, models
from odoo.tools import format_date

from ..const import LIVE_PERIOD_STATES
from ..engine import Period
from .subscription_change_line import MADE


class SubscriptionPeriod(models.Model):
    """The ledger: one row per contract and period, written with its invoice.

    PostgreSQL refuses a second live row for the same start, and any overlap. This is
    the last guard against billing a period twice, whatever crashes or runs at once.
    """

    _name = "subscription.period"
    _description = "Subscription Period"
    _order = "date_from desc, id desc"
    _rec_name = "date_from"

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    date_from = fields.Date(string="From", required=True, readonly=True)
    date_to = fields.Date(
        string="To", required=True, readonly=True, help="The last day, included."
    )
    full_from = fields.Date(
        readonly=True,
        help="First day of the full period, whose price the plan names.",
    )
    full_to = fields.Date(readonly=True, help="Last day of the full period.")
    kind = fields.Selection(
        # What was decided about the period; its state follows from it and the invoice.
        selection=[
            ("billed", "Billed"),
            ("free", "Free"),
            ("paused", "Paused"),
            ("void", "Void"),
            ("cut", "Given Back"),
        ],
        required=True,
        readonly=True,
        default="billed",
    )
    state = fields.Selection(
        selection=[
            ("billed", "Billed"),
            ("paid", "Paid"),
            ("free", "Free"),
            ("paused", "Paused"),
            ("credited", "Credited"),
            ("void", "Void"),
        ],
        compute="_compute_state",
        store=True,
        precompute=True,
        readonly=True,
        help="Void: the invoice was cancelled or deleted, the period is free to be "
        "billed again.",
    )
    is_live = fields.Boolean(compute="_compute_is_live")
    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    amount_untaxed = fields.Monetary(
        string="Untaxed Amount",
        readonly=True,
        help="The recurring part of the invoice, in the order's currency.",
    )
    currency_id = fields.Many2one(
        comodel_name="res.currency", required=True, readonly=True
    )
    company_id = fields.Many2one(
        comodel_name="res.company", required=True, readonly=True, index=True
    )
    partner_id = fields.Many2one(
        related="order_id.partner_id", string="Customer", store=True, index=True
    )
    user_id = fields.Many2one(
        related="order_id.user_id", string="Salesperson", store=True
    )
    plan_id = fields.Many2one(
        comodel_name="subscription.plan", readonly=True, ondelete="restrict"
    )

    _within_full_period = models.Constraint(
        "CHECK (full_from <= date_from AND date_to <= full_to)",
        "A period lies within the full period it is a part of.",
    )
    _dates_in_order = models.Constraint(
        "CHECK (date_from <= date_to)", "A period cannot end before it starts."
    )
    _start_unique = models.UniqueIndex(
        "(order_id, date_from) WHERE state != 'void'",
        "This period of the contract is already billed.",
    )
    # int4range() gives the contract a type that gist indexes without an extension.
    _no_overlap = models.Constraint(
        """EXCLUDE USING gist (
            int4range(order_id, order_id, '[]') WITH =,
            daterange(date_from, date_to, '[]') WITH &&
        ) WHERE (state != 'void')""",
        "Two periods of a contract overlap: some of these days are already billed.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "kind",
        "move_id.state",
        "move_id.payment_state",
        "move_id.reversal_move_ids.state",
    )
    def _compute_state(self):
        for period in self:
            period.state = period._get_state()

    def _get_state(self):
        """Return the state that follows from the decision and the invoice."""
        self.ensure_one()
        # sudo: the ledger knows what became of an invoice its reader may not see
        move = self.sudo().move_id
        if self.kind == "cut":
            return "void"  # its invoice stands, and a credit note gives it back
        if self.kind != "billed":
            return self.kind
        if move.state == "cancel":
            return "void"
        if move and move._is_fully_credited():
            return "credited"
        if move.payment_state in ("paid", "in_payment"):
            return "paid"
        return "billed"

    @api.depends("state")
    def _compute_is_live(self):
        for period in self:
            period.is_live = period.state in LIVE_PERIOD_STATES

    @api.depends("date_from", "date_to")
    def _compute_display_name(self):
        for period in self:
            period.display_name = period._get_label()

    def _get_label(self):
        """Return the period in words, in the context's language."""
        self.ensure_one()
        return self.env._(
            "%(start)s to %(end)s",
            start=format_date(self.env, self.date_from),
            end=format_date(self.env, self.date_to),
        )

    # === BUSINESS METHODS === #

    def _get_period(self):
        """Return the period for the engine.

        :rtype: engine.Period
        """
        self.ensure_one()
        full_from, full_to = self._get_full_days()
        return Period(
            self.date_from,
            self.date_to,
            full_from,
            full_to,
            free=self.kind != "billed",
        )

    def _get_full_days(self):
        """Return the first and the last day of the full period.

        Rows that were imported, or written before the ledger knew, ask the plan.

        :rtype: tuple[date, date]
        """
        self.ensure_one()
        if self.full_from:
            return self.full_from, self.full_to
        timeline = self.order_id._get_timeline(end_date=None)
        period = timeline.period_from(self.date_from)
        return period.full_start, max(period.full_end, self.date_to)

    def _set_void(self):
        """Free the periods, to be billed again; the rows stay as their history."""
        self.write({"kind": "void"})

    def _note_changes(self):
        """Note changes that the new row is billed with, and that are to come.

        Made on their day, they have nothing to charge for it any more; and none of
        them can be taken back as if it had not been billed.
        """
        self.ensure_one()
        for kind in ("plan", "price"):
            for change in self.order_id._get_counted_changes(kind):
                # A period has the plan and the price of its first day.
                if change.state == "scheduled" and change.date <= self.date_from:
                    change.billed_period_ids += self
        for change in self.order_id._get_counted_changes("quantity"):
            if change.date <= self.date_to and (
                change.state == "scheduled"
                or change._has_charge_pending()
                or change._is_charged_within(self)
            ):
                change.billed_period_ids += self

    def _adopt_charges(self):
        """Take over what changes were charged for days that are billed again.

        The invoice of a period was cancelled, that of an upsell in it stands.
        """
        self.ensure_one()
        if not self.order_id.change_ids:
            return
        self.env["account.move.line"].search(
            [
                ("subscription_id", "=", self.order_id.id),
                ("change_line_id", "!=", False),
                ("parent_state", "in", MADE),
                ("period_id.state", "=", "void"),
                ("period_id.kind", "!=", "cut"),
                ("period_from", ">=", self.date_from),
                ("period_to", "<=", self.date_to),
            ]
        ).period_id = self

    def _set_invoice(self, move):
        """Let an invoice take the periods over from the one that billed them."""
        self.write({"move_id": move.id, "kind": "billed"})

    def _log_freed(self, template):
        """Tell the contracts that periods of theirs are free again.

        :param template: function of the period's label, returning the text
        """
        for period in self.filtered(lambda period: period.kind == "billed"):
            order, label = period.order_id, period._get_label()
            if order._is_live_contract():
                body = template(label)
            else:
                body = self.env._(
                    "The invoice of %s is gone. The contract does not run any more and "
                    "bills nothing by itself: invoice these days by hand where they "
                    "are owed.",
                    label,
                )
            order.message_post(body=body)

    def action_view_invoice(self):
        """Open the period's invoice."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }
