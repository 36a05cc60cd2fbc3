"""How a contract is billed: the ways in, and what Odoo's own invoicing must leave.

The decisions another addon may want to change are small methods here; who bills,
locks and recovers is the service ``subscription.billing``.
"""

from itertools import islice

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..const import MAX_BACKLOG_PERIODS
from ..engine import within_calendar


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === BILLING === #

    def _bill(self, until=None):
        """Bill all that is due on a day, one invoice per period, oldest first.

        The one way to bill, for confirmation, button, mass action and cron.

        :param date until: the day, default today
        :return: the invoices
        :rtype: account.move
        """
        return self.env["subscription.billing"]._bill(self, until)

    @api.model
    def _cron_bill_due(self):
        """Bill all contracts that are due today, in batches with their own commits."""
        # sudo: the run is the company's, whoever starts it
        self.env["subscription.billing"].sudo()._run()

    def _get_backlog(self, until):
        """Return how many periods are due on a day, counting up to the limit.

        :param date until: the day
        :rtype: int
        """
        self.ensure_one()
        timeline = self._get_timeline()
        upcoming = (
            period
            for period in within_calendar(timeline.periods(self.next_invoice_date))
            if not self._is_paused_throughout(period)
        )
        upcoming = islice(upcoming, MAX_BACKLOG_PERIODS + 1)
        return sum(timeline.invoice_date(period) <= until for period in upcoming)

    def _get_billing_obstacle(self, period, invoice_date):
        """Return in a clerk's words why a period cannot be billed, or None.

        Hook for other addons: extend with conditions of their own.

        :param engine.Period period: the period
        :param date invoice_date: date the invoice would have
        :rtype: str | None
        """
        self.ensure_one()
        partner = self.partner_invoice_id
        if not partner.active or not self.partner_id.active:
            return self.env._(
                "The customer %s is archived.",
                (self.partner_id if partner.active else partner).display_name,
            )
        lines = self.order_line.filtered("is_recurring")
        archived = lines.product_id.filtered(lambda product: not product.active)
        if archived:
            return self.env._(
                "The product %s is archived.",
                ", ".join(archived.mapped("display_name")),
            )
        return None

    def _prepare_invoice(self):
        """Override of `sale` for a period's invoice.

        A payment belongs to one invoice: Odoo would link a quotation's pending payment
        to each later one again.
        """
        values = super()._prepare_invoice()
        if self.subscription_state:
            # sudo: payments are not a salesperson's
            payments = self.sudo().transaction_ids
            linked = payments.filtered("invoice_ids").ids
            values["transaction_ids"] = [
                Command.set(set(command[2]) - set(linked))
                for command in values["transaction_ids"]
            ]
        return values

    def _create_invoices(self, grouped=False, final=False, date=None):
        """Override of `sale`: contracts are billed by the period, not by quantity.

        What does not recur, and what an ended contract delivered and did not bill, is
        invoiced as on any order.
        """
        contracts = self.filtered(lambda order: order._is_live_contract())
        free = contracts.filtered(lambda order: not order.hold)
        moves = contracts._bill()
        # What does not recur need not wait for the next period.
        others = (self - contracts) | contracts.filtered(
            lambda order: not (moves & order.sudo().period_ids.move_id)
        )
        if others:
            others = others.with_context(
                subscription_without_recurring=True,
                # An error would roll back what was billed, or is held to be seen.
                raise_if_nothing_to_invoice=not moves
                and not free.filtered("hold")
                and self.env.context.get("raise_if_nothing_to_invoice", True),
            )
            moves |= super(SaleOrder, others)._create_invoices(grouped, final, date)
        return moves

    def _get_invoiceable_lines(self, final=False):
        """Override of `sale`: recurring lines are billed by the period."""
        lines = super()._get_invoiceable_lines(final)
        if (
            self.env.context.get("subscription_without_recurring")
            and self._is_live_contract()
        ):
            lines = lines.filtered(lambda line: not line.is_recurring)
        return lines

    def _get_gone_lines(self, period):
        """Return lines that have no units any more, and had some in a period.

        :param engine.Period period: the period
        :rtype: sale.order.line
        """
        self.ensure_one()
        return self.order_line.filtered(
            lambda line: line.is_recurring
            and not line.product_uom_qty
            and any(quantity for quantity, _part in line._get_period_parts(period))
        )

    def _bill_by_hand(self):
        """Bill what is due, and where nothing is, the next period ahead of its day.

        :return: the invoices; none where a contract is held by this very attempt
        :rtype: account.move
        :raise UserError: when there is nothing to bill, saying why
        """
        moves = self.env["account.move"]
        refused = self.browse()
        for order in self:
            held = order.hold
            today = order._get_today()
            # By hand, also what is paused is billed.
            order = order.with_context(subscription_by_hand=True)
            made = order._bill(max(today, order.billing_date or today))
            moves |= made
            if not made and (held or not order.hold):
                refused |= order
        if refused and not moves:
            raise UserError(
                "\n".join(order._get_nothing_billed_message() for order in refused)
            )
        return moves

    def _get_nothing_billed_message(self):
        self.ensure_one()
        if self.hold:
            return self.env._(
                "%(order)s is held: %(reason)s",
                order=self.name,
                reason=self.hold_reason,
            )
        if not self.next_invoice_date:
            return self.env._("%s is billed to its end.", self.name)
        if not self._is_live_contract():
            return self.env._("%s is not in progress.", self.name)
        return self.env._(
            "%s has nothing to bill now. It may be being billed by the daily run.",
            self.name,
        )

    # === ACTION METHODS === #

    def action_create_subscription_invoice(self):
        """Bill what is due, or the next period, and open the invoices.

        The form says which period it showed. Had a second click, or the daily run,
        billed that meanwhile, this click would bill the one after it, ahead of its day.
        """
        self.check_access("write")  # billing itself asks for no rights
        shown = self.env.context.get("subscription_shown_period")
        if shown and fields.Date.to_date(shown) != self.next_invoice_date:
            raise UserError(
                self.env._(
                    "%s has been billed meanwhile. Reload the page to see it.",
                    self.name,
                )
            )
        moves = self._bill_by_hand()
        held = self.filtered("hold")
        if moves or not held:
            return self.action_view_invoice(invoices=moves)
        # No error, which would roll the hold back: it is to be seen.
        return self._notify(
            "danger", "\n".join(held.mapped(lambda order: order.hold_reason or ""))
        )

    def _notify(self, kind, message):
        """Return the action that shows a message and reloads the page."""
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": message,
                "sticky": kind == "danger",
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
