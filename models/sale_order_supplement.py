"""What a change at once costs or gives back of periods that are billed already."""

from collections import defaultdict
from dataclasses import dataclass

from odoo import models

from ..engine import Period, part_amount, prorate, unit_price
from ..engine.period import ONE_DAY
from .subscription_change_line import MADE


@dataclass
class Supplement:
    """One line of an invoice, or of a credit note, beside a period's own invoice.

    :ivar line: the contract's line
    :ivar row: the ledger row of the period
    :ivar period: the part of it
    :ivar quantity: units charged or credited, always positive
    :ivar price_unit: price per unit that gives the amount
    :ivar full_price: price per unit and full period
    :ivar discount: percent
    :ivar change_line: the change it is for, if there is one
    :ivar billed_line: the invoice line a credit gives back
    """

    line: models.Model
    row: models.Model
    period: Period
    quantity: float
    price_unit: float
    full_price: float
    discount: float
    change_line: models.Model = None
    billed_line: models.Model = None

    @property
    def amount(self):
        """The amount of the line before taxes are taken off or added, exact."""
        return prorate(self.price_unit, self.quantity, self.discount)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_rows_from(self, day):
        """Return the billed ledger rows that reach to a day or beyond, oldest first.

        :rtype: subscription.period
        """
        self.ensure_one()
        # sudo: what is charged does not depend on who reads the ledger
        rows = self.sudo().period_ids
        return rows.filtered(
            lambda row: row.is_live and row.kind == "billed" and row.date_to >= day
        ).sorted("date_from")

    def _get_charges(self, change):
        """Return what more units cost for the rest of the periods that are billed.

        :param change: a change of quantities
        :rtype: list[Supplement]
        """
        charges = []
        day = max(change.date, self.start_date)
        for row in self._get_rows_from(day) - change.billed_period_ids:
            period = row._get_period().clip(start=day)
            for one in change.line_ids:
                line, quantity = one.order_line_id, one.quantity_change
                if quantity <= 0 or line._is_billed_by_delivery():
                    continue
                price, discount = line._get_price_on(day)
                charges.append(
                    Supplement(
                        line=line,
                        row=row,
                        period=period,
                        quantity=quantity,
                        price_unit=line._get_period_price_unit(period, quantity),
                        full_price=price,
                        discount=discount,
                        change_line=one,
                    )
                )
        return [charge for charge in charges if charge.amount]

    def _get_credits(self, quantities, day, change=None):
        """Return what is given back of periods that are billed.

        What came in last goes out first. A unit is credited at the price it was billed
        at, for the days from that one on, and never more than was billed for it. What
        is not prorated, goods, is credited only where no day of it is over.

        :param dict quantities: units to give back, per line; None for all there are
        :param date day: first day that is given back
        :param change: the change it is for
        :rtype: list[Supplement]
        """
        rows = self._get_rows_from(day)
        if change:
            rows -= change.billed_period_ids
        change_lines = (
            {one.order_line_id: one for one in change.line_ids or ()}
            if (change)
            else {}
        )
        credits = []
        for (row, line), stack in self._get_billed_stacks(rows).items():
            if quantities is None:
                left = sum(units for _billed, units in stack)
            else:
                left = quantities.get(line, 0.0)
            while left > 0 and stack:
                billed, units = stack.pop()
                units = min(units, left)
                left -= units
                credit = self._get_credit(row, line, billed, units, day)
                if credit:
                    credit.change_line = change_lines.get(line)
                    credits.append(credit)
        return [credit for credit in credits if credit.amount]

    def _get_billed_stacks(self, rows):
        """Return what is billed of ledger rows, less what was credited.

        :param rows: ledger rows of the contract
        :return: for each (row, line of the contract) the list of [invoice line, units],
            latest last
        :rtype: dict
        """
        stacks = defaultdict(list)
        # sudo: what may be credited does not depend on who reads the invoices
        billed = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("period_id", "in", rows.ids),
                    ("display_type", "=", "product"),
                    ("parent_state", "in", MADE),
                ],
                order="id",
            )
        )
        for move_line in billed:
            line = move_line.sale_line_ids.filtered(
                lambda one: one.order_id == self and one.is_recurring
            )[:1]
            stack = stacks[move_line.period_id, line.with_env(self.env)]
            if move_line.move_id.move_type == "out_invoice":
                stack.append([move_line, move_line.quantity])
                continue
            gone = move_line.quantity
            while gone > 0 and stack:
                taken = min(gone, stack[-1][1])
                gone -= taken
                stack[-1][1] -= taken
                if not stack[-1][1]:
                    stack.pop()
        return stacks

    def _get_credit(self, row, line, billed, units, day):
        """Return what is given back of units on an invoice line, or None.

        :param row: the ledger row
        :param line: the contract's line
        :param billed: the invoice line
        :param float units: how many
        :param date day: first day that is given back
        :rtype: Supplement | None
        """
        start = max(day, billed.period_from or row.date_from)
        end = min(billed.period_to or row.date_to, row.date_to)
        if start > end or line._is_billed_by_delivery():
            return None
        price_unit = billed.price_unit
        if start > (billed.period_from or row.date_from):
            if not line.product_id.prorate:
                return None
            price_unit = self._get_credit_price(row, billed, units, start, end)
        return Supplement(
            line=line,
            row=row,
            period=Period(start, end, *row._get_full_days()),
            quantity=units,
            price_unit=price_unit,
            full_price=billed.period_price_unit,
            discount=billed.discount,
            billed_line=billed,
        )

    def _get_credit_price(self, row, billed, units, start, end):
        """Return the price per unit of a credit for the days from start to end."""
        currency = billed.currency_id
        share = Period(start, end, *row._get_full_days()).share
        price = billed.period_price_unit or billed.price_unit

        def rounded(exact):
            return currency.round(float(exact))

        amount = part_amount(
            prorate(price, units, billed.discount), share, rounded=rounded
        )
        most = rounded(prorate(billed.price_unit, units, billed.discount))
        amount = min(amount, most) if most >= 0 else max(amount, most)
        return float(
            unit_price(amount, units, billed.discount, currency.decimal_places)
        )

    def _cut_periods(self, day, kept=None):
        """Let no billed period reach to a day or beyond: from then on others hold.

        :param date day: the first day that is not theirs any more
        :param kept: ledger rows that are right as they are
        """
        rows = self._get_rows_from(day) - (kept or self.env["subscription.period"])
        rows.filtered(lambda row: row.date_from >= day)._set_void()
        rows.filtered(lambda row: row.date_from < day).date_to = day - ONE_DAY
        # The rows that follow are inserted at once, and must not meet these.
        rows.flush_recordset()

    def _get_pending_charges(self):
        """Return charges whose invoice was cancelled or deleted since.

        They are on the next invoice of the contract.

        :rtype: list[Supplement]
        """
        return [
            charge
            for change in self._get_counted_changes("quantity")
            if change._has_charge_pending()
            for charge in self._get_charges(change)
            # Later periods were billed with the change in them.
            if charge.row.date_from <= change.charged_until
            and charge.change_line._has_charge_pending()
        ]
