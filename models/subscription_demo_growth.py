"""What lets the demonstration firm's figures tell something in every month."""

from dataclasses import replace
from math import sin

from dateutil.relativedelta import relativedelta

from odoo import models

from .subscription_demo import BASIC, COFFEE, FIRST, MONTHLY, SUPPORT, YEARLY, Deal

# They pay in another currency than the firm's.
ABROAD = ("petit_phare", "grachtenhuis")
BRITISH = "thames_yard"

# Later stories are told so many days ago, too.
GROWING = (
    Deal(
        MONTHLY,
        (("seat_team", 12, 12),),
        540,
        template="workspace",
        story="more",
        told=430,
        later=(("more", 310), ("more", 165)),
    ),
    Deal(
        FIRST,
        (("seat_enterprise", 8, 8), SUPPORT),
        525,
        story="more",
        told=385,
        later=(("fewer", 250), ("more", 95)),
    ),
    Deal(
        MONTHLY, (BASIC,), 510, story="close_need", told=330, later=(("reopen", 200),)
    ),
    Deal(MONTHLY, (("seat_team", 5, 5),), 480, story="close_competitor", told=290),
    Deal(
        MONTHLY,
        (("seat_team", 4, 4),),
        455,
        story="close_price",
        told=245,
        later=(("reopen", 125),),
    ),
    Deal(MONTHLY, (COFFEE,), 425, story="close_quality", told=205),
    Deal(
        MONTHLY,
        (("seat_team", 8, 8),),
        495,
        customer=ABROAD[0],
        story="more",
        told=345,
        later=(("more", 135),),
    ),
    Deal(
        FIRST,
        (("seat_enterprise", 6, 6),),
        460,
        customer=ABROAD[1],
        story="fewer",
        told=265,
        later=(("more", 80),),
    ),
    Deal(MONTHLY, (("seat_team", 9, 9),), 235, customer=ABROAD[1]),
    Deal(
        YEARLY,
        (("seat_enterprise", 14, 14),),
        375,
        customer=BRITISH,
        template="workspace_year",
        story="more",
        told=220,
    ),
    Deal(MONTHLY, (("seat_team", 6, 6),), 150, customer=BRITISH, story="more", told=50),
)


class SubscriptionDemo(models.AbstractModel):
    _inherit = "subscription.demo"

    def _draw_deals(self, today, draw):
        """Override to add deals with more than one story."""
        deals = [
            replace(deal, age=self._round_age(deal, deal.age, today))
            for deal in GROWING
        ]
        drawn = super()._draw_deals(today, draw)
        return sorted([*drawn, *deals], key=lambda deal: -deal.age)

    def _get_customers(self):
        """Override: those abroad have the contracts that are meant for them."""
        own = self.env["res.partner"].union(
            *(self._demo_ref(f"demo_customer_{name}") for name in (*ABROAD, BRITISH))
        )
        return super()._get_customers() - own

    def _make_currency(self, today):
        """Let some customers pay in another currency, at a rate for each month."""
        main = self.env.company.currency_id
        other = self.env.ref("base.EUR")
        if main == other:
            other = self.env.ref("base.USD")
        other.active = True
        months = [
            (today - relativedelta(months=number)).replace(day=1)
            for number in range(20)
        ]
        known = set(other.rate_ids.mapped("name"))
        self.env["res.currency.rate"].create(
            [
                {
                    "currency_id": other.id,
                    "company_id": self.env.company.id,
                    "name": month,
                    "rate": round(0.9 + 0.03 * sin(month.month), 4),
                }
                for month in months
                if month not in known
            ]
        )
        pricelist = self.env["product.pricelist"].create(
            {"name": other.name, "currency_id": other.id}
        )
        for name in ABROAD:
            customer = self._demo_ref(f"demo_customer_{name}")
            customer.specific_property_product_pricelist = pricelist

    # === STORIES === #

    def _story_more(self, order, day):
        """There are new colleagues: they have their seats at once."""
        line = order.order_line[0]
        order._change_quantities(
            {line: line.product_uom_qty + 3}, at="now", reason="New colleagues"
        )

    def _story_reopen(self, order, day):
        """The customer comes back."""
        order._reopen()
