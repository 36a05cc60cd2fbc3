"""The history of the demonstration firm. Nothing of it runs without demo data."""

import logging
import random
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Command, Date, Datetime, Domain

_logger = logging.getLogger(__name__)

QUIET = {
    "mail_activity_quick_update": True,
    "mail_auto_subscribe_no_notify": True,
    "mail_create_nosubscribe": True,
    "mail_notrack": True,
    "tracking_disable": True,
}
# Days the history goes back: 18 months.
SPAN = 548
# The replay stops that many days ago: what is due since is left to the first real run.
UNBILLED_DAYS = 2


@dataclass(frozen=True)
class Deal:
    """One contract, or several that are drawn alike.

    Plans, products and templates are named by their XML id, customers too.
    """

    plan: str
    lines: tuple  # (product, fewest, most)
    age: int = 0  # days since its start; 0 draws one, up to `oldest`
    oldest: int = SPAN
    number: int = 1
    once: tuple = ()
    template: str = ""
    customer: str = ""
    story: str = ""  # method _story_…
    told: int = 0  # how many days ago the story happens
    later: tuple = ()  # further ones: (story, told)


WEEKLY, MONTHLY, QUARTERLY, YEARLY, FIRST, ARREARS = (
    "plan_weekly",
    "plan_monthly",
    "plan_quarterly",
    "plan_yearly",
    "demo_plan_first_of_month",
    "demo_plan_in_arrears",
)
BASIC, TEAM, ENTERPRISE = (
    ("seat_basic", 2, 9),
    ("seat_team", 3, 25),
    ("seat_enterprise", 12, 60),
)
SUPPORT, COFFEE = ("support", 1, 1), ("coffee", 3, 9)
VEGETABLES, SNACKS, SWEETS = (
    ("box_vegetables", 1, 3),
    ("box_snacks", 1, 4),
    ("box_sweets", 1, 2),
)
CLOSING = "closed_bakery"  # the customer that closes down, and nobody else's

DRAWN = (
    Deal(MONTHLY, (TEAM,), number=5, once=("onboarding",), template="workspace"),
    Deal(MONTHLY, (BASIC,), number=4, once=("setup",), template="workspace"),
    Deal(MONTHLY, (COFFEE,), number=3),
    Deal(FIRST, (ENTERPRISE, SUPPORT), number=4, once=("onboarding", "setup")),
    Deal(FIRST, (TEAM,), number=3),
    Deal(QUARTERLY, (COFFEE,), number=4, once=("machine",), template="coffee"),
    Deal(QUARTERLY, (TEAM, SUPPORT), number=3),
    Deal(YEARLY, (TEAM,), number=5, once=("onboarding",), template="workspace_year"),
    Deal(YEARLY, (ENTERPRISE, SUPPORT), number=3, template="workspace_year"),
    Deal(WEEKLY, (VEGETABLES, SNACKS), number=2, oldest=140, template="boxes"),
)  # fmt: skip
TOLD = (
    Deal(MONTHLY, (TEAM, SUPPORT), SPAN, story="credit", told=100),
    Deal(MONTHLY, (), 470, template="agreement"),
    Deal(MONTHLY, (), 410, template="agreement"),
    Deal(MONTHLY, (), 200, template="agreement"),
    Deal(ARREARS, (("support_hours", 1, 1),), 330),
    Deal(ARREARS, (("support_hours", 1, 1),), 190),
    Deal(MONTHLY, (BASIC,), 300, story="close_need", told=120),
    Deal(YEARLY, (TEAM,), 400, story="close_competitor", told=60),
    Deal(MONTHLY, (TEAM,), 260, story="close_price", told=70),
    Deal(WEEKLY, (VEGETABLES,), 91, story="close_quality", told=30),
    Deal(QUARTERLY, (COFFEE,), 350, story="close_need", told=10),
    Deal(WEEKLY, (SWEETS,), 98, template="boxes", story="archive_product", told=45),
    Deal(WEEKLY, (SWEETS, VEGETABLES), 84, template="boxes"),
    Deal(MONTHLY, (BASIC,), 330, customer=CLOSING, story="archive_customer", told=40),
    Deal(MONTHLY, (TEAM,), 240, story="cancel_invoice", told=20),
    Deal(WEEKLY, (VEGETABLES,), 120, template="boxes", story="late", told=3),
    # Contracts that changed, and some that will.
    Deal(MONTHLY, (TEAM,), 400, template="workspace", story="upsell", told=200),
    Deal(FIRST, (TEAM, SUPPORT), 330, story="upsell", told=45),
    Deal(QUARTERLY, (COFFEE,), 200, template="coffee", story="offer", told=3),
    Deal(MONTHLY, (TEAM,), 280, template="workspace", story="fewer", told=75),
    Deal(MONTHLY, (TEAM,), 160, template="workspace", story="fewer_soon", told=3),
    Deal(MONTHLY, (BASIC,), 250, story="switch", told=90),
    Deal(WEEKLY, (SNACKS,), 7 * 20, story="holidays", told=60),
    Deal(MONTHLY, (BASIC,), 220, template="workspace", story="pause", told=20),
    Deal(MONTHLY, (TEAM,), 300, story="renew", told=100),
    Deal(MONTHLY, (TEAM,), 180, template="workspace", story="close_soon", told=4),
    # Due today or yesterday, whatever the day: weeks repeat.
    Deal(WEEKLY, (SNACKS,), 7 * 8, template="boxes"),
    Deal(WEEKLY, (VEGETABLES,), 7 * 11, template="boxes"),
    Deal(WEEKLY, (SNACKS, VEGETABLES), 7 * 16 + 1, template="boxes"),
    Deal(MONTHLY, (BASIC, COFFEE), 0, story="due_today"),
    Deal(MONTHLY, (TEAM,), 0, story="due_yesterday"),
)  # fmt: skip
QUOTATIONS = (
    Deal(MONTHLY, (), 1, template="workspace"),
    Deal(YEARLY, (), 4, template="workspace_year"),
    Deal(QUARTERLY, (), 6, template="coffee"),
    Deal(FIRST, (ENTERPRISE, SUPPORT), 9, once=("onboarding",)),
    Deal(MONTHLY, (), 12, template="agreement", story="sent"),
    Deal(WEEKLY, (), 5, template="boxes", story="sent"),
    Deal(YEARLY, (TEAM,), 16, story="sent"),
)


