from collections import defaultdict
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from odoo import models
from odoo.exceptions import MissingError
from odoo.tools import SQL

from ..engine import movements
from ..engine.movements import Position
from .event_facts import Recording, Step

# The recording that is open, by cursor. Not in the cursor's cache: that is emptied when
# a savepoint inside is rolled back.
OPEN = WeakKeyDictionary()


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
        cursor = self.env.cr
        outer = OPEN.get(cursor)
        if outer is not None:
            yield outer
            return
        recording = OPEN[cursor] = Recording()
        try:
            yield recording
        finally:
            del OPEN[cursor]
        self._record(recording)

    def _record(self, recording):
        """Write the events of all contracts that were touched.

        :param Recording recording: which, and what is known
        :rtype: subscription.event
        """
        # sudo: events follow from what somebody was allowed to do
        orders = self.env["sale.order"].sudo().browse(recording.facts)
        try:
            steps = self._get_steps(orders, recording)
        except MissingError:  # made inside, in a savepoint that was rolled back
            steps = self._get_steps(orders.exists(), recording)
        return self._record_steps(steps)

    def _get_steps(self, orders, recording):
        steps = {}
        for order in orders:
            if order._may_have_events():
                step = self._get_step(order, recording.facts[order.id])
                if step:
                    steps[order] = step
        return steps

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
        gone = {"mrr_rate": False} if step.order.mrr_rate and not after else {}
        return {
            **gone,
            "last_event_date": step.day,
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
        if before:
            before = before._replace(keys=self._get_live_keys(order, before.keys))
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

    def _get_live_keys(self, order, keys):
        """Return what a contract was counted under, as it is called now.

        A team may be deleted since, a customer merged into another: PostgreSQL has
        brought the events up to date. A key may be new, or its addon gone.

        :rtype: dict
        """
        Event = self.env["subscription.event"]
        result = order._get_event_keys()
        for name in result.keys() & keys.keys():
            comodel = Event._fields[name].comodel_name
            value = keys[name]
            if comodel and value and not self.env[comodel].browse(value).exists():
                value = name.endswith("partner_id") and result[name]
            result[name] = value
        return result

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
            is_undone = order.state == "cancel" and order not in arriving
            if not is_undone:
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
            elif is_undone:
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
            count = sum(active)
            sign = 1 if count > 0 else -1
            found = [
                movements.Movement(kind, one, sign if count else 0, dict(keys))
                for one in [amounts, *[{}] * (abs(count) - 1)]
                if one or count
            ]
            step.add(found, order._get_leaving_note("cancel"), customer_kind)

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
                one.keys["commercial_partner_id"]
                for step in steps
                for one, _note, _customer_kind in step.movements
                if one.active and one.kind != "transfer"
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
                       -- begun, and not taken back
                       count(*) FILTER (WHERE active_change > 0)
                       - count(*) FILTER (
                           WHERE active_change < 0
                             AND customer_kind IN ('new', 'reactivation'))
                  FROM subscription_event
                 WHERE commercial_partner_id = ANY(%s)
                 GROUP BY company_id, commercial_partner_id
                """,
                ids,
            )
        )
        for company, partner, active, begun in rows:
            customers[company, partner] = [active, begun > 0]
        return customers

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
                    movement.keys["company_id"],
                    movement.keys["commercial_partner_id"],
                ]
                active, known = customer
                others = active - (movement.active < 0)
                if not customer_kind:
                    customer_kind = movements.at_customer(
                        movement.kind, movement.active, others, known
                    )
                elif movement.active < 0 and others > 0:
                    customer_kind = "contraction"  # taken back, of a customer who stays
                if movement.kind != "transfer":
                    customer[0] += movement.active
                    customer[1] = known or movement.active > 0
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
            "customer_number": movement.keys["commercial_partner_id"],
            "close_reason_id": is_churn and order.close_reason_id.id,
            "actor_id": facts.get("actor", self.env.uid),
            "change_id": change and change.id,
            "origin": facts.get("origin") or order.name,
            "note": facts.get("note") or note,
        }
