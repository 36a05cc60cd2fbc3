"""What a contract must have been billed, kept by hand, one day after the other.

A clerk's notebook: which units there are since when, which days are billed on which
line of which document. Written from the pages in docs/, not from the code: no engine,
no Odoo. Amounts are fractions until one line of a document is rounded, once.
"""

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from .simulation_calendar import DAY, Plan, count


def cents(amount):
    """Round an amount that is not negative to whole cents, halves up."""
    return Fraction((amount * 200 + 1) // 2, 100)


# --- what is written down


@dataclass
class Entry:
    """One line of an invoice: so many units, from a day to a day."""

    key: str
    first: date
    last: date
    units: int
    exact: Fraction  # before it was rounded
    amount: Fraction
    price: Fraction  # of one unit and full period, less discount
    document: "Document"
    left: int  # units that were not credited
    open: Fraction  # what was not credited


@dataclass
class Document:
    """An invoice, or a credit note where the sign is -1."""

    day: date
    sign: int
    lines: list = field(default_factory=list)  # (key, first, last, amount)

    @property
    def total(self):
        return sum((line[-1] for line in self.lines), Fraction(0))


@dataclass
class Row:
    """One row of the ledger."""

    first: date
    last: date
    full: tuple
    kind: str
    entries: list = field(default_factory=list)
    noted: set = field(default_factory=set)  # planned changes that are billed with it


@dataclass
class Item:
    """Something the contract has units of."""

    prorate: bool = True
    discount: Fraction = Fraction(0)
    prices: list = field(default_factory=list)  # (from which day on, price)
    typed: bool = True  # another plan leaves the price alone


@dataclass
class Step:
    """So many units more or less from a day on."""

    number: int
    day: date
    key: str
    units: int
    planned: bool = False


@dataclass
class Switch:
    """Another plan from a day on, and prices with it."""

    day: date
    plan: Plan
    anchor: date
    prices: dict = field(default_factory=dict)
    planned: bool = False
    given: frozenset = frozenset()  # keys whose price was typed with it


class Contract:
    """The notebook's page for one contract.

    :param date start: its first day
    :param Plan plan: its plan
    :param dict items: :class:`Item` by key
    :param dict units: number of units by key
    :param date anchor: a day a period starts on, for renewals
    """

    def __init__(self, start, plan, items, units, anchor=None):
        self.start = start
        self.items = items
        self.state = "progress"
        self.close_day = self.resume_day = None
        self.credit = False
        self.pauses = []  # [first, last or None]
        self.documents = []
        self.rows = []
        self.steps = []
        self.log = []
        paid = start
        if plan.trial and not anchor:
            paid = start + plan.trial * DAY
            self.rows.append(Row(start, paid - DAY, (start, paid - DAY), "free"))
        self.switches = [Switch(start, plan, anchor or plan.get_anchor(paid))]
        for key, number in units.items():
            self._note_step(start, key, number, planned=False)

    # Looking things up

    def get_switch(self, day):
        """Return the plan that holds on a day, with its anchor."""
        return [one for one in self.switches if one.day <= max(day, self.start)][-1]

    def get_units(self, key, day):
        """Return the number of units of something on a day."""
        return sum(
            step.units for step in self.steps if step.key == key and step.day <= day
        )

    def get_lowest(self, key, day):
        """Return the smallest number of units there will be from a day on."""
        days = [day, *(step.day for step in self.steps if step.day > day)]
        return min(self.get_units(key, one) for one in days)

    def get_price(self, key, day):
        """Return the price of one unit and full period that holds on a day."""
        item = self.items[key]
        price = item.prices[0][1]
        for since, other in item.prices:
            if since <= day:
                price = other
        return price * (1 - item.discount / 100)

    def get_current_units(self):
        """Return the number of units of each thing the contract has, once made."""
        units = {}
        for step in self.steps:
            if not step.planned:
                units[step.key] = units.get(step.key, 0) + step.units
        return {key: number for key, number in units.items() if number}

    @property
    def planned(self):
        """The number of changes that are yet to be made."""
        return sum(one.planned for one in self.steps + self.switches)

    @property
    def unbilled(self):
        """The first day that nothing is written down for."""
        return self.rows[-1].last + DAY if self.rows else self.start

    def _get_stretch(self, first):
        """Return the stretch to bill from a day on, (first, last, full), or None."""
        if self.close_day and first >= self.close_day:
            return None
        switch = self.get_switch(first)
        full = switch.plan.get_full(switch.anchor, first)
        last = min([full[1], *(s.day - DAY for s in self.switches if s.day > first)])
        if self.close_day:
            last = min(last, self.close_day)
        return first, last, full

    def _get_due_day(self, first, last):
        plan = self.get_switch(first).plan
        return (last + DAY if plan.arrears else first) - plan.lead * DAY

    def get_next_period(self, today):
        """Return the first day of the period that is neither billed nor begun."""
        first = self.unbilled
        if first > today:
            return first
        if first == today and not self.get_switch(today).plan.arrears:
            return first
        return self._get_stretch(max(today, self.start))[1] + DAY

    # Billing

    def bill(self, today, ahead=False):
        """Bill what is due; all that is ever to come when the contract ends today."""
        while self.state == "progress":
            stretch = self._get_stretch(self.unbilled)
            if not stretch:
                return
            first, last, full = stretch
            if not ahead and self._get_due_day(first, last) > today:
                return
            self._bill_stretch(first, last, full, today)

    def _bill_stretch(self, first, last, full, today):
        paused = any(
            since <= first and (until is None or last <= until)
            for since, until in self.pauses
        )
        row = Row(first, last, full, "paused" if paused else "billed")
        done = sum(
            count(other.first, other.last)
            for other in self.rows
            if other.full == full and other.kind == "billed"
        )
        self.rows.append(row)
        if paused:
            return
        row.noted = {step.number for step in self.steps if step.day <= last}
        document = Document(today, 1)
        for key in self.items:
            for since, until, units in self._get_spans(key, first, last):
                left = done if since == first else 0
                self._bill_units(document, row, key, (since, until), units, left)
        self._keep(document)

    def _get_spans(self, key, first, last):
        """Return how many units were there from when to when: last in, first out."""
        present, spans = [], {}
        steps = sorted(self.steps, key=lambda step: (step.day, step.number))
        for step in steps:
            if step.key != key or step.day > last:
                continue
            for _unit in range(step.units):
                present.append(step.day)
            for _unit in range(-step.units):
                self._count_span(spans, present.pop(), step.day - DAY, first, last)
        for since in present:
            self._count_span(spans, since, last, first, last)
        return [(*days, units) for days, units in spans.items()]

    @staticmethod
    def _count_span(spans, since, until, first, last):
        days = max(since, first), min(until, last)
        if days[0] <= days[1]:
            spans[days] = spans.get(days, 0) + 1

    def _bill_units(self, document, row, key, days, units, done=0):
        price = self.get_price(key, days[0])
        whole, length = price * units, count(*row.full)
        exact = whole
        if self.items[key].prorate:
            exact *= Fraction(count(*days), length)
        amount = cents(exact)
        if self.items[key].prorate and done:
            # What was billed of the period before and this make its price together.
            before = whole * Fraction(done, length)
            exact = amount = cents(before + exact) - cents(before)
        if amount:
            row.entries.append(
                Entry(key, *days, units, exact, amount, price, document, units, amount)
            )
            document.lines.append((key, *days, amount))

    def _keep(self, document):
        if document.lines:
            self.documents.append(document)

    # Changes of quantities

    def _note_step(self, day, key, units, planned):
        number = self.steps[-1].number + 1 if self.steps else 1
        step = Step(number, day, key, units, planned)
        self.steps.append(step)
        return step

    def change(self, deltas, day, today):
        """Change numbers of units from a day on, which may be to come."""
        steps = [
            self._note_step(day, key, units, planned=True)
            for key, units in deltas.items()
        ]
        if day <= today:
            self._make_steps(steps, today)

    def _make_steps(self, steps, today):
        """Charge and credit what rows that were billed before do not have."""
        charge, credits = Document(today, 1), []
        for step in steps:
            step.planned = False
            for row in self._get_rows_from(step.day):
                if step.number in row.noted:
                    continue
                if step.units > 0:
                    days = max(step.day, row.first), row.last
                    self._bill_units(charge, row, step.key, days, step.units)
                else:
                    credits += self._take_back(row, step.key, -step.units, step.day)
        self._keep(charge)
        self._write_credit_notes(credits, today)

    def _get_rows_from(self, day):
        return [row for row in self.rows if row.kind == "billed" and row.last >= day]

    def _take_back(self, row, key, units, day):
        """Return what is given back of units of a row: (document, line)."""
        there = [e for e in row.entries if e.key == key and e.left and e.last >= day]
        credits = []
        while units and there:
            # The last of those that came in latest; all equal: the one billed last.
            entry = max(reversed(there), key=lambda entry: entry.first)
            there.remove(entry)
            gone = min(units, entry.left)
            units -= gone
            credits += self._credit_entry(row, entry, gone, day)
        return credits

    def _credit_entry(self, row, entry, gone, day):
        entry.left -= gone
        most = cents(entry.exact * gone / entry.units)
        first = max(day, entry.first)
        if first == entry.first:
            amount = entry.amount if gone == entry.units else most
        elif not self.items[entry.key].prorate:
            return []
        else:
            share = Fraction(count(first, entry.last), count(*row.full))
            amount = min(cents(entry.price * gone * share), most)
        amount = min(amount, entry.open)
        entry.open -= amount
        line = (entry.key, first, entry.last, amount)
        return [(entry.document, line)] if amount else []

    def _write_credit_notes(self, credits, today):
        """Write a credit note for each invoice that something is given back of."""
        for invoice in self.documents[:]:
            note = Document(today, -1)
            note.lines = [line for credited, line in credits if credited is invoice]
            self._keep(note)

    def _take_back_all(self, day, today):
        """Give back all from a day on; no row reaches it any more."""
        credits = []
        for row in self._get_rows_from(day):
            for key in self.items:
                credits += self._take_back(row, key, 10**9, day)
        self._write_credit_notes(credits, today)
        self.rows = [row for row in self.rows if row.first < day or row.kind == "free"]
        for row in self._get_rows_from(day):
            row.last = day - DAY
            for entry in row.entries:
                entry.last = min(entry.last, row.last)

    # Another plan

    def is_typed(self, key):
        """Tell whether another plan leaves the price alone: a person typed it."""
        given = any(key in one.given for one in self.switches if not one.planned)
        return self.items[key].typed or given

    def switch(self, plan, day, today, prices, given):
        """Bill by another plan from a day on, which may be to come."""
        now = day <= today
        for key, price in prices.items():
            self.items[key].prices.append((day, price))
        if now:
            self._take_back_all(day, today)
        new = Switch(day, plan, plan.get_anchor(day), prices, not now, frozenset(given))
        self.switches.append(new)
        self.switches.sort(key=lambda one: one.day)
        if now:
            self.bill(today)

    def _forget_planned(self):
        """Take back what is planned: the contract does not live to see it."""
        for switch in self.switches:
            if switch.planned:
                for key in switch.prices:
                    prices = self.items[key].prices
                    prices[:] = [one for one in prices if one[0] != switch.day]
        self.switches = [one for one in self.switches if not one.planned]
        self.steps = [one for one in self.steps if not one.planned]

    # Pausing, closing, reopening, renewing

    def pause(self, today, resume_day=None):
        self.state = "paused"
        self.resume_day = resume_day
        self.pauses.append([today, resume_day and resume_day - DAY])

    def resume(self, day, today):
        if day > today:
            self.resume_day = day
            self.pauses[-1][1] = day - DAY
            return
        self._end_pause(day)
        self.bill(today)

    def _end_pause(self, day):
        if self.state == "paused":
            self.state = "progress"
            self.resume_day = None
            self.pauses[-1][1] = day - DAY

    def close(self, day, today, credit):
        self.close_day, self.credit = day, credit
        if day == today:
            self._end_pause(today + DAY)
            self.bill(today, ahead=True)
            self._end(today)

    def _end(self, today):
        self.state = "churned"
        self._forget_planned()
        if self.credit:
            self._take_back_all(self.close_day + DAY, today)

    def revoke_close(self):
        self.close_day, self.credit = None, False

    def reopen(self, today):
        self.revoke_close()
        self.state = "progress"
        if self.unbilled < today:
            days = self.unbilled, today - DAY
            self.rows.append(Row(*days, days, "paused"))
        self.bill(today)

    def renew(self, today):
        """Return the contract that follows, billed for what is due."""
        first = self.unbilled
        switch = self.get_switch(max(first, today))
        # What came or went since its first day, or is planned, is the renewal's.
        steps = [step for step in self.steps if step.day > first]
        keys = {step.key for step in steps}
        units = {key: self.get_units(key, first) for key in self.items}
        items = {
            key: Item(
                item.prorate,
                item.discount,
                [(first, item.prices[-1][1])],
                self.is_typed(key),
            )
            for key, item in self.items.items()
            if units[key] or key in keys
        }
        self._forget_planned()
        self.state = "renewed"
        units = {key: units[key] for key in items}
        following = Contract(first, switch.plan, items, units, anchor=switch.anchor)
        for step in steps:
            following._note_step(step.day, step.key, step.units, step.planned)
        following.bill(today)
        return following

    # The day's run

    def run(self, today):
        """Do what has come due, as the daily run does: changes first, then invoices."""
        if self.state == "paused":
            if self.resume_day and self.resume_day <= today:
                self.resume(self.resume_day, today)
            elif self.close_day and self.close_day <= today:
                self._end_pause(self.close_day + DAY)
        if self.state not in ("progress", "paused"):
            return
        if self.state == "progress":  # what is paused changes when it is resumed
            self._make_planned(today)
        self.bill(today)
        if self._is_over(today):
            self._end(today)

    def _make_planned(self, today):
        for switch in self.switches:
            switch.planned = switch.planned and switch.day > today
        due = [step for step in self.steps if step.planned and step.day <= today]
        for step in sorted(due, key=lambda step: (step.day, step.number)):
            self._make_steps([step], today)

    def _is_over(self, today):
        return (
            self.state == "progress"
            and self.close_day
            and self.close_day <= today
            and not self._get_stretch(self.unbilled)
        )