class SubscriptionDemo(models.AbstractModel):
    """Makes contracts and replays their history, day by day, with the code that bills.

    Called by ``demo/subscription_demo.xml`` only.
    """

    _name = "subscription.demo"
    _description = "Subscription Demonstration"

    @api.model
    def _load(self):
        """Make the contracts of the demonstration firm, with 18 months of history."""
        demo = self.with_context(**QUIET)
        draw = random.Random(42)
        today = self.env["sale.order"]._get_today()
        if not demo._has_books():
            _logger.info(
                "%s has no chart of accounts: no contracts are made for the "
                "demonstration",
                self.env.company.name,
            )
            return
        demo._make_currency(today)
        quotations = demo._make_orders(QUOTATIONS, today, draw)
        quotations[-3:].action_quotation_sent()
        deals = demo._draw_deals(today, draw)
        orders = demo._make_orders(deals, today, draw)
        plans = orders.plan_id
        modes = {plan: plan.invoice_mode for plan in plans}
        plans.invoice_mode = "post"  # no mail about the past
        contracts = list(zip(deals, orders, strict=True))
        demo._replay(contracts + demo._make_charged(today), today, draw)
        for plan, mode in modes.items():
            plan.invoice_mode = mode
        demo._pay(demo._get_family(orders).invoice_ids, today, draw)

    def _has_books(self):
        company = self.env.company
        return bool(company.chart_template) and bool(
            self.env["account.journal"].search_count(
                [("company_id", "=", company.id), ("type", "=", "sale")], limit=1
            )
        )

    def _demo_ref(self, name):
        return self.env.ref(f"subscriptions.{name}")

    # === CONTRACTS === #

    def _draw_deals(self, today, draw):
        """Return one deal per contract, each with its age, oldest first."""
        deals = [
            deal
            if deal.plan == WEEKLY
            else replace(deal, age=self._round_age(deal, deal.age, today))
            for deal in TOLD
            if deal.age
        ]
        for deal in DRAWN:
            for _number in range(deal.number):
                age = int(draw.triangular(UNBILLED_DAYS + 1, deal.oldest, 60))
                deals.append(replace(deal, age=self._round_age(deal, age, today)))
        for deal in TOLD:
            if not deal.age:
                day = today - timedelta(days=deal.story == "due_yesterday")
                day = self._get_same_day_of_a_month(day, draw)
                deals.append(replace(deal, age=(today - day).days))
        return sorted(deals, key=lambda deal: -deal.age)

    def _round_age(self, deal, age, today):
        """Let contracts begin on days that many share, so that runs bill several."""
        if deal.plan == WEEKLY:
            return age - age % 7
        start = today - timedelta(days=age)
        return age + start.day - max(day for day in (1, 10, 20) if day <= start.day)

    def _get_same_day_of_a_month(self, day, draw):
        """Return a day of an earlier month with the very same number."""
        days = [day - relativedelta(months=number) for number in range(2, 12)]
        return draw.choice([other for other in days if other.day == day.day])

    def _make_orders(self, deals, today, draw):
        customers = self._get_customers()
        teams = (
            self._demo_ref("demo_team_key_accounts"),
            self.env.ref("sales_team.team_sales_department", raise_if_not_found=False),
        )
        values = []
        for deal in deals:
            start = today - timedelta(days=deal.age)
            signed = (
                today - timedelta(days=deal.told) if deal.story == "late" else start
            )
            customer = (
                self._demo_ref(f"demo_customer_{deal.customer}")
                if deal.customer
                else draw.choice(customers)
            )
            is_large = deal.plan in (YEARLY, FIRST)
            values.append(
                {
                    "partner_id": customer.id,
                    "user_id": customer.user_id.id,
                    "team_id": (teams[not is_large] or teams[0]).id,
                    "date_order": self._get_office_hour(signed, draw),
                    "start_date": deals is not QUOTATIONS and start,
                    "plan_id": self._demo_ref(deal.plan).id,
                    "sale_order_template_id": deal.template
                    and self._demo_ref(f"demo_template_{deal.template}").id,
                    "order_line": self._get_lines(deal, draw),
                }
            )
        return self.env["sale.order"].create(values)

    def _get_customers(self):
        """Return the demo customers, but for the one that closes down."""
        names = self.env["ir.model.data"].search(
            [
                ("module", "=", "subscriptions"),
                ("model", "=", "res.partner"),
                ("name", "=like", "demo_customer_%"),
                ("name", "!=", f"demo_customer_{CLOSING}"),
            ],
            order="name",
        )
        return self.env["res.partner"].browse(names.mapped("res_id"))

    def _get_lines(self, deal, draw):
        amounts = [
            (name, draw.randint(fewest, most)) for name, fewest, most in deal.lines
        ]
        amounts += [(name, 1) for name in deal.once]
        return [
            Command.create(
                {
                    "product_id": self._demo_ref(f"demo_product_{name}").id,
                    "product_uom_qty": quantity,
                }
            )
            for name, quantity in amounts
        ]

    def _get_office_hour(self, day, draw):
        moment = Datetime.to_datetime(day)
        return moment + timedelta(minutes=draw.randrange(8 * 60, 17 * 60))

    # === HISTORY === #

    def _replay(self, contracts, today, draw):
        """Live through the last 18 months, a day at a time.

        :param list contracts: pairs of deal and order
        """
        orders = self.env["sale.order"].union(*(order for _deal, order in contracts))
        starts = orders.grouped(lambda order: order.date_order.date())
        stories = defaultdict(list)
        for deal, order in contracts:
            for story, told in ((deal.story, deal.told), *deal.later):
                if told:
                    stories[today - timedelta(days=told)].append((story, order))
        first, last = min(starts), today - timedelta(days=UNBILLED_DAYS)
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            demo = self.with_context(subscription_today=Date.to_string(day))
            if day in starts:
                demo._start(starts[day].with_env(demo.env))
            family = demo._get_family(orders)
            demo._apply_day(family, day)
            demo._bill_day(family, day, draw)
            demo._collect_day(family, day)
            for story, order in stories[day]:
                getattr(demo, f"_story_{story}")(order.with_env(demo.env), day)
            demo._end_day(demo._get_family(orders), day)

    def _get_family(self, orders):
        """Return the orders with their renewals."""
        return self.env["sale.order"].search([("root_order_id", "in", orders.ids)])

    def _apply_day(self, orders, day):
        """Resume contracts and make changes whose day has come.

        As the scheduled action does; that one commits, which data files cannot.
        """
        for order in orders.filtered("resume_date"):
            if order.resume_date <= day:
                order._resume(order.resume_date)
        changes = self.env["subscription.change"].search(
            [
                ("order_id", "in", orders.ids),
                ("state", "=", "scheduled"),
                ("date", "<=", day),
            ],
            order="date, id",
        )
        for change in changes:
            change._apply()

    def _start(self, orders):
        """Confirm the orders, which bills what is due; it would date them now."""
        signed = {order: order.date_order for order in orders}
        orders.action_confirm()
        for order, moment in signed.items():
            order.date_order = moment

    def _bill_day(self, orders, day, draw):
        """Bill what is due, after the support desk has written down its hours."""
        due = orders.search(
            self.env["subscription.billing"]._get_due_domain(day)
            & Domain("id", "in", orders.ids)
        )
        for line in due.order_line.filtered(lambda line: line._is_billed_by_delivery()):
            line.qty_delivered += draw.choice((0, 1.5, 3, 4, 6.5))
        due._bill(until=day)

    def _end_day(self, orders, day):
        """End the contracts whose last day is over and billed.

        As the scheduled action does; that one commits, which data files cannot.
        """
        ended = orders.filtered(
            lambda order: order.subscription_state == "progress"
            and not order.next_invoice_date
            and (order._get_last_day() or day) < day
        )
        for order in ended:
            reason = order.close_reason_id or self._demo_ref("close_reason_end")
            order._set_churned(reason, order._get_last_day())

    # === STORIES === #

    def _story_credit(self, order, day):
        """The customer was promised a month for nothing."""
        move = order.period_ids.sorted("date_from")[-1].move_id
        wizard = (
            self.env["account.move.reversal"]
            .with_context(active_model="account.move", active_ids=move.ids)
            .create(
                {
                    "reason": "One month free of charge, as agreed",
                    "journal_id": move.journal_id.id,
                    "date": day,
                }
            )
        )
        wizard.reverse_moves()
        wizard.new_move_ids._post(soft=False)

    def _story_cancel_invoice(self, order, day):
        """The clerk cancels an invoice; the run makes it anew on the next day."""
        move = order.period_ids.sorted("date_from")[-1].move_id
        move.button_draft()
        move.button_cancel()

    def _story_archive_product(self, order, day):
        """A product is discontinued though contracts still have it: they are held."""
        self._demo_ref("demo_product_box_sweets").active = False

    def _story_archive_customer(self, order, day):
        """The customer is archived though the contract runs: it is held."""
        order.partner_id.active = False

    def _story_late(self, order, day):
        """The contract was typed in months late: it is held for its backlog."""

    def _story_close_need(self, order, day):
        order._close(self._demo_ref("close_reason_need"), order.paid_until)

    def _story_close_competitor(self, order, day):
        order._close(self._demo_ref("close_reason_competitor"), order.paid_until)

    def _story_close_price(self, order, day):
        order._close(self._demo_ref("close_reason_price"), order.paid_until)

    def _story_close_quality(self, order, day):
        order._close(self._demo_ref("close_reason_quality"), order.paid_until)

    def _story_close_soon(self, order, day):
        """Notice is given; the contract runs until its day."""
        order._close(
            self._demo_ref("close_reason_competitor"), day + timedelta(days=40)
        )

    def _story_upsell(self, order, day):
        """The team grows, and takes support."""
        upsell = self._story_offer(order, day)
        upsell.action_confirm()
        upsell.date_order = Datetime.to_datetime(day)

    def _story_offer(self, order, day):
        """A quotation for more is open."""
        upsell = order.browse(order.action_upsell()["res_id"])
        upsell.date_order = Datetime.to_datetime(day)
        upsell.order_line[0].product_uom_qty = 4
        upsell.order_line = [
            Command.create({"product_id": self._demo_ref("demo_product_setup").id})
        ]
        return upsell

    def _story_fewer(self, order, day):
        """Somebody left: one seat less at once, with a credit note."""
        line = order.order_line[0]
        order._change_quantities(
            {line: line.product_uom_qty - 1}, at="now", reason="A colleague left"
        )

    def _story_fewer_soon(self, order, day):
        """Two seats less from the next period on."""
        line = order.order_line[0]
        order._change_quantities(
            {line: max(line.product_uom_qty - 2, 1)}, reason="Project is over"
        )

    def _story_switch(self, order, day):
        """A year is cheaper than twelve months."""
        order._change_plan(self._demo_ref(YEARLY))

    def _story_holidays(self, order, day):
        """Nobody is in the office for three weeks."""
        order._pause(day + timedelta(days=21), reason="Summer holidays")

    def _story_pause(self, order, day):
        order._pause(day + timedelta(days=70), reason="The office is rebuilt")

    def _story_renew(self, order, day):
        """The agreement is renewed with a discount."""
        renewal = order.browse(order.action_renew()["res_id"])
        renewal.order_line[0].discount = 10
        renewal.action_confirm()
        renewal.date_order = Datetime.to_datetime(day)

    # === PAYMENTS === #

    def _pay(self, moves, today, draw):
        """Pay most invoices, one transfer per customer; the newest are open, some late.

        Customers pay on the 10th.
        """
        paid_on = defaultdict(lambda: self.env["account.move"])
        for move in moves.sorted("id"):
            delay = draw.choice((3, 6, 10, 14))
            overdue = draw.random() < 0.25 and (today - move.invoice_date).days < 75
            day = self._get_next_payday(move.invoice_date + timedelta(days=delay))
            is_open = move.state == "posted" and move.payment_state == "not_paid"
            if is_open and not overdue and day < today:
                paid_on[day] |= move
        for day, paid in sorted(paid_on.items()):
            self.env["account.payment.register"].with_context(
                active_model="account.move", active_ids=paid.ids
            ).create({"payment_date": day, "group_payment": True})._create_payments()

    def _get_next_payday(self, day):
        return day + relativedelta(months=day.day > 10, day=10)
