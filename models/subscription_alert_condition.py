"""What an alert asks of contracts: each condition is a domain.

Conditions that no field of the contract holds are asked of PostgreSQL first, a query
each: within one large query it may plan them once for each contract.
"""

from odoo import models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..engine.recurrence import add_days
from .condition_domain import check_condition_records, read_condition


class SubscriptionAlert(models.Model):
    _inherit = "subscription.alert"

    def _get_domain(self, today):
        """Return the contracts that match on a day.

        :param date today: the day
        :rtype: Domain
        :raise ValidationError: with words, where a condition cannot be used
        """
        self.ensure_one()
        return Domain.AND(
            [
                self._get_scope(),
                self._get_timing_domain(today),
                *self._get_condition_domains(today),
                *self._get_restriction_domains(),
            ]
        )

    def _get_timing_domain(self, today):
        """Return whose date has come, for an alert on a date."""
        if self.trigger != "date":
            return Domain.TRUE
        days = self.date_days if self.date_mode == "before" else -self.date_days
        latest = add_days(today, days)
        return Domain(self.date_field, "!=", False) & Domain(
            self.date_field, "<=", latest
        )

    def _get_condition_domains(self, today):
        """Return what has to become true, a domain for each condition that is set.

        :param date today: the day
        :rtype: list
        """
        self.ensure_one()
        return [
            getattr(self, f"_get_{name}_domain")(today)
            for name in self._get_conditions()
        ]

    def _get_conditions(self):
        """Return the names of the conditions that are set.

        Hook: for each name there is `_get_<name>_domain(today)`, and a
        `_get_<name>_phrase()` that says it in words.

        :rtype: list
        """
        self.ensure_one()
        is_set = {
            "mrr": self.mrr_min or self.mrr_max,
            "mrr_change": self.mrr_change,
            "health": self.health,
            "stage": self.stage_ids,
            "overdue": self.is_overdue,
            "satisfaction": self.satisfaction_below,
            "next_invoice": self.next_invoice_days,
            "declined": self.collection_declined,
            "paid": self.paid_invoices,
            "unused": self.has_unused_option,
            "extra": self.extra_domain and self.extra_domain.strip() != "[]",
        }
        return [name for name, value in is_set.items() if value]

    def _get_restriction_domains(self):
        """Return which contracts it is about, a domain for each restriction. Hook."""
        self.ensure_one()
        domains = []
        for name, path in self._get_restrictions().items():
            if self[name]:
                domains.append(Domain(path, "in", self[name].ids))
        return domains

    def _get_restrictions(self):
        """Return the contract's field by the alert's that restricts it. Hook."""
        return {
            "plan_ids": "plan_id",
            "product_ids": "order_line.product_id",
            "team_ids": "team_id",
            "user_ids": "user_id",
            "template_ids": "sale_order_template_id",
            "tag_ids": "tag_ids",
        }

    # === CONDITIONS ON FIELDS === #

    def _get_mrr_domain(self, today):
        domain = Domain("mrr", ">=", self.mrr_min)
        if self.mrr_max:
            domain &= Domain("mrr", "<=", self.mrr_max)
        return domain

    def _get_health_domain(self, today):
        return Domain("health", "=", self.health)

    def _get_stage_domain(self, today):
        return Domain("stage_id", "in", self.stage_ids.ids)

    def _get_satisfaction_domain(self, today):
        return Domain("rating_count", ">", 0) & Domain(
            "satisfaction", "<", self.satisfaction_below
        )

    def _get_next_invoice_domain(self, today):
        latest = add_days(today, self.next_invoice_days)
        return Domain("next_invoice_date", "!=", False) & Domain(
            "next_invoice_date", "<=", latest
        )

    def _get_extra_domain(self, today):
        extra = read_condition(self.env, self.extra_domain)
        check_condition_records(self.env, extra)
        return extra

    # === CONDITIONS THAT ARE NO FIELD === #

    def _get_mrr_change_domain(self, today):
        """Return whose MRR moved by more than a share or an amount within a span.

        Summed over a contract and what it renews, so that a renewal is no change. What
        had no MRR before the span cannot have moved by a share of it.
        """
        if not self.mrr_change_by and self.mrr_change_unit == "percent":
            raise ValidationError(self.env._("Say by how much the MRR has to change."))
        sign = -1 if self.mrr_change == "fell" else 1
        since = add_days(today, -self.mrr_change_days)
        moved = SQL(
            """%s * COALESCE(SUM(event.mrr_change)
                             FILTER (WHERE event.event_date > %s), 0)""",
            sign,
            since,
        )
        before = SQL(
            "COALESCE(SUM(event.mrr_change) FILTER (WHERE event.event_date <= %s), 0)",
            since,
        )
        if self.mrr_change_unit == "percent":
            having = SQL(
                "%(before)s > 0 AND %(moved)s * 100 > %(limit)s * %(before)s",
                before=before,
                moved=moved,
                limit=self.mrr_change_by,
            )
        else:
            having = SQL("%s > %s", moved, self.mrr_change_by)
        return self._find_by_sql(
            SQL(
                """SELECT contract.id
                     FROM sale_order contract
                     JOIN (SELECT event.root_order_id
                             FROM subscription_event event
                            WHERE event.root_order_id IN (
                                  SELECT late.root_order_id
                                    FROM subscription_event late
                                   WHERE late.event_date > %s)
                            GROUP BY event.root_order_id
                           HAVING %s) changed
                       ON changed.root_order_id = contract.root_order_id""",
                since,
                having,
            )
        )

    def _find_by_sql(self, query):
        """Return the orders a query finds, as a domain.

        What the reader may not see is left out where the domain is searched.

        :param SQL query: its first column are ids of orders
        :rtype: Domain
        """
        self.env.flush_all()
        return Domain("id", "in", [row[0] for row in self.env.execute_query(query)])

    def _get_overdue_domain(self, today):
        """Return who has an invoice that is not paid for longer than so many days."""
        return self._get_invoice_domain(
            SQL(
                """move.payment_state IN ('not_paid', 'partial')
                   AND move.invoice_date_due < %s""",
                add_days(today, -self.overdue_days),
            )
        )

    def _get_paid_domain(self, today):
        """Return who has paid so many invoices, of a contract and what it renews."""
        return self._find_by_sql(
            SQL(
                """SELECT contract.id
                     FROM sale_order contract
                     JOIN (SELECT billed.root_order_id
                             FROM account_move_line line
                             JOIN account_move move ON move.id = line.move_id
                             JOIN sale_order billed ON billed.id = line.subscription_id
                            WHERE move.move_type = 'out_invoice'
                              AND move.state = 'posted'
                              AND move.payment_state IN ('paid', 'in_payment')
                            GROUP BY billed.root_order_id
                           HAVING COUNT(DISTINCT move.id) >= %s) paid
                       ON paid.root_order_id = contract.root_order_id""",
                self.paid_invoices,
            )
        )

    def _get_invoice_domain(self, condition):
        return self._find_by_sql(
            SQL(
                """SELECT line.subscription_id
                      FROM account_move_line line
                      JOIN account_move move ON move.id = line.move_id
                     WHERE line.subscription_id IS NOT NULL
                       AND move.move_type = 'out_invoice'
                       AND move.state = 'posted'
                       AND %s
                     GROUP BY line.subscription_id""",
                condition,
            )
        )

    def _get_declined_domain(self, today):
        """Return whose payment was declined so many times, and is still not made.

        Tried once more, it is still the same payment: while nobody knows what comes of
        that, it has neither begun nor ceased to be declined.
        """
        return self._find_by_sql(
            SQL(
                """SELECT rel.order_id
                      FROM subscription_collection collection
                      JOIN subscription_collection_order_rel rel
                        ON rel.collection_id = collection.id
                      JOIN payment_transaction attempt
                        ON attempt.collection_id = collection.id
                     WHERE collection.outcome = 'open'
                       AND attempt.operation = 'offline'
                       AND (attempt.state = 'error'
                            OR attempt.state = 'cancel'
                           AND attempt.refusal IS DISTINCT FROM 'not_tried')
                     GROUP BY rel.order_id, collection.id
                    HAVING COUNT(*) >= %s""",
                self.collection_declined,
            )
        )

    def _get_unused_domain(self, today):
        """Return who has an option billed by delivery and used none of it of late.

        In the contract for at least as long, by its MRR events; nothing of it is
        delivered and not billed yet, and no invoice of a period that reaches into the
        span has any of it.
        """
        since = add_days(today, -self.unused_days)
        which = SQL("TRUE")
        if self.unused_product_ids:
            which = SQL("product.id IN %s", tuple(self.unused_product_ids.ids))
        return Domain("start_date", "<=", since) & self._find_by_sql(
            SQL(
                """SELECT line.order_id
                      FROM sale_order_line line
                      JOIN product_product product ON product.id = line.product_id
                      JOIN product_template template
                        ON template.id = product.product_tmpl_id
                     WHERE template.invoice_policy = 'delivery'
                       AND %s
                       AND line.is_recurring
                       AND line.product_uom_qty > 0
                       AND NOT EXISTS (
                           SELECT FROM subscription_event event
                            WHERE event.order_id = line.order_id
                              AND event.event_date > %s
                              AND event.kind IN ('new', 'expansion', 'reactivation')
                              AND event.product_mrr ? line.product_id::text)
                       AND COALESCE(line.qty_to_invoice, 0) <= 0
                       AND NOT EXISTS (
                           SELECT FROM account_move_line billed
                             JOIN sale_order_line_invoice_rel rel
                               ON rel.invoice_line_id = billed.id
                            WHERE rel.order_line_id = line.id
                              AND billed.quantity > 0
                              AND billed.parent_state != 'cancel'
                              AND billed.period_to >= %s)""",
                which,
                since,
                since,
            )
        )
