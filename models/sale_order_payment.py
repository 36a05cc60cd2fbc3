"""How the contract is paid: what is open, what was tried, and what comes next."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from ..const import PAYMENT_HOLDS
from ..engine import lifecycle
from .subscription_collection import IN_FLIGHT, OPEN


class SaleOrder(models.Model):
    _inherit = "sale.order"

    collection_ids = fields.Many2many(
        comodel_name="subscription.collection",
        relation="subscription_collection_order_rel",
        column1="order_id",
        column2="collection_id",
        string="Payments",
        readonly=True,
        copy=False,
    )
    open_collection_id = fields.Many2one(
        comodel_name="subscription.collection",
        string="Open Payment",
        compute="_compute_open_collection_id",
        help="The payment that people are written to about.",
    )
    collection_count = fields.Integer(compute="_compute_payment_summary")
    open_amount = fields.Monetary(
        string="Open",
        compute="_compute_payment_summary",
        help="What is invoiced and not paid, in the order's currency.",
    )
    last_attempt_date = fields.Datetime(
        string="Last Attempt",
        compute="_compute_payment_summary",
        help="When the payment method was last charged, or tried.",
    )
    last_attempt_result = fields.Char(
        string="Result", compute="_compute_payment_summary"
    )
    next_attempt_date = fields.Date(
        string="Next Attempt",
        compute="_compute_payment_summary",
        help="When the payment method is charged next, or the customer written to.",
    )

    # === COMPUTE METHODS === #

    @api.depends("collection_ids.state")
    @api.depends_context("subscription_collection_id")
    def _compute_open_collection_id(self):
        chosen = self.env.context.get("subscription_collection_id")
        for order in self:
            # sudo: what is open is told to whoever may read the contract
            collections = order.sudo().collection_ids
            order.open_collection_id = (
                collections.filtered(lambda one: one.id == chosen)
                or collections.filtered(lambda one: one.state in OPEN).sorted("id")[:1]
            )

    @api.depends("collection_ids.state", "period_ids.state")
    def _compute_payment_summary(self):
        unpaid = self._get_unpaid_amounts()
        for order in self:
            # sudo: how its payment goes is told to whoever may read the contract
            collections = order.sudo().collection_ids.sorted("id")
            still_open = collections.filtered(lambda one: one.state in OPEN)
            tried = collections.filtered("last_attempt_date").sorted(
                "last_attempt_date"
            )
            order.collection_count = len(collections)
            order.open_amount = unpaid.get(order._origin.id, 0.0)
            order.last_attempt_date = tried[-1:].last_attempt_date
            order.last_attempt_result = tried[-1:]._get_result_text()
            dates = [
                one.next_date
                for one in still_open
                if one.next_date and one.state not in IN_FLIGHT
            ]
            order.next_attempt_date = min(dates, default=False)

    def _get_payments_to_show(self):
        """Return the payments that the customer reads about on the contract's page.

        What is open, oldest first; if nothing is, the one that was tried last.

        :return: with the right to read them
        :rtype: subscription.collection
        """
        self.ensure_one()
        # sudo: the page is for whoever has its link
        collections = self.sudo().collection_ids.sorted("id")
        return (
            collections.filtered(lambda one: one.state in OPEN)
            or collections.filtered(
                lambda one: one.state == "paid" and one.last_attempt_date
            ).sorted("last_attempt_date")[-1:]
        )

    def _get_unpaid_amounts(self):
        """Return what is invoiced and not paid, by order id, in the order's currency.

        An invoice that several contracts share is open for each of them in full.

        :rtype: dict
        """
        if not self.ids:
            return {}
        # sudo: what is open is told to whoever may read the contract
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("subscription_id", "in", self.ids),
                    ("move_id.state", "!=", "cancel"),
                    ("move_id.move_type", "=", "out_invoice"),
                    ("move_id.payment_state", "in", ("not_paid", "partial")),
                ],
                ["subscription_id", "move_id"],
            )
        )
        amounts = {}
        for order, move in groups:
            left = move.amount_residual if move.state == "posted" else move.amount_total
            amounts[order.id] = amounts.get(order.id, 0.0) + left
        return amounts

    # === HOLDS === #

    def _update_payment_hold(self):
        """Hold the contracts whose payments wait for somebody, release the others."""
        released = False
        for order in self:
            # sudo: holds follow the payments, whoever changes these
            waiting = order.sudo().collection_ids.filtered(
                lambda one: one._get_hold_cause()
            )
            waiting = waiting.sorted(lambda one: one.state != "unknown")[:1]
            cause = waiting._get_hold_cause() if waiting else None
            if not order._is_live_contract() and cause != "payment_unknown":
                if cause:
                    order._tell_unpaid_end(waiting)
                cause = None  # what has ended is billed no more
            if cause == "payment_unknown" or (
                cause and order.hold in (False, *PAYMENT_HOLDS)
            ):
                reason = waiting._get_hold_text()
                if (order.hold, order.hold_reason) != (cause, reason):
                    order._set_hold(cause, reason)
            elif not cause and order.hold in PAYMENT_HOLDS:
                if "calling" in order.sudo().collection_ids.mapped("state"):
                    continue  # the answer decides
                order._set_hold(False)
                released = True
        if released:  # what fell due meanwhile
            self.env.ref("subscriptions.ir_cron_bill_due").sudo()._trigger()

    def _is_being_paid(self):
        """Tell whether a payment of an invoice is under way, or may have been made."""
        self.ensure_one()
        # sudo: what closes a contract does not depend on its reader
        return any(
            collection.state in IN_FLIGHT or collection._get_rivals()
            for collection in self.sudo().collection_ids
            if collection.state in OPEN
        )

    def _tell_unpaid_end(self, collection):
        """Tell the responsible of an ended contract about a payment that failed.

        It is not held, there is nothing more to bill.
        """
        self.ensure_one()
        activity_type = "subscriptions.mail_activity_type_hold"
        if not collection.is_told:
            collection.is_told = True  # once, and not each day
            self.activity_schedule(
                activity_type,
                summary=self.env._("The last payment failed"),
                note=plaintext2html(collection._get_hold_text()),
                user_id=self._get_responsible_user().id,
            )

    def _get_living_contract(self):
        """Return the contract that goes on in the place of this one, if it is renewed.

        :rtype: sale.order
        """
        self.ensure_one()
        if self.subscription_state != lifecycle.RENEWED:
            return self
        successor = self.child_order_ids.filtered(
            lambda order: order.subscription_kind == "renewal" and order.state == "sale"
        )[:1]
        return successor._get_living_contract() if successor else self

    # === THE RUN === #

    @api.model
    def _cron_collect_payments(self):
        """Charge what is due, and do what the dunning policies have for today."""
        # sudo: the run is the company's, whoever starts it
        self.env["subscription.collector"].sudo()._run()

    # === ACTION METHODS === #

    def action_retry_payment(self):
        """Let the payment method be charged in the next minutes, not on its day.

        :raise UserError: when nothing is open, or nothing can be charged
        """
        self.check_access("write")
        collections = self.sudo().collection_ids.filtered(  # sudo: checked above
            lambda one: one.state in ("due", "declined", "failed", "no_method")
        )
        collections = collections or self._revive_given_up()
        if not collections and any(order._is_being_paid() for order in self):
            raise UserError(
                self.env._("A payment is under way: wait for what comes of it.")
            )
        if not collections:
            raise UserError(self.env._("There is nothing to charge."))
        without = collections.filtered(lambda one: not one._get_token())
        if without == collections:
            raise UserError(
                self.env._(
                    "%s has no payment method to charge. Choose one, or register the "
                    "payment on the invoice.",
                    without[0].order_id.name,
                )
            )
        self.env["subscription.collector"].sudo()._ask_for(collections - without)
        return self._notify(
            "success", self.env._("The payment method is charged in the next minutes.")
        )

    def _revive_given_up(self):
        """Take up what was given up for contracts that run, reopened ones say.

        :rtype: subscription.collection
        """
        collections = self.sudo().collection_ids.filtered(  # sudo: the caller checked
            lambda one: one.state == "lost"
            and one.move_id.state != "cancel"
            and not one._is_of_ended_contract()
        )
        collections._set_state("due", failed_on=False, dunning_day=-1, is_hard=False)
        return collections

    def action_view_collections(self):
        """Open the payments of the contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_collection_action"
        )
        action["domain"] = [("order_ids", "in", self.ids)]
        action["context"] = {"create": False}
        return action

    # === OVERRIDES === #

    def _notify_get_recipients_groups(self, message, model_description, msg_vals=False):
        """Override of `sale`: mails lead the customer to the contract."""
        groups = super()._notify_get_recipients_groups(
            message, model_description, msg_vals=msg_vals
        )
        if self and self.state == "sale" and self.subscription_state:
            for name, _function, options in groups:
                if name == "portal_customer":
                    access = options.setdefault("button_access", {})
                    access["title"] = self.env._("View Contract")
        return groups

    def action_release_hold(self):
        """Override: what is unknown is settled, what was declined is tried again."""
        unknown = self.filtered(lambda order: order.hold == "payment_unknown")
        if unknown:
            raise UserError(
                self.env._(
                    "%s: nobody knows whether the payment was made. Look it up at the "
                    "payment provider, then choose “It was paid” or “It was not”.",
                    unknown[0].name,
                )
            )
        declined = self.filtered(lambda order: order.hold == "payment_declined")
        if declined:
            declined.action_retry_payment()
        others = self - declined
        result = super(SaleOrder, others).action_release_hold()
        # sudo: the rights were asked by the method itself
        failed = others.sudo().collection_ids.filtered(
            lambda one: one.state == "failed"
        )
        self.env["subscription.collector"].sudo()._ask_for(failed)
        return result

    def _end_pause(self, day):
        """Override: the days of the pause do not count as days without payment."""
        pause = self._get_open_pause()
        paused = self.subscription_state == lifecycle.PAUSED
        result = super()._end_pause(day)
        if paused and day > pause.date:
            # sudo: collections are written by their own methods alone
            self.sudo().collection_ids.filtered(
                lambda one: one.state in ("declined", "no_method")
            )._shift((day - pause.date).days)
        return result

    def _set_churned(self, reason=None, date=None):
        """Override: what was declined is not tried for a contract that has ended."""
        result = super()._set_churned(reason, date)
        # sudo: see above
        self.sudo().collection_ids.filtered(
            lambda one: one.state == "declined" and one._is_of_ended_contract()
        )._give_up(self.env._("The contract ended."))
        self.sudo()._update_payment_hold()
        return result
