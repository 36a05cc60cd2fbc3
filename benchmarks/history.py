"""Five years of MRR events, made by SQL: contracts that begin, grow, shrink, move from
one salesperson, plan or status to another, are renewed, end and come back.

Nothing is random: what looks drawn is a hash of the contract's number. Afterwards
`subscription.event.verify()` finds no difference.
"""

from dataset import FAST, get_products
from stories import SHARES, STORIES

from odoo.tools import SQL

DAYS = 1826
CUSTOMERS = 60_000
COUNTRIES = 40
SALESPEOPLE = 20
TEAMS = 6
TEMPLATES = 5
# Contracts whose invoices of the last 13 months are made too: one of so many.
INVOICED = 10
LOGIN = "bench.manager"


def make_history(env, events):
    """Make about so many events, the contracts they are of, and some invoices."""
    names = prepare_names(env)
    samples = make_samples(env)
    env.flush_all()
    env.cr.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
    if env.cr.fetchone()[0]:
        # All references are right: a check of each would take most of the time.
        env.cr.execute("SET LOCAL session_replication_role = replica")
    env.cr.execute("SET LOCAL jit = off; SET LOCAL work_mem = '256MB'")
    customer = copy_customers(env, samples["partner"])
    draw_families(env, names, events, customer)
    draw_events(env, events)
    copy_contracts(env, samples)
    insert_events(env)
    copy_invoices(env, samples)
    for model in ("sale.order", "subscription.event", "account.move"):
        table = env[model]._table
        env.cr.execute(
            SQL(
                "SELECT setval(%s, (SELECT max(id) FROM %s))",
                f"{table}_id_seq",
                SQL.identifier(table),
            )
        )


# --- what it is counted under ---


def prepare_names(env):
    """Make companies, salespeople and the like; return their ids by name."""
    main = env.company
    companies = main + env["res.company"].create(
        [
            {"name": "Benchmark North", "currency_id": main.currency_id.id},
            {"name": "Benchmark East", "currency_id": env.ref("base.EUR").id},
        ]
    )
    env.ref("base.EUR").active = True
    env["res.currency.rate"].create(
        {
            "currency_id": env.ref("base.EUR").id,
            "rate": 0.9,
            "name": "2000-01-01",
            "company_id": main.id,
        }
    )
    groups = [
        env.ref("sales_team.group_sale_manager").id,
        env.ref("base.group_user").id,
    ]
    users = env["res.users"].create(
        [
            {
                "name": f"Salesperson {number}",
                "login": LOGIN if not number else f"bench{number}",
                "company_id": main.id,
                "company_ids": [(6, 0, companies.ids)],
                "group_ids": [(6, 0, groups)],
            }
            for number in range(SALESPEOPLE)
        ]
    )
    teams = env["crm.team"].create(
        [{"name": f"Team {number}", "company_id": False} for number in range(TEAMS)]
    )
    plans = env["subscription.plan"].search([])
    templates = env["sale.order.template"].create(
        [
            {"name": f"Template {number}", "plan_id": plans[number % len(plans)].id}
            for number in range(TEMPLATES)
        ]
    )
    products = get_products(env)
    products.recurring_invoice = True
    return {
        # The first has most of it.
        "company": companies.ids[:1] * 12
        + companies.ids[1:2] * 5
        + companies.ids[2:] * 3,
        "user": users.ids,
        "team": teams.ids,
        "plan": plans.ids,
        "template": templates.ids,
        "product": products.ids,
        "reason": env["subscription.close.reason"].search([]).ids,
        "country": env["res.country"].search([], limit=COUNTRIES, order="id").ids,
        "story": [story for story, share in enumerate(SHARES) for _ in range(share)],
    }


def make_samples(env):
    """Make the rows that are copied: a contract, with its invoice."""
    partner = get_any_customer(env)
    order = (
        env["sale.order"]
        .with_context(**FAST)
        .create(
            {
                "partner_id": partner.id,
                "plan_id": env.ref("subscriptions.plan_monthly").id,
                "start_date": env["sale.order"]._get_today(),
                "order_line": [(0, 0, {"product_id": get_products(env)[0].id})],
            }
        )
    )
    order.plan_id.invoice_mode = "post"
    order.action_confirm()
    order._bill(until=env["sale.order"]._get_today())
    line = order.invoice_ids.line_ids.filtered("subscription_id")[:1]
    return {
        "partner": partner,
        "order": order,
        "line": order.order_line,
        "move": line.move_id,
        "move_line": line,
    }


