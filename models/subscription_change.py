from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

# Changes that count: what was made, and what will be.
COUNTED = ("scheduled", "done")


class SubscriptionChange(models.Model):
    """What was changed about a running contract, or will be on a day.

    The contract itself holds what counts today. Its past and its future are read from
    here: a period that is billed late, again or ahead is billed as it was or will be.
    """

    _name = "subscription.change"
    _description = "Contract Change"
    _order = "date desc, id desc"
    _check_company_auto = True

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    kind = fields.Selection(
        selection=[
            ("quantity", "Quantities"),
            ("plan", "Plan"),
            ("price", "Prices"),
            ("pause", "Pause"),
        ],
        required=True,
        readonly=True,
    )
    state = fields.Selection(
        selection=[
            ("proposed", "Proposed"),
            ("scheduled", "Scheduled"),
            ("done", "Done"),
            ("revoked", "Revoked"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="scheduled",
        index=True,
    )
    date = fields.Date(
        string="From",
        required=True,
        readonly=True,
        help="First day on which the change counts.",
    )
    date_to = fields.Date(
        string="Until", readonly=True, help="Last day of a pause, included."
    )
    line_ids = fields.One2many(
        comodel_name="subscription.change.line",
        inverse_name="change_id",
        string="Lines",
        readonly=True,
    )
    plan_before_id = fields.Many2one(
        comodel_name="subscription.plan", string="Plan Before", readonly=True
    )
    plan_id = fields.Many2one(
        comodel_name="subscription.plan", string="New Plan", readonly=True
    )
    source_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Quotation",
        readonly=True,
        index="btree_not_null",
        help="The upsell that made the change.",
    )
    reason = fields.Char(readonly=True)
    is_by_customer = fields.Boolean(
        string="By the Customer",
        readonly=True,
        help="The customer asked for it in the portal, and may take it back there.",
    )
    close_offer_id = fields.Many2one(
        comodel_name="subscription.close.offer",
        string="Offer to Stay",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="The offer that the customer took instead of leaving.",
    )
    failure = fields.Char(
        readonly=True, help="Why the change could not be made on its day."
    )
    billed_period_ids = fields.Many2many(
        comodel_name="subscription.period",
        string="Billed Ahead",
        readonly=True,
        help="Periods that were billed with the change before its day came.",
    )
    charged_until = fields.Date(
        readonly=True,
        help="Last day of the billed periods the change was charged for apart.",
    )
    user_id = fields.Many2one(
        comodel_name="res.users",
        string="Changed by",
        readonly=True,
        default=lambda self: self.env.user,
    )
    company_id = fields.Many2one(
        related="order_id.company_id", store=True, index=True, precompute=True
    )
    partner_id = fields.Many2one(
        related="order_id.partner_id", string="Customer", store=True
    )
    summary = fields.Text(compute="_compute_summary")
    move_ids = fields.Many2many(
        comodel_name="account.move",
        string="Invoices",
        compute="_compute_move_ids",
        help="Invoices and credit notes that the change made at once.",
    )

    # === COMPUTE METHODS === #

    @api.depends("kind", "line_ids", "plan_id", "date", "date_to")
    @api.depends_context("lang")
    def _compute_summary(self):
        for change in self:
            change.summary = "\n".join(change._get_texts())

    @api.depends("line_ids.move_line_ids")
    def _compute_move_ids(self):
        for change in self:
            # sudo: which documents a change made, to whoever may see the change
            change.move_ids = change.sudo().line_ids.move_line_ids.move_id

    @api.depends("kind", "date")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for change in self:
            change.display_name = f"{kinds[change.kind]}, " + format_date(
                self.env, change.date
            )

    def _get_texts(self):
        """Return what the change does, a sentence for each part of it.

        In the context's language, for people.

        :rtype: list[str]
        """
        self.ensure_one()
        texts = []
        if self.kind == "plan":
            texts.append(
                self.env._(
                    "Plan: %(before)s → %(after)s",
                    before=self.plan_before_id.name,
                    after=self.plan_id.name,
                )
            )
        if self.kind == "pause":
            texts.append(
                self.env._(
                    "Paused until %(date)s",
                    date=format_date(self.env, self.date_to)
                    if self.date_to
                    else self.env._("it is resumed"),
                )
            )
        return texts + [line._get_text() for line in self.line_ids]

    # === ACTION METHODS === #

    def action_revoke(self):
        """Take back what is scheduled.

        :raise UserError: for what was made already, or billed ahead
        """
        self.order_id.check_access("write")
        # sudo: changes are written by methods that have checked them
        self.sudo()._revoke()
        return True

    def action_apply(self):
        """Make scheduled changes whose day has come, after what stood in the way."""
        self.order_id.check_access("write")
        for change in self.sorted(lambda change: (change.date, change.id)):
            if change.date > change.order_id._get_today():
                raise UserError(
                    self.env._(
                        "This change is for %s. Until then it can be revoked.",
                        format_date(self.env, change.date),
                    )
                )
            change.sudo()._apply()  # sudo: see above
        return True

    # === BUSINESS METHODS === #

    def _revoke(self, why=None, ending=False):
        """Take back scheduled changes.

        :param str why: what made it so, for the chatter
        :param bool ending: the contract ends, and with it what was billed ahead
        :raise UserError: for what was made, or billed ahead
        """
        for change in self:
            order = change.order_id
            order._lock_contract()
            if change.state not in ("proposed", "scheduled"):
                raise UserError(
                    self.env._("Only what is scheduled can be taken back, not this.")
                )
            if not ending and change.billed_period_ids.filtered("is_live"):
                raise UserError(
                    self.env._(
                        "%(order)s is billed with this change already: make the "
                        "opposite change instead.",
                        order=order.name,
                    )
                )
            was_told = change.state == "scheduled"
            change.state = "revoked"
            if was_told:
                order._log_change(self.env._("No longer planned"), change, why)

    def _apply(self):
        """Make a change whose day has come. Once: a second time does nothing.

        :raise UserError: when it cannot be made
        """
        self.ensure_one()
        order = self.order_id
        order._lock_contract()
        if self.state != "scheduled":
            return
        if not order._is_live_contract():
            raise UserError(
                self.env._("%s does not run: nothing changes on it.", order.name)
            )
        with order._recording(**self._get_event_facts()):
            getattr(self, f"_apply_{self.kind}")()

    def _get_event_facts(self):
        """Return what the MRR events of the change tell about it.

        :return: arguments of :meth:`sale.order._recording`
        :rtype: dict
        """
        self.ensure_one()
        return {
            "change": self,
            "date": self.date,
            "actor": self.user_id.id,
            "origin": self.source_order_id.name,
            "note": ", ".join(self._get_texts()),
        }

    def _keeps_typed(self):
        """Tell whether prices that a person types meanwhile stay. Hook.

        :rtype: bool
        """
        self.ensure_one()
        return self.kind == "plan"

    def _set_done(self):
        self.write({"state": "done", "failure": False})

    def _get_supplements(self):
        """Return what the change charges and gives back of periods that are billed.

        :return: (charges, credits), lists of Supplement
        :rtype: tuple
        """
        self.ensure_one()
        order = self.order_id
        if self.kind == "plan":
            return [], order._get_credits(None, self.date, self)
        if self.kind != "quantity":
            return [], []
        gone = {
            line.order_line_id: -line.quantity_change
            for line in self.line_ids
            if line.quantity_change < 0
        }
        day = max(self.date, order.start_date)
        return order._get_charges(self), order._get_credits(gone, day, self)

    def _apply_quantity(self):
        order = self.order_id
        for line in self.line_ids:
            line._check_not_below_zero()
        self.env["subscription.billing"]._bill_pending(order)
        charges, credits = self._get_supplements()
        for line in self.line_ids:
            line._write_quantity()
        self._set_done()
        order._log_change(self.env._("Changed"), self)
        self.env["subscription.billing"]._bill_change(self, charges, credits)

    def _apply_plan(self):
        order = self.order_id
        self.env["subscription.billing"]._bill_pending(order)
        charges, credits = self._get_supplements()
        order._cut_periods(self.date, self.billed_period_ids)
        self._add_missing_prices(order.order_line)
        order._write_plan(self.plan_id)
        for line in self.line_ids:
            line._write_price()
        self._set_done()
        order._log_change(self.env._("Changed"), self)
        refunds = self.env["subscription.billing"]._bill_change(self, charges, credits)
        moves = order._bill()
        self.env["subscription.billing"]._use_credit(refunds, moves)

    def _add_missing_prices(self, lines):
        """Let a plan switch know lines that came after it was asked for.

        :param lines: lines of the contract
        """
        self.ensure_one()
        missing = lines - self.line_ids.order_line_id
        self.line_ids = [
            Command.create(values)
            for values in self.order_id._prepare_repricing(
                self.plan_id, self.date, {}, missing
            )
        ]

    def _apply_price(self):
        for line in self.line_ids:
            line._write_price()
        self._set_done()
        self.order_id._log_change(self.env._("Changed"), self)

    def _apply_pause(self):
        # Only pauses that were asked for ahead come here.
        self._set_done()
        self.order_id._set_subscription_state("paused")

    def _is_charged_within(self, row):
        """Tell whether a new row bills what was charged for its days before.

        What was charged was given back since: should its documents go, it is not
        pending for these days.

        :param row: the ledger row
        :rtype: bool
        """
        self.ensure_one()
        return (
            bool(self.charged_until)
            and row.date_from <= self.charged_until
            and any(
                line.is_charged_apart and not line._is_billed_apart(row._get_period())
                for line in self.line_ids
            )
        )

    def _has_charge_pending(self):
        """Tell whether an invoice of the change was cancelled or deleted."""
        self.ensure_one()
        return any(line._has_charge_pending() for line in self.line_ids)

    def _move_to(self, renewal):
        """Let what is planned for a contract be planned for its renewal.

        :param renewal: the order, with a line for each one that changes
        """
        self.ensure_one()
        lines = {line.parent_line_id: line for line in renewal.order_line}
        for one in self.line_ids:
            one.order_line_id = lines[one.order_line_id]
        self.order_id = renewal

    def _copy_to(self, renewal):
        """Let a renewal that begins before it know a change that was made.

        Its first period is billed with it, as the contract's would have been.

        :param renewal: the order
        """
        self.ensure_one()
        lines = {line.parent_line_id: line for line in renewal.order_line}
        values = [
            dict(
                one.copy_data({"source_line_id": False})[0],
                order_line_id=lines[one.order_line_id].id,
                is_charged_apart=False,
            )
            for one in self.line_ids
            # What was negotiated anew counts from the renewal's first day.
            if one.order_line_id in lines
            and lines[one.order_line_id].product_uom_qty
            == one.order_line_id._get_quantity_on(renewal._get_today())
        ]
        if values:
            self.copy(
                {
                    "order_id": renewal.id,
                    "state": self.state,
                    "line_ids": [Command.create(one) for one in values],
                    "billed_period_ids": False,
                    "charged_until": False,
                }
            )
