"""The same figures by hand-written SQL: what somebody would write who knows the tables.

Each ends in a number that is compared with what the report shows: `total` reads it from
the report's results, and the first column of the query adds up to it.
"""

MOVED = "event_date >= %(since)s AND company_id = ANY(%(companies)s)"


def sum_of(spec):
    """Return how to add up an aggregate of the groups of the first call."""
    return lambda results: sum(group[spec] or 0 for group in results[0])


def sum_of_all(spec):
    """Likewise for all calls: a sum over time begins with what was before."""
    return lambda results: sum(
        group[spec] or 0 for groups in results for group in groups
    )


def overall(spec):
    """Return how to read the total of a pivot: its first grouping set."""
    return lambda results: results[0][0][0][spec]


# The key figures take more than one statement: movements by month and what was before;
# what became, in each month, of contracts that were there before; contracts that end;
# revenue.
BOARD = (
    """
    SELECT sum(mrr_change), date_trunc('month', event_date), currency_id, kind,
           sum(active_change)
      FROM subscription_event
     WHERE company_id = ANY(%(companies)s)
     GROUP BY 2, 3, 4
    """,
    """
    SELECT month, currency_id, sum(gain), sum(loss), sum(least(loss, opening))
      FROM (SELECT date_trunc('month', event_date) AS month, root_order_id, currency_id,
                   sum(mrr_change) FILTER (WHERE kind = 'expansion') AS gain,
                   -sum(mrr_change) FILTER (WHERE kind IN ('contraction', 'churn'))
                       AS loss,
                   (array_agg(mrr_after - mrr_change ORDER BY event_date, id))[1]
                       AS opening,
                   (array_agg(active_change ORDER BY event_date, id))[1] AS first
              FROM subscription_event
             WHERE event_date >= %(before)s AND company_id = ANY(%(companies)s)
             GROUP BY 1, 2, 3) moved
     WHERE first < 1
     GROUP BY 1, 2
    """,
    """
    SELECT date_trunc('month', least(end_date, close_date)), sum(mrr), count(*)
      FROM sale_order
     WHERE subscription_state IN ('progress', 'paused')
       AND least(end_date, close_date) < now() + interval '1 year'
       AND company_id = ANY(%(companies)s)
     GROUP BY 1
    """,
    """
    SELECT date_trunc('month', invoice_date), company_currency_id, sum(-balance)
      FROM account_move_line
     WHERE subscription_id IS NOT NULL AND parent_state = 'posted'
       AND display_type = 'product' AND invoice_date >= %(before)s
       AND company_id = ANY(%(companies)s)
     GROUP BY 1, 2
    """,
)

# By the name of the action: the statements, and how to read the total, if it has one.
RIVALS = {
    "subscription_kpi_board_action": (BOARD, None),
    "subscription_event_action_breakdown": (
        [
            f"""
        SELECT sum(mrr_change), date_trunc('month', event_date), kind, count(*),
               min(currency_id), max(currency_id)
          FROM subscription_event
         WHERE {MOVED} AND kind NOT IN ('transfer', 'currency')
         GROUP BY 2, 3 ORDER BY 2, 3
        """
        ],
        sum_of("mrr_change:sum"),
    ),
    "subscription_event_action_over_time": (
        [
            """
        SELECT sum(mrr_change), CASE WHEN event_date >= %(since)s
                                     THEN date_trunc('month', event_date) END,
               count(*), min(currency_id), max(currency_id)
          FROM subscription_event
         WHERE company_id = ANY(%(companies)s)
         GROUP BY 2 ORDER BY 2 NULLS FIRST
        """
        ],
        sum_of_all("mrr_change:sum"),
    ),
    "subscription_product_event_action": (
        [
            """
        SELECT sum(item.amount::numeric), date_trunc('month', event_date),
               product.product_tmpl_id, count(*), min(currency_id), max(currency_id)
          FROM subscription_event event
         CROSS JOIN LATERAL jsonb_each_text(event.product_mrr) item(product, amount)
          JOIN product_product product ON product.id = item.product::int
         WHERE event_date >= %(since)s AND company_id = ANY(%(companies)s)
         GROUP BY 2, 3 ORDER BY 2, 3
        """
        ],
        sum_of("mrr_change:sum"),
    ),
    "subscription_report_action": (
        [
            """
        SELECT sum(line.mrr), contract.plan_id, product.product_tmpl_id, count(*),
               min(company.currency_id), max(company.currency_id)
          FROM sale_order contract
          JOIN sale_order_line line ON line.order_id = contract.id
          JOIN res_company company ON company.id = contract.company_id
          LEFT JOIN product_product product ON product.id = line.product_id
         WHERE contract.subscription_state IN ('progress', 'paused')
           AND line.display_type IS NULL
           AND line.is_downpayment IS NOT TRUE
           AND contract.company_id = ANY(%(companies)s)
         GROUP BY 2, 3 ORDER BY 2, 3
        """
        ],
        sum_of("mrr:sum"),
    ),
    "subscription_retention_report_action": (
        [
            """
        SELECT count(*), date_trunc('month', date_start), date_trunc('month', date_stop)
          FROM (
                SELECT root_order_id,
                       min(event_date) FILTER (WHERE kind = 'new') AS date_start,
                       CASE WHEN sum(active_change) <= 0 THEN max(event_date)
                                 FILTER (WHERE active_change < 0) END AS date_stop
                  FROM subscription_event
                 WHERE root_order_id IN (
                       SELECT root_order_id FROM subscription_event
                        WHERE event_date >= %(since)s AND kind = 'new'
                          AND company_id = ANY(%(companies)s))
                 GROUP BY root_order_id
               ) family
         WHERE date_start >= %(since)s
         GROUP BY 2, 3
        """
        ],
        lambda results: sum(row["value"] for row in results[0]["rows"]),
    ),
    "subscription_movement_report_action_churn": (
        [
            f"""
        SELECT sum(-mrr_change), close_reason_id, count(*), min(currency_id),
               max(currency_id)
          FROM subscription_event
         WHERE {MOVED} AND kind = 'churn'
         GROUP BY 2 ORDER BY 2
        """
        ],
        sum_of("churn_mrr:sum"),
    ),
    "subscription_movement_report_action_sales": (
        [
            f"""
        SELECT sum(mrr_change), team_id, user_id,
               sum(mrr_change) FILTER (WHERE kind = 'new'),
               sum(mrr_change) FILTER (WHERE kind = 'reactivation'),
               sum(mrr_change) FILTER (WHERE kind = 'expansion'),
               - sum(mrr_change) FILTER (WHERE kind = 'contraction'),
               - sum(mrr_change) FILTER (WHERE kind = 'churn'),
               count(*), min(currency_id), max(currency_id)
          FROM subscription_event
         WHERE {MOVED} AND kind NOT IN ('transfer', 'currency')
         GROUP BY 2, 3 ORDER BY 2, 3
        """
        ],
        overall("net_new_mrr:sum"),
    ),
}
