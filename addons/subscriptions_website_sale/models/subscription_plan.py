from odoo import fields, models


class SubscriptionPlan(models.Model):
    _inherit = "subscription.plan"

    is_sold_online = fields.Boolean(
        string="Offered in the Shop",
        default=True,
        help="Products that have a price for the plan offer it in the web shop.",
    )

    def _begins_with_payment(self):
        """Tell whether a contract of the plan is paid from its first day.

        Hook for other addons. What a cart sells once is paid with such a contract.

        :rtype: bool
        """
        self.ensure_one()
        return not self.trial_days and self.billing_timing == "advance"

    def _get_renewal_text(self):
        """Return how contracts of the plan go on, for who is about to order one.

        :rtype: str
        """
        self.ensure_one()
        if self.duration_periods:
            return self.env._(
                "It ends by itself after %(number)s × %(period)s.",
                number=self.duration_periods,
                period=self.billing_period_label,
            )
        return self.env._(
            "It renews every %s until you cancel it.", self.billing_period_label
        )

    def _get_cancellation_text(self):
        """Return how contracts of the plan are cancelled, for who is to order one.

        :rtype: str
        """
        self.ensure_one()
        texts = []
        if self.minimum_periods:
            texts.append(
                self.env._(
                    "The minimum term is %(number)s × %(period)s.",
                    number=self.minimum_periods,
                    period=self.billing_period_label,
                )
            )
        if self.notice_days:
            texts.append(
                self.env._("You can cancel with %s days’ notice.", self.notice_days)
            )
        elif self.customer_close == "any_date":
            texts.append(self.env._("You can cancel online, to any day."))
        elif self.customer_close == "period_end":
            texts.append(
                self.env._("You can cancel online, to the end of the paid period.")
            )
        else:
            texts.append(self.env._("You can cancel at any time."))
        return " ".join(texts)
