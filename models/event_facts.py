"""What the MRR recorder keeps while something happens to contracts."""


class Recording:
    """The contracts that something happens to, and what is known about it."""

    def __init__(self):
        self.facts = {}

    def touch(self, orders, facts=None):
        """Have contracts looked at in the end; who knows first is believed."""
        for order_id in orders.ids:
            self.facts[order_id] = {**(facts or {}), **self.facts.get(order_id, {})}

    def forget(self, orders):
        """Leave orders alone."""
        for order_id in orders.ids:
            self.facts.pop(order_id, None)


class Step:
    """What happened to one contract: where it was, where it is, and on which day."""

    def __init__(self, order, before, after, day, facts):
        self.order, self.before, self.after = order, before, after
        self.day, self.facts = day, facts
        self.revalued = before
        self.movements = []  # (movement, note, kind for the customer or None)

    def add(self, found, note, customer_kind=None):
        self.movements += [(one, note, customer_kind) for one in found]
