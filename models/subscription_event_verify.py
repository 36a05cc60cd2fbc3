from odoo import api, models
from odoo.tools import SQL, format_amount, format_date


class SubscriptionEvent(models.Model):
    _inherit = "subscription.event"

    @api.model
    def verify(self):
        """Prove the ledger of events, for all companies.

        Each event leads from the MRR before to the MRR after it; so opening and
        movements are the closing of every month, company and currency. The sum of a
        contract's events is its MRR, and 1 or 0 contracts. What is transferred nets 0.
        Of a customer's contracts one is new.

        :return: the differences, in words; empty when all is sound
        :rtype: list[str]
        """
        return [one["message"] for one in self._find_differences()]

    @api.model
    def _find_differences(self):
        """Return the differences, as values of subscription.finding.

        The key is the same for the same difference, whatever language it is told in.

        :rtype: list[dict]
        """
        self.env.flush_all()
        return [
            *self._find_contracts(),
            *self._find_steps(),
            *self._find_products(),
            *self._find_transfers(),
            *self._find_customers(),
        ]

    def _query(self, query, *args):
        # sudo is not needed: the proof reads all, and shows sums that differ
        return self.env.execute_query(SQL(query, *args))

    def _format(self, amount, currency_id):
        currency = self.env["res.currency"].browse(currency_id)
        return format_amount(self.env, float(amount), currency)

    def _find_contracts(self):
        """Find contracts whose events do not add up to their MRR."""
        rows = self._query(
            """
            SELECT COALESCE(one.id, sums.order_id), COALESCE(sums.mrr, 0),
                   COALESCE(one.mrr, 0), COALESCE(sums.active, 0),
                   COALESCE(one.active, 0), company.currency_id, company.id
              FROM (SELECT order_id, min(company_id) AS company_id,
                           sum(mrr_change) AS mrr, sum(active_change) AS active
                      FROM subscription_event
                     GROUP BY order_id) sums
              FULL JOIN (SELECT id, company_id, mrr, 1 AS active
                           FROM sale_order
                          WHERE subscription_state IN ('progress', 'paused')
                            AND in_trial IS NOT TRUE) one ON one.id = sums.order_id
              JOIN res_company company
                ON company.id = COALESCE(one.company_id, sums.company_id)
              JOIN res_currency currency ON currency.id = company.currency_id
             WHERE abs(COALESCE(sums.mrr, 0) - COALESCE(one.mrr, 0))
                   >= currency.rounding / 2
                OR COALESCE(sums.active, 0) <> COALESCE(one.active, 0)
             ORDER BY 1
            """
        )
        for order_id, events, mrr, active, is_live, currency, company in rows:
            order = self.env["sale.order"].browse(order_id)
            if active != is_live:
                yield self._tell(
                    f"contract:{order_id}",
                    company,
                    order,
                    self.env._(
                        "%(order)s counts %(active)s times in its events, and is "
                        "%(live)s contract.",
                        order=order.sudo().name,
                        active=active,
                        live=is_live,
                    ),
                )
            else:
                yield self._tell(
                    f"contract:{order_id}",
                    company,
                    order,
                    self.env._(
                        "%(order)s: its events add up to %(events)s, its MRR is "
                        "%(mrr)s.",
                        order=order.sudo().name,
                        events=self._format(events, currency),
                        mrr=self._format(mrr, currency),
                    ),
                )

    def _find_steps(self):
        """Find events that do not lead from the MRR before to the MRR after them."""
        rows = self._query(
            """
            SELECT id, order_id, event_date, mrr_before, mrr_change, mrr_after,
                   currency_id, company_id
              FROM (SELECT event.*, currency.rounding,
                           lag(mrr_after, 1, 0) OVER (
                               PARTITION BY order_id ORDER BY event_date, event.id
                           ) AS mrr_before
                      FROM subscription_event event
                      JOIN res_currency currency ON currency.id = event.currency_id
                   ) step
             WHERE abs(mrr_before + mrr_change - mrr_after) >= rounding / 2
             ORDER BY order_id, event_date
            """
        )
        for event_id, order_id, day, before, change, after, currency, company in rows:
            order = self.env["sale.order"].browse(order_id)
            yield self._tell(
                f"step:{event_id}",
                company,
                order,
                self.env._(
                    "%(order)s, %(date)s: %(before)s and %(change)s are not %(after)s.",
                    order=order.sudo().name,
                    date=format_date(self.env, day),
                    before=self._format(before, currency),
                    change=self._format(change, currency),
                    after=self._format(after, currency),
                ),
            )

    def _find_products(self):
        """Find events whose products do not add up to them."""
        rows = self._query(
            """
            SELECT event.id, order_id, event_date, mrr_change, products.total,
                   event.currency_id, company_id
              FROM subscription_event event
              JOIN res_currency currency ON currency.id = event.currency_id
              CROSS JOIN LATERAL (
                  SELECT COALESCE(sum(value::numeric), 0) AS total
                    FROM jsonb_each_text(COALESCE(event.product_mrr, '{}'::jsonb))
              ) products
             WHERE abs(mrr_change - products.total) >= currency.rounding / 2
             ORDER BY order_id, event_date
            """
        )
        for event_id, order_id, day, change, total, currency, company in rows:
            order = self.env["sale.order"].browse(order_id)
            yield self._tell(
                f"products:{event_id}",
                company,
                order,
                self.env._(
                    "%(order)s, %(date)s: the products add up to %(total)s, the event "
                    "is %(change)s.",
                    order=order.sudo().name,
                    date=format_date(self.env, day),
                    total=self._format(total, currency),
                    change=self._format(change, currency),
                ),
            )

    def _find_transfers(self):
        """Find days on which what is transferred does not net 0."""
        rows = self._query(
            """
            SELECT root_order_id, event_date, sum(mrr_change), sum(active_change),
                   min(event.currency_id), company_id
              FROM subscription_event event
              JOIN res_currency currency ON currency.id = event.currency_id
             WHERE kind = 'transfer'
             GROUP BY root_order_id, event_date, currency.rounding, company_id
            HAVING abs(sum(mrr_change)) >= currency.rounding / 2
                OR sum(active_change) <> 0
             ORDER BY 1, 2
            """
        )
        for order_id, day, change, active, currency, company in rows:
            order = self.env["sale.order"].browse(order_id)
            yield self._tell(
                f"transfer:{order_id}:{day}",
                company,
                order,
                self.env._(
                    "%(order)s, %(date)s: transfers leave %(change)s and %(active)s "
                    "contracts over.",
                    order=order.sudo().name,
                    date=format_date(self.env, day),
                    change=self._format(change, currency),
                    active=active,
                ),
            )

    def _find_customers(self):
        """Find customers that are new twice, or have less than no contract.

        By their numbers when it happened: who is merged has been new twice.
        """
        rows = self._query(
            """
            SELECT company_id, commercial_partner_id, commercial_partner_id,
                   sum(active_change), 0
              FROM subscription_event
             GROUP BY company_id, commercial_partner_id
            HAVING sum(active_change) < 0
             UNION
            SELECT company_id, min(commercial_partner_id), customer_number,
                   sum(active_change),
                   sum(active_change) FILTER (WHERE customer_kind = 'new')
              FROM subscription_event
             GROUP BY company_id, customer_number
            HAVING sum(active_change) FILTER (WHERE customer_kind = 'new') > 1
             ORDER BY 1, 2
            """
        )
        for company, partner_id, number, active, new in rows:
            partner = self.env["res.partner"].browse(partner_id)
            yield self._tell(
                f"customer:{company}:{number}",
                company,
                self.env["sale.order"],
                self.env._(
                    "%(customer)s is new %(new)s times, and has %(active)s contracts.",
                    customer=partner.sudo().display_name,
                    new=new,
                    active=active,
                ),
            )

    @api.model
    def _tell(self, key, company_id, order, message):
        return {
            "key": key,
            "company_id": company_id,
            "order_id": order.id,
            "message": message,
        }
