"""What a change at once costs or gives back of periods that are billed already."""

from collections import defaultdict
from dataclasses import dataclass

from odoo import models

from ..engine import Period, Step, prorate, quantity_spans, unit_price
from ..engine.period import ONE_DAY
from .subscription_change_line import MADE


@dataclass
class Supplement:
    """One line of an invoice, or of a credit note, beside a period's own invoice.

    :ivar line: the contract's line
    :ivar row: the ledger row of the period
    :ivar period: the part of it
    :ivar quantity: units charged or credited; below 0 for rebates, and for what is
        given back on an invoice
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


@dataclass
class Billed:
    """What is left of an invoice line after what was credited of it.

    :ivar line: the invoice line
    :ivar units: units that are not given back
    :ivar amount: what is left to give back, taxes as they are in the price
    """

    line: models.Model
    units: float
    amount: float

    def credit(self, note_line, units):
        """Take off what a line of a credit note gives back.

        :param note_line: the line
        :param units: its units that are not taken off other invoice lines
        :return: units that are still not
        """
        if units * self.units <= 0:
            return units  # a rebate is no part of what is sold
        taken = min(units, self.units, key=abs)
        gross = prorate(note_line.price_unit, taken, note_line.discount)
        self.amount -= _round(note_line.currency_id, gross)
        is_rebate = note_line.period_from == self.line.period_from and abs(
            note_line.price_unit
        ) < abs(self.line.price_unit)
        if not is_rebate:  # cheaper by hand is not one unit less
            self.units -= taken
        return units - taken


def _round(currency, exact):
    return currency.round(float(exact))


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
                charges.append(self._get_charge(row, line, period, quantity, one))
        return [charge for charge in charges if charge.amount]

    def _get_charge(self, row, line, period, quantity, change_line):
        """Return what units cost in a part of a billed period.

        :param row: the ledger row
        :param line: the contract's line
        :param engine.Period period: the part
        :param float quantity: units, below 0 for what is given back on an invoice
        :param change_line: the change it is for
        :rtype: Supplement
        """
        price, discount = line._get_price_on(period.start)
        return Supplement(
            line=line,
            row=row,
            period=period,
            quantity=quantity,
            price_unit=line._get_period_price_unit(period, quantity),
            full_price=price,
            discount=discount,
            change_line=change_line,
        )

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
        change_lines = {
            one.order_line_id: one for one in (change.line_ids if change else ())
        }
        credits = []
        for (row, line), stack in self._get_billed_stacks(rows).items():
            asked = sum(one.units for one in stack)  # may be below 0: a rebate
            if quantities is not None:
                asked = min(max(asked, 0.0), quantities.get(line, 0.0))
            for billed, units in self._take_latest(stack, asked):
                credit = self._get_credit(row, line, billed, units, day)
                billed.units -= units
                if credit:
                    credit.change_line = change_lines.get(line)
                    credits.append(credit)
        return [credit for credit in credits if credit.amount]

    def _take_latest(self, stack, asked):
        """Yield what is billed and how many units of it to give back, latest first.

        :param list[Billed] stack: what is billed, latest last
        :param float asked: units, below 0 for a rebate
        """
        for billed in reversed(stack):
            if billed.units * asked > 0:
                units = min(billed.units, asked, key=abs)
                asked -= units
                yield billed, units

    def _get_billed_stacks(self, rows):
        """Return what is billed of ledger rows, less what was credited.

        :param rows: ledger rows of the contract
        :return: for each (row, line of the contract) a list of Billed, latest last
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
            # A document whose total is below 0 became one of the other type.
            is_refund = move_line.move_id.move_type == "out_refund"
            units = -move_line.quantity if is_refund else move_line.quantity
            if move_line.move_id.reversed_entry_id:
                self._take_off(stack, move_line, -units)
                continue
            gross = prorate(move_line.price_unit, units, move_line.discount)
            amount = _round(move_line.currency_id, gross)
            stack.append(Billed(move_line, units, amount))
        return stacks

    def _take_off(self, stack, note_line, gone):
        """Take a line of a credit note off what is billed, its own invoice first.

        :param list[Billed] stack: what is billed
        :param note_line: the line
        :param float gone: its units
        """
        credited = note_line.move_id.reversed_entry_id
        for billed in sorted(
            reversed(stack), key=lambda one: one.line.move_id != credited
        ):
            gone = billed.credit(note_line, gone)
        stack[:] = [one for one in stack if one.units]

    def _get_credit(self, row, line, billed, units, day):
        """Return what is given back of units on an invoice line, or None.

        :param row: the ledger row
        :param line: the contract's line
        :param Billed billed: what is left of the invoice line
        :param float units: how many
        :param date day: first day that is given back
        :rtype: Supplement | None
        """
        move_line = billed.line
        first = move_line.period_from or row.date_from
        start = max(day, first)
        end = min(move_line.period_to or row.date_to, row.date_to)
        if start > end or line._is_billed_by_delivery():
            return None
        if start > first and not line.product_id.prorate:
            return None
        period = Period(start, end, *row._get_full_days())
        share = period.share if start > first else None
        return Supplement(
            line=line,
            row=row,
            period=period,
            quantity=units,
            price_unit=self._get_credit_price(billed, units, share),
            full_price=move_line.period_price_unit,
            discount=move_line.discount,
            billed_line=move_line,
        )

    def _get_credit_price(self, billed, units, share):
        """Return the price per unit of a credit, and take it off what is left.

        :param Billed billed: what is left of the invoice line
        :param float units: how many
        :param share: of the full period; None for all days that were billed
        :rtype: float
        """
        move_line, currency = billed.line, billed.line.currency_id
        price = move_line.price_unit
        if share is not None:
            price = move_line.period_price_unit or price
        exact = prorate(price, units, move_line.discount) * (
            1 if share is None else share
        )
        amount = _round(currency, exact)
        left = billed.amount
        if share is None and units == billed.units:
            amount = left  # the last of it gives back what is left, to the last unit
        amount = min(amount, left) if left >= 0 else max(amount, left)
        billed.amount -= amount
        if share is None and not currency.compare_amounts(
            amount, _round(currency, exact)
        ):
            return price
        return float(
            unit_price(amount, units, move_line.discount, currency.decimal_places)
        )

    def _cut_periods(self, day, kept=None):
        """Let no billed period reach to a day or beyond: from then on others hold.

        :param date day: the first day that is not theirs any more
        :param kept: ledger rows that are right as they are
        """
        rows = self._get_rows_from(day) - (kept or self.env["subscription.period"])
        rows.filtered(lambda row: row.date_from >= day).kind = "cut"
        rows.filtered(lambda row: row.date_from < day).date_to = day - ONE_DAY
        # The rows that follow are inserted at once, and must not meet these.
        rows.flush_recordset()

    def _get_pending_charges(self):
        """Return what changes cost whose invoice or credit note is gone since.

        It is on the next invoice of the contract. What came and went is nothing; what
        is to be given back has a quantity below 0.

        :rtype: list[Supplement]
        """
        charges = []
        for line, pending in self._get_pending_changes().items():
            for row in self._get_rows_from(pending[0].change_id.date):
                charges += self._get_pending_of_line(
                    row, line, [one for one in pending if one._concerns(row)]
                )
        return [charge for charge in charges if charge.amount]

    def _get_pending_changes(self):
        """Return the changes whose documents are gone, in their order, by line.

        :rtype: dict
        """
        pending = defaultdict(list)
        for change in self._get_counted_changes("quantity"):
            for one in change.line_ids:
                if one._has_charge_pending():
                    pending[one.order_line_id.with_env(self.env)].append(one)
        return pending

    def _settle_pending(self):
        """Note that what was pending is billed, by one document for all of a line.

        Where nothing is left to bill, there is no document, and nothing is pending.
        """
        self.ensure_one()
        for pending in self._get_pending_changes().values():
            for one in pending[:-1]:
                one.billed_with_id = pending[-1]
            if not any(
                self._get_pending_of_line(
                    row,
                    one.order_line_id,
                    [other for other in pending if other._concerns(row)],
                )
                for one in pending[:1]
                for row in self._get_rows_from(one.change_id.date)
            ):
                for one in pending:
                    one.is_charged_apart = False

    def _get_pending_of_line(self, row, line, pending):
        """Return what changes of one line cost in a period that is billed.

        :param row: the ledger row
        :param line: the line of the contract
        :param list pending: its changes without a document, in their order
        :rtype: list[Supplement]
        """
        if not pending:
            return []
        steps = [Step(one.change_id.date, one.quantity_change) for one in pending]
        total = sum(one.quantity_change for one in pending)
        # What was there before the row, and before any of these, is none of it.
        start = min([row.date_from, *(step.on for step in steps)]) - ONE_DAY
        result = []
        for span in quantity_spans(start, row.date_to, total, steps):
            period = row._get_period().clip(span.start, span.end)
            quantity = float(span.quantity)
            if period is None or not quantity or line._is_billed_by_delivery():
                continue
            is_used = period is not None and period.start > row.date_from
            if quantity < 0 and is_used and not line.product_id.prorate:
                continue  # goods in use are not given back
            result.append(self._get_charge(row, line, period, quantity, pending[-1]))
        return result
