from collections import defaultdict
from contextlib import contextmanager

from odoo import models
from odoo.tools import SQL

from ..engine import movements
from ..engine.movements import Position
from .event_facts import Recording, Step

# Where the recording that is open is kept: it belongs to the transaction.
KEY = "subscriptions.recording"


class SubscriptionRecorder(models.AbstractModel):
    """Writes the MRR events of contracts, from what they were and what they are.

    The contract keeps what its last event left: comparing with it takes no query, and
    comparing twice finds nothing the second time.
    """

    _name = "subscription.recorder"
    _description = "MRR Recorder"

    @contextmanager
    def _open(self):
        """Record what happens inside, when the outermost of such blocks ends well.

        Nobody may commit inside.

        :rtype: Recording
        """
        cache = self.env.cr.cache
        outer = cache.get(KEY)
        if outer is not None:
            yield outer
            return
        recording = cache[KEY] = Recording()
        try:
            yield recording
        finally:
            if cache.get(KEY) is recording:
                del cache[KEY]
        self._record(recording)

    def _record(self, recording):
        """Write the events of all contracts that were touched.

        :param Recording recording: which, and what is known
        :rtype: subscription.event
        """
        # sudo: events follow from what somebody was allowed to do
        orders = self.env["sale.order"].sudo().browse(recording.facts)
        steps = {}
        for order in orders:
            if order._may_have_events():
                step = self._get_step(order, recording.facts[order.id])
                if step:
                    steps[order] = step
        return self._record_steps(steps)

    def _record_steps(self, steps):
        """Write the events of what happened to contracts on the same occasion.

        :param dict steps: a Step per order
        :rtype: subscription.event
        """
        if not steps:
            return self.env["subscription.event"]
        self._find_movements(steps)
        # What leaves comes before what takes its place.
        events = self._write(sorted(steps.values(), key=lambda one: not one.before))
        for order, step in steps.items():
            order.write(self._prepare_snapshot(step))
        return events

    def _prepare_snapshot(self, step):
        after = step.after
        is_undone = not after and step.order.state == "cancel"
        return {
            "last_event_date": not is_undone and step.day,
            "event_snapshot": after
            and {
                "keys": after.keys,
                "amounts": {str(key): one for key, one in after.amounts.items()},
                "currency": step.order.currency_id.id,
            },
        }

    # === POSITIONS === #

    def _get_step(self, order, facts):
        """Return what happened to a contract, or None."""
        before, after = self._get_recorded(order), self._get_position(order)
        if before == after:
            return None
        day = facts.get("date") or order._get_event_day()
        if order.last_event_date:
            day = max(day, order.last_event_date)
        step = Step(order, before, after, day, facts)
        if order.currency_id != order.company_id.currency_id:
            self._apply_rate(step)
        return step

    def _get_position(self, order):
        """Return where a contract stands, None where it does not count.

        :rtype: Position | None
        """
        if not order._is_counted():
            return None
        amounts = defaultdict(float)
        for line in order.order_line:
            if line.mrr:
                amounts[line.product_id.id] += line.mrr
        currency = order.company_id.currency_id
        rounded = {key: currency.round(one) for key, one in amounts.items()}
        return Position(
            {key: one for key, one in rounded.items() if one}, order._get_event_keys()
        )

    def _get_recorded(self, order):
        """Return where the last event left a contract, None where it does not count.

        :rtype: Position | None
        """
        snapshot = order.event_snapshot
        if not snapshot:
            return None
        amounts = {int(key): one for key, one in snapshot["amounts"].items()}
        return Position(amounts, snapshot["keys"])

    def _apply_rate(self, step):
        """Value a contract in a foreign currency at the rate of the day."""
        order, before = step.order, step.before
        rate, old = order._get_event_rate(step.day), order.mrr_rate
        if rate == old:
            return
        order.mrr_rate = rate  # its MRR follows
        step.after = self._get_position(order)
        if before and old and order.event_snapshot["currency"] == order.currency_id.id:
            amounts = {key: one * old / rate for key, one in before.amounts.items()}
            step.revalued = Position(self._round(order, amounts), before.keys)

    # === MOVEMENTS === #

    def _find_movements(self, steps):
        """Find out what moved, for all contracts something happened to.

        :param dict steps: a Step per order
        """
        arriving = {
            source: order
            for order, step in steps.items()
            if step.after and not step.before
            for source in self._get_sources(order, steps)
        }
        known = self._get_known_roots(
            [step.order for step in steps.values() if not step.before]
        )
        for order, step in steps.items():
            if not step.before:
                continue
            step.add(
                movements.revalue(step.before, step.revalued),
                self.env._("Exchange rate"),
            )
            if step.after:
                note = order._get_moving_note(step.before.keys)
                step.add(movements.move(step.revalued, step.after), note)
            elif order in arriving:
                note = order._get_leaving_note("transfer")
                step.add([movements.leave(step.revalued, "transfer")], note)
                self._arrive(steps[arriving[order]], step)
            elif order.state == "cancel":
                self._undo(step)
            else:
                note = order._get_leaving_note("churn")
                step.add([movements.leave(step.revalued, "churn")], note)
        for order, step in steps.items():
            if step.after and not step.before and order not in arriving.values():
                kind = "reactivation" if order.root_order_id in known else "new"
                note = order._get_entering_note(kind)
                step.add([movements.enter(step.after, kind)], note)

    def _get_sources(self, order, steps):
        """Return the contract whose place another one takes in the same moment.

        Its renewal does, or, where the renewal is cancelled, the contract itself.
        """
        return [
            other
            for other, step in steps.items()
            if step.before
            and not step.after
            and (other == order.parent_order_id or other.parent_order_id == order)
        ]

    def _arrive(self, step, source):
        """Let a contract take over the MRR of another, and be more or less than it."""
        note = step.order._get_entering_note("transfer")
        moved = Position(source.revalued.amounts, step.after.keys)
        step.add([movements.enter(moved, "transfer")], note)
        step.add(movements.move(moved, step.after), note)

    def _undo(self, step):
        """Take all events back of a contract that was cancelled, and never billed.

        It was not lost: nobody had it.
        """
        order = step.order
        sums = {}
        for event in order.event_ids:
            keys = event._get_keys()
            group = (event.kind, event.customer_kind, tuple(keys.items()))
            amounts, active = sums.setdefault(group, (defaultdict(float), []))
            for product, amount in event._get_amounts().items():
                amounts[product] -= amount
            active.append(-event.active_change)
        for (kind, customer_kind, keys), (amounts, active) in sums.items():
            undone = movements.revalue(
                Position({}), Position(self._round(order, amounts))
            )
            amounts = undone[0].amounts if undone else {}
            if amounts or sum(active):
                one = movements.Movement(kind, amounts, sum(active), dict(keys))
                step.add([one], order._get_leaving_note("cancel"), customer_kind)

    def _round(self, order, amounts):
        currency = order.company_id.currency_id
        return {key: currency.round(one) for key, one in amounts.items()}

    def _get_known_roots(self, orders):
        """Return the first contracts of families that counted before.

        :rtype: sale.order
        """
        roots = self.env["sale.order"].union(
            *(
                order.root_order_id
                for order in orders
                if order.last_event_date or order.parent_order_id
            )
        )
        if not roots:
            return roots
        groups = (
            self.env["subscription.event"]
            .sudo()
            ._read_group(
                [("root_order_id", "in", roots.ids), ("kind", "=", "new")],
                ["root_order_id"],
                ["active_change:sum"],
            )
        )
        return roots.browse(root.id for root, active in groups if active > 0)

    # === CUSTOMERS === #

    def _get_customers(self, steps):
        """Return how many contracts customers have, and whether they ever had one.

        Two contracts of a customer that begin or end at once wait for each other.

        :return: [active, known] by company and commercial customer
        :rtype: dict
        """
        ids = sorted(
            {
                step.order.partner_id.commercial_partner_id.id
                for step in steps
                if any(self._counts_at_customer(one) for one in step.movements)
            }
        )
        customers = defaultdict(lambda: [0, False])
        if not ids:
            return customers
        # A new version of the row lets PostgreSQL refuse who saw what was before, and
        # Odoo begin anew: else both contracts would be the customer's first.
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET write_date = write_date WHERE id = ANY(%s)", ids
            )
        )
        self.env["subscription.event"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company_id, commercial_partner_id, sum(active_change),
                       sum(active_change) FILTER (WHERE customer_kind = 'new')
                  FROM subscription_event
                 WHERE commercial_partner_id = ANY(%s)
                 GROUP BY company_id, commercial_partner_id
                """,
                ids,
            )
        )
        for company, partner, active, new in rows:
            customers[company, partner] = [active, bool(new and new > 0)]
        return customers

    def _counts_at_customer(self, found):
        movement, _note, customer_kind = found
        return not customer_kind and movement.kind in (
            movements.ENTERING | movements.LEAVING
        )

    # === EVENTS === #

    def _write(self, steps):
        """Write the events of steps, all in one.

        :rtype: subscription.event
        """
        customers = self._get_customers(steps)
        values = []
        for step in steps:
            total = step.before.total if step.before else 0
            for movement, note, customer_kind in step.movements:
                total += movement.total
                customer = customers[
                    step.order.company_id.id,
                    step.order.partner_id.commercial_partner_id.id,
                ]
                active, known = customer
                if not customer_kind:
                    others = active - (movement.active < 0)
                    customer_kind = movements.at_customer(
                        movement.kind, movement.active, others, known
                    )
                if movement.kind != "transfer":
                    customer[0] += movement.active
                    customer[1] = known or customer_kind == "new"
                values.append(
                    self._prepare_event(step, movement, total, note, customer_kind)
                )
        # sudo: events are written here alone
        return self.env["subscription.event"].sudo().create(values)

    def _prepare_event(self, step, movement, total, note, customer_kind):
        """Prepare one event. Hook for other addons.

        :param Step step: what happened to the contract
        :param Movement movement: what moved
        :param total: the contract's MRR after it
        :param str note: why, in words
        :param str customer_kind: what it is for the customer
        :rtype: dict
        """
        order, facts = step.order, step.facts
        currency = order.company_id.currency_id
        partner = self.env["res.partner"].browse(movement.keys["partner_id"])
        change = facts.get("change")
        is_churn = movement.kind == "churn"
        return {
            **movement.keys,
            "order_id": order.id,
            "root_order_id": order.root_order_id.id or order.id,
            "event_date": step.day,
            "kind": movement.kind,
            "customer_kind": customer_kind,
            "mrr_change": currency.round(float(movement.total)),
            "mrr_after": currency.round(float(total)),
            "active_change": movement.active,
            "product_mrr": {
                str(key): currency.round(float(one))
                for key, one in movement.amounts.items()
            },
            "currency_id": currency.id,
            "commercial_partner_id": partner.commercial_partner_id.id,
            "country_id": partner.country_id.id,
            "close_reason_id": is_churn and order.close_reason_id.id,
            "actor_id": facts.get("actor", self.env.uid),
            "change_id": change and change.id,
            "origin": facts.get("origin") or order.name,
            "note": facts.get("note") or note,
        }