def get_any_customer(env):
    return env["res.partner"].search([("ref", "=like", "BENCH%")], limit=1)


# --- rows ---


def copy_rows(env, sample, values, source):
    """Insert a copy of a record for each row of a query, with other values.

    :param record sample: what is copied
    :param dict values: SQL expression by column
    :param SQL source: what stands after FROM
    """
    table = sample._table
    env.cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s",
        (table,),
    )
    columns = [name for (name,) in env.cr.fetchall() if name != "id" or "id" in values]
    chosen = [
        SQL(values[name].replace("%", "%%"))
        if name in values
        else SQL.identifier("sample", name)
        for name in columns
    ]
    env.cr.execute(
        SQL(
            "INSERT INTO %s (%s) SELECT %s FROM %s JOIN %s sample ON sample.id = %s",
            SQL.identifier(table),
            SQL(", ").join(map(SQL.identifier, columns)),
            SQL(", ").join(chosen),
            source,
            SQL.identifier(table),
            sample.id,
        )
    )


def copy_customers(env, sample):
    """Make the customers; return the id before the first one."""
    env.cr.execute("SELECT max(id) FROM res_partner")
    last = env.cr.fetchone()[0]
    countries = ",".join(
        map(str, env["res.country"].search([], limit=COUNTRIES, order="id").ids)
    )
    copy_rows(
        env,
        sample,
        {
            "id": f"{last} + number",
            "commercial_partner_id": f"{last} + number",
            "name": "'Benchmark ' || number",
            "complete_name": "'Benchmark ' || number",
            "ref": "NULL",
            "country_id": f"(ARRAY[{countries}])[1 + number % {COUNTRIES}]",
        },
        SQL("generate_series(1, %s) number", CUSTOMERS),
    )
    env.cr.execute(SQL("SELECT setval('res_partner_id_seq', %s)", last + CUSTOMERS))
    return last


def draw_families(env, names, events, customer):
    """Draw what contracts and their renewals have in common, into a table."""
    for name, ids in names.items():
        env.cr.execute(
            SQL(
                "CREATE TEMP TABLE %s AS SELECT ids.place - 1 AS place, ids.id "
                "FROM unnest(%s) WITH ORDINALITY AS ids(id, place)",
                SQL.identifier(f"bench_{name}"),
                ids,
            )
        )
    today = env["sale.order"]._get_today()
    env.cr.execute("SELECT max(id) FROM sale_order")
    first = env.cr.fetchone()[0]

    def pick(name, salt):
        return SQL(
            "(SELECT id FROM %s "
            "WHERE place = abs(hashint4(number + %s)::bigint) %% %s)",
            SQL.identifier(f"bench_{name}"),
            salt * 10_000_019,
            len(names[name]),
        )

    count = events // 3
    env.cr.execute(
        SQL(
            """
            CREATE TEMP TABLE bench_family AS
            SELECT number, %(first)s + number AS order_id,
                   %(first)s + %(count)s + number AS renewal_id,
                   %(customer)s + 1 + abs(hashint4(number)::bigint) %% %(customers)s
                       AS partner_id,
                   %(today)s::date - %(days)s + floor(%(days)s * sqrt(
                       abs(hashint4(number + 7)::bigint) %% 1000000 / 1000000.0
                   ))::int AS start,
                   4 * (2 + abs(hashint4(number + 11)::bigint) %% 60)::int AS base,
                   %(columns)s
              FROM generate_series(1, %(count)s) number
            """,
            first=first,
            count=count,
            customer=customer,
            customers=CUSTOMERS,
            today=today,
            days=DAYS,
            columns=SQL(", ").join(
                SQL("%s AS %s", pick(name, salt), SQL.identifier(column))
                for salt, (column, name) in enumerate(
                    {
                        "company_id": "company",
                        "user_id": "user",
                        "other_user_id": "user",
                        "team_id": "team",
                        "plan_id": "plan",
                        "other_plan_id": "plan",
                        "template_id": "template",
                        "product_id": "product",
                        "other_product_id": "product",
                        "reason_id": "reason",
                        "story": "story",
                    }.items(),
                    1,
                )
            ),
        )
    )


