from odoo import api, fields, models

from ..engine import dunning

# A payment is under way, or may have been made: nobody may charge or change anything.
IN_FLIGHT = ("calling", "pending", "unknown")
# What is still to be got.
OPEN = ("due", "failed", "declined", "no_method", *IN_FLIGHT)


class SubscriptionCollection(models.Model):
    """One invoice of a contract that is to be paid by the saved payment method.

    Written with its invoice. It says how far its payment is, across all attempts and
    whatever becomes of them, and is the row that workers lock. Who charges, in which
    order, is the service ``subscription.collector``.
    """

    _name = "subscription.collection"
    _description = "Payment Collection"
    _order = "id desc"
    _rec_name = "move_id"
    _check_company_auto = True

    move_id = fields.Many2one(
        comodel_name="account.move",
        string="Invoice",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
        help="The contract; the first one where several share the invoice.",
    )
    order_ids = fields.Many2many(
        comodel_name="sale.order",
        relation="subscription_collection_order_rel",
        column1="collection_id",
        column2="order_id",
        string="Contracts",
        readonly=True,
    )
    period_id = fields.Many2one(
        comodel_name="subscription.period",
        string="Period",
        readonly=True,
        ondelete="set null",
        help="The period the invoice bills; empty for what a change costs.",
    )
    state = fields.Selection(
        selection=[
            ("due", "To Charge"),
            ("calling", "Being Charged"),
            ("pending", "Pending"),
            ("unknown", "Unknown"),
            ("declined", "Declined"),
            ("failed", "Not Tried"),
            ("no_method", "No Payment Method"),
            ("paid", "Paid"),
            ("lost", "Given Up"),
            ("cancelled", "Cancelled"),
        ],
        string="Status",
        required=True,
        readonly=True,
        default="due",
        copy=False,
        index=True,
        help="Unknown: the provider did not answer, the payment may have been made. "
        "Not tried: something has to be put right first.",
    )
    reason = fields.Text(
        readonly=True, help="Why the payment is where it is, in plain words."
    )
    currency_id = fields.Many2one(related="move_id.currency_id", store=True)
    amount = fields.Monetary(
        related="move_id.amount_total", string="Invoice Total", store=True
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
    plan_id = fields.Many2one(related="order_id.plan_id", store=True)

    # Attempts
    transaction_ids = fields.One2many(
        comodel_name="payment.transaction",
        inverse_name="collection_id",
        string="Attempts",
        readonly=True,
        groups="base.group_system",
    )
    transaction_id = fields.Many2one(
        comodel_name="payment.transaction",
        string="Latest Attempt",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        groups="base.group_system",
    )
    attempt = fields.Integer(
        string="Attempts Made", readonly=True, help="How often it was tried so far."
    )
    last_attempt_date = fields.Datetime(string="Last Attempt", readonly=True)
    next_date = fields.Date(
        string="Next Step",
        readonly=True,
        index=True,
        help="Day on which the payment is tried, the customer is written to, or the "
        "last action is taken.",
    )
    first_call_date = fields.Datetime(
        readonly=True,
        help="When the latest attempt was first sent to the provider. Asked again, it "
        "answers as it did then, for as long as it remembers.",
    )
    ask_again_date = fields.Datetime(
        readonly=True,
        help="When the provider is asked again about an attempt that it left without "
        "an answer.",
    )
    asked_again = fields.Integer(readonly=True)
    is_asked_for = fields.Boolean(
        readonly=True, help="To be charged in the next run, whatever its day."
    )
    paying_since = fields.Datetime(
        readonly=True,
        help="When the customer last began to pay the invoice online.",
    )

    # Dunning
    policy_id = fields.Many2one(
        comodel_name="subscription.dunning.policy",
        string="Dunning Policy",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    failed_on = fields.Date(
        string="First Failure",
        readonly=True,
        help="Day 0 of the policy. Begins anew when the payment method changes.",
    )
    dunning_day = fields.Integer(
        readonly=True,
        default=-1,
        help="Day of the last step of the policy that was done; -1 for none.",
    )
    is_hard = fields.Boolean(
        string="Declined for Good",
        readonly=True,
        help="The provider said that trying again is no use: a lost or expired card.",
    )
    was_declined = fields.Boolean(readonly=True)
    is_told = fields.Boolean(
        readonly=True, help="Somebody was told that the contract ended with it open."
    )
    outcome = fields.Selection(
        selection=[
            ("open", "Still Open"),
            ("recovered", "Recovered"),
            ("lost", "Lost"),
        ],
        compute="_compute_outcome",
        store=True,
        index=True,
        help="What became of a payment that failed once.",
    )

    _move_unique = models.Constraint(
        "UNIQUE (move_id)", "An invoice is collected only once."
    )

    # === COMPUTE METHODS === #

    @api.depends("state", "was_declined")
    def _compute_outcome(self):
        outcomes = {"paid": "recovered", "lost": "lost", "cancelled": False}
        for collection in self:
            collection.outcome = collection.was_declined and outcomes.get(
                collection.state, "open"
            )

    @api.depends("move_id.name", "order_id.name")
    def _compute_display_name(self):
        for collection in self:
            name = collection.move_id.name
            if not name or name == "/":
                name = collection.order_id.name
            collection.display_name = name

    # === WHAT IS TO BE GOT === #

    def _get_token(self):
        """Return the payment method that is charged.

        Hook for other addons: a second method to fall back on, for instance.

        :rtype: payment.token
        """
        self.ensure_one()
        # sudo: a method belongs to its customer; its contract may use it
        token = self.sudo().order_id._get_living_contract().payment_token_id
        return token if token.active else token.browse()

    def _get_amount(self):
        """Return what is still to be paid of the invoice, in its currency."""
        self.ensure_one()
        move = self.move_id
        return move.amount_residual if move.state == "posted" else move.amount_total

    def _get_reference_prefix(self):
        """Return what names contract and period in the references of its attempts.

        :return: for instance S00012-12-20260701
        :rtype: str
        """
        self.ensure_one()
        order = self.order_id
        period = self.period_id
        what = f"{period.date_from:%Y%m%d}" if period else f"M{self.move_id.id}"
        return f"{order.name}-{order.id}-{what}"

    def _get_rivals(self):
        """Return payments of the invoice that are under way by another hand.

        :rtype: payment.transaction
        """
        self.ensure_one()
        # sudo: payments are read by administrators only
        move = self.sudo().move_id
        return move.transaction_ids.filtered(
            lambda tx: tx.collection_id != self.sudo()
            and not (tx.state == "pending" and tx._is_promise())
            and tx.operation not in ("refund", "validation")
            and (
                tx.state in ("pending", "authorized")
                or (tx.state == "done" and not tx.is_post_processed)
                or (tx.state == "draft" and tx._is_being_made())
            )
        )

    def _is_overpaid(self):
        """Tell whether more was captured for the invoice than it comes to."""
        self.ensure_one()
        move = self.move_id
        # sudo: payments are read by administrators only
        alone = move.sudo().transaction_ids.filtered(
            lambda tx: len(tx.invoice_ids) == 1
        )
        captured = sum(
            tx.amount
            for tx in alone | alone.child_transaction_ids  # refunds are negative
            if tx.state == "done"
            and tx.operation != "validation"
            and not tx._is_captured_in_parts()
        )
        return move.currency_id.compare_amounts(captured, move.amount_total) > 0

    # === DUNNING === #

    def _get_policy(self):
        """Return the dunning policy that holds for the payment.

        :rtype: subscription.dunning.policy
        """
        self.ensure_one()
        return self.policy_id or self.order_id.plan_id.dunning_policy_id

    def _get_next_date(self, failed_on, day, ends=True):
        """Return the date of the policy's next step after a day of it.

        Steps that only try again, of a method that is declined for good, are left out
        by the collector: it has the policy's mails to send on these days.
        """
        return self._get_policy()._get_next_date(failed_on, day, ends=ends)

    def _get_final_date(self):
        """Return the date of the policy's last action, or None."""
        self.ensure_one()
        policy = self._get_policy()
        if not policy or not self.failed_on or self.state == "no_method":
            return None
        return dunning.date_of(self.failed_on, policy.final_days)

    def _shift(self, days):
        """Let the dunning take up where it was, after a pause of so many days.

        :param int days: length of the pause
        """
        for collection in self.filtered("failed_on"):
            collection.failed_on = dunning.date_of(collection.failed_on, days)
            if collection.next_date:
                collection.next_date = dunning.date_of(collection.next_date, days)

    # === ACTION METHODS === #

    def action_view_invoice(self):
        """Open the invoice."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "views": [(False, "form")],
        }

    def action_view_contracts(self):
        """Open the contracts that the invoice bills."""
        self.ensure_one()
        if len(self.order_ids) <= 1:
            return self.order_id._get_form_action()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Contracts"),
            "res_model": "sale.order",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.order_ids.ids)],
        }

    def action_settle_paid(self):
        """Ask how the user knows that the payment was made."""
        return self._ask_how_known(True)

    def action_settle_unpaid(self):
        """Ask how the user knows that the payment was not made."""
        return self._ask_how_known(False)

    def _ask_how_known(self, paid):
        self.ensure_one()
        wizard = self.env["subscription.settle"].create(
            {"collection_id": self.id, "paid": paid}
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("It Was Paid")
            if paid
            else self.env._("It Was Not Paid"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }
