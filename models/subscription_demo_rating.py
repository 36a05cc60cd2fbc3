"""What the customers of the demonstration firm say of their contracts."""

import random
from datetime import timedelta

from markupsafe import Markup

from odoo import fields, models

# What they say where they give so much.
WORDS = {
    5: (
        "Everything works, and somebody answers when we call.",
        "What we asked for was changed the same day. Thank you!",
        "Just what we needed.",
        "We have told others about you.",
        "",
        "",
    ),
    3: (
        "Good product, but the invoices come in the middle of the month.",
        "It does what it should, and no more.",
        "",
    ),
    1: (
        "We had to remind you three times.",
        "Nobody called back about our question.",
        "Dearer each year, and nothing new for it.",
    ),
}
# Of those who answer, most are happy.
VALUES = (5, 5, 5, 5, 3, 3, 1)
# A contract is rated when it has run for so many days, and half a year later again.
FIRST_DAYS, AGAIN_DAYS = 35, 180
# So many customers have not answered yet.
OPEN = 3


class SubscriptionDemo(models.AbstractModel):
    _inherit = "subscription.demo"

    def _replay(self, contracts, today, draw):
        """Override: after all that happened, customers have something to say."""
        result = super()._replay(contracts, today, draw)
        self._let_rate([order for _deal, order in contracts], today)
        return result

    def _let_rate(self, orders, today):
        draw = random.Random(45)  # its own: what else is drawn stays as it was
        waiting = OPEN
        for order in orders:
            last = order.close_date if order.subscription_state == "churned" else today
            days = order.start_date + timedelta(days=FIRST_DAYS + draw.randrange(20))
            while days < last:
                # Four in seven customers answer.
                if draw.random() < 4 / 7:
                    left = order.subscription_state == "churned" and last < today
                    value = draw.choice((3, 1)) if left else draw.choice(VALUES)
                    self._rate(order, value, self._get_office_hour(days, draw), draw)
                days += timedelta(days=AGAIN_DAYS)
            if waiting and order.subscription_state == "progress":
                waiting -= 1
                order._rating_get_access_token()
                rating = order._get_open_rating(order.partner_id)
                rating.asked_on = fields.Datetime.now() - timedelta(days=1)

    def _rate(self, order, value, moment, draw):
        """Let a customer have rated a contract, without telling anybody now."""
        order._rating_get_access_token()
        rating = order._get_open_rating(order.partner_id)
        text = draw.choice(WORDS[value])
        rating.write({"rating": value, "feedback": text, "consumed": True})
        image = Markup("<img src='%s' alt='%s/5' style='width:18px;height:18px;'/> %s")
        message = self.env["mail.message"].create(
            {
                "model": order._name,
                "res_id": order.id,
                "author_id": order.partner_id.id,
                "body": image % (rating.rating_image_url, value, text),
                "date": moment,
                "message_type": "comment",
                "subtype_id": order._rating_apply_get_default_subtype_id(),
            }
        )
        rating.write({"message_id": message.id, "rated_on": moment})