def draw_events(env, events):
    """Let the stories happen, up to today and to so many events, into a table."""
    env.cr.execute(
        "CREATE TEMP TABLE bench_step (story int, place int, day int, kind text, "
        "quarters int, active int, state text, salesperson int, plan int, part int)"
    )
    for story, steps in enumerate(STORIES):
        for place, step in enumerate(steps):
            env.cr.execute(
                "INSERT INTO bench_step VALUES (" + ", ".join(["%s"] * 10) + ")",
                (story, place, *step),
            )
    today = env["sale.order"]._get_today()
    env.cr.execute(
        SQL(
            """
            CREATE TEMP TABLE bench_event AS
            SELECT family.*, step.place, step.kind, step.active, step.state, step.part,
                   start + step.day AS event_date,
                   CASE part WHEN 0 THEN order_id ELSE renewal_id END AS own_id,
                   CASE salesperson WHEN 0 THEN user_id ELSE other_user_id END
                       AS own_user_id,
                   CASE plan WHEN 0 THEN plan_id ELSE other_plan_id END AS own_plan_id,
                   step.quarters * base / 4 AS change,
                   sum(step.quarters * base / 4) OVER own AS after,
                   sum(step.active) OVER own AS counts,
                   row_number() OVER (PARTITION BY family.number, part
                                      ORDER BY step.place DESC) = 1 AS is_last
              FROM (SELECT *, sum(happened) OVER (ORDER BY number) AS so_far
                      FROM bench_family
                      JOIN LATERAL (SELECT count(*) AS happened FROM bench_step
                                     WHERE bench_step.story = bench_family.story
                                       AND start + bench_step.day <= %(today)s) count
                           ON TRUE) family
              JOIN bench_step step ON step.story = family.story
             WHERE start + step.day <= %(today)s AND so_far <= %(events)s
            WINDOW own AS (PARTITION BY family.number, part ORDER BY step.place)
            """,
            today=today,
            events=events,
        )
    )
    env.cr.execute("ANALYZE bench_event")


def copy_contracts(env, samples):
    """Make the contracts as their last event left them, with their lines."""
    live = "COALESCE(event.counts, 0) = 1"
    last = SQL("(SELECT * FROM bench_event WHERE is_last) event")
    copy_rows(
        env,
        samples["order"],
        {
            "id": "event.own_id",
            "root_order_id": "event.order_id",
            "parent_order_id": "CASE WHEN part = 1 THEN event.order_id END",
            "subscription_kind": "CASE WHEN part = 1 THEN 'renewal' ELSE 'new' END",
            "name": "'B' || event.own_id",
            "access_token": "NULL",
            "company_id": "event.company_id",
            "currency_id": "(SELECT currency_id FROM res_company "
            "WHERE id = event.company_id)",
            "partner_id": "event.partner_id",
            "partner_invoice_id": "event.partner_id",
            "partner_shipping_id": "event.partner_id",
            "user_id": "event.own_user_id",
            "team_id": "event.team_id",
            "plan_id": "event.own_plan_id",
            "sale_order_template_id": "event.template_id",
            "date_order": "event.start",
            "start_date": "event.start",
            "mrr_rate": "1",
            "currency_rate": "1",
            "mrr": f"CASE WHEN {live} THEN event.after ELSE 0 END",
            "subscription_state": f"CASE WHEN {live} THEN event.state "
            "WHEN event.kind = 'transfer' THEN 'renewed' ELSE 'churned' END",
            "close_date": f"CASE WHEN NOT ({live}) THEN event.event_date END",
            "last_event_date": "event.event_date",
            # A twentieth of them is known to end.
            "end_date": f"CASE WHEN {live} AND number % 20 = 0 "
            "THEN event.event_date + 3000 - number % 900 END",
        },
        last,
    )
    for half, product in enumerate(("product_id", "other_product_id")):
        copy_rows(
            env,
            samples["line"],
            {
                "order_id": "event.own_id",
                "product_id": f"event.{product}",
                "company_id": "event.company_id",
                "currency_id": "(SELECT currency_id FROM res_company "
                "WHERE id = event.company_id)",
                "order_partner_id": "event.partner_id",
                "salesman_id": "event.own_user_id",
                "sequence": str(10 + half),
                "price_unit": "event.after / 2.0",
                "price_subtotal": "event.after / 2.0",
                "mrr": f"CASE WHEN {live} THEN event.after / 2.0 ELSE 0 END",
            },
            last,
        )


