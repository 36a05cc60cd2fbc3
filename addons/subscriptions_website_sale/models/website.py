from odoo import fields, models


class Website(models.Model):
    _inherit = "website"

    subscription_cart_plans = fields.Selection(
        selection=[
            ("many", "Any number: a contract for each"),
            ("one", "One: others are bought one after the other"),
        ],
        string="Plans in a Cart",
        default="many",
        required=True,
    )
    subscription_order_button = fields.Char(
        string="Order Button",
        translate=True,
        default=lambda self: self.env._("Order with obligation to pay"),
        help="What the button says that orders a subscription. Consumer law may ask "
        "for certain words.",
    )

    def _get_subscription_order_button(self):
        """Return what the button says that orders a subscription."""
        self.ensure_one()
        return self.subscription_order_button or self.env._("Order and pay")
