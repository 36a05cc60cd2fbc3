from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Override of `web` to tell salespeople that they work in a copy."""
        result = super().session_info()
        user = self.env.user
        if not user.has_group("sales_team.group_sale_salesman"):
            return result  # also portal users and visitors, who need not know
        if banner := self.env["subscription.charging.right"]._get_banner():
            result["subscription_charging_banner"] = {
                "text": banner,
                "can_move": user.has_group("sales_team.group_sale_manager"),
            }
        return result