def insert_events(env):
    """Write the events, in the order in which they happened."""
    env.cr.execute(
        """
        INSERT INTO subscription_event (
            id, order_id, root_order_id, event_date, kind, customer_kind, state,
            mrr_change, mrr_after, active_change, product_mrr, plan_id, partner_id,
            commercial_partner_id, customer_number, country_id, user_id, team_id,
            template_id, company_id, currency_id, close_reason_id, actor_id, origin,
            note, create_uid, create_date, write_uid, write_date)
        SELECT nextval('subscription_event_id_seq'), own_id, order_id, event_date, kind,
               CASE WHEN kind IN ('new', 'reactivation') THEN
                        CASE WHEN others > 0 THEN 'expansion'
                             WHEN known THEN 'reactivation' ELSE 'new' END
                    WHEN kind = 'churn' AND others > 1 THEN 'contraction'
                    ELSE kind END,
               state, change, after, active,
               CASE WHEN product_id = other_product_id
                    THEN jsonb_build_object(product_id::text, change)
                    ELSE jsonb_build_object(product_id::text, change / 2.0,
                                            other_product_id::text, change / 2.0) END,
               own_plan_id, partner_id, partner_id, partner_id, country_id, own_user_id,
               team_id, template_id, company_id, currency_id,
               CASE WHEN kind = 'churn' THEN reason_id END, own_user_id,
               'B' || own_id, 'Benchmark', 1, now(), 1, now()
          FROM (SELECT event.*, partner.country_id, company.currency_id,
                       COALESCE(sum(event.active) FILTER (WHERE kind <> 'transfer')
                                OVER before, 0) AS others,
                       count(*) FILTER (WHERE kind = 'new') OVER before > 0 AS known
                  FROM bench_event event
                  JOIN res_partner partner ON partner.id = event.partner_id
                  JOIN res_company company ON company.id = event.company_id
                WINDOW before AS (PARTITION BY event.company_id, event.partner_id
                                  ORDER BY event_date, number, place
                                  ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
               ) happened
         ORDER BY event_date, number, place
        """
    )


def copy_invoices(env, samples):
    """Make a posted invoice a month, for one of so many contracts."""
    today = env["sale.order"]._get_today()
    env.cr.execute("SELECT max(id) FROM account_move")
    last = env.cr.fetchone()[0]
    env.cr.execute(
        SQL(
            """
            CREATE TEMP TABLE bench_invoice AS
            SELECT %(last)s + row_number() OVER () AS move_id, event.own_id,
                   event.company_id, event.partner_id, event.after AS amount,
                   event.product_id, company.currency_id, month::date AS day
              FROM bench_event event
              JOIN res_company company ON company.id = event.company_id
              JOIN generate_series(%(today)s::date - interval '13 months', %(today)s,
                                   interval '1 month') month ON month >= event.start
             WHERE event.is_last AND event.counts = 1 AND number %% %(invoiced)s = 0
            """,
            last=last,
            today=today,
            invoiced=INVOICED,
        )
    )
    source = SQL("bench_invoice invoice")
    shared = {
        "company_id": "invoice.company_id",
        "partner_id": "invoice.partner_id",
        "commercial_partner_id": "invoice.partner_id",
        "currency_id": "invoice.currency_id",
        "company_currency_id": "invoice.currency_id",
        "invoice_date": "invoice.day",
        "date": "invoice.day",
    }
    copy_rows(
        env,
        samples["move"],
        {
            **shared,
            "id": "invoice.move_id",
            "name": "'BENCH/' || invoice.move_id",
            "sequence_prefix": "'BENCH/'",
            "sequence_number": "invoice.move_id",
            "payment_reference": "NULL",
            "access_token": "NULL",
        },
        source,
    )
    copy_rows(
        env,
        samples["move_line"],
        {
            **shared,
            "move_id": "invoice.move_id",
            "subscription_id": "invoice.own_id",
            "product_id": "invoice.product_id",
            "balance": "-invoice.amount",
            "credit": "invoice.amount",
            "amount_currency": "-invoice.amount",
            "price_subtotal": "invoice.amount",
        },
        source,
    )
