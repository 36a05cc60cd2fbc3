from odoo import fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    contract_survey_count = fields.Integer(
        string="Surveys", compute="_compute_contract_survey_count"
    )

    def _compute_contract_survey_count(self):
        # The user's own rights count: salespeople see what their contracts answered.
        Answer = self.env["survey.user_input"]
        counts = {}
        if Answer.has_access("read"):
            customers = self.commercial_partner_id
            for order, count in Answer._read_group(
                Domain("order_id.partner_id.commercial_partner_id", "in", customers.ids)
                & Domain("test_entry", "=", False),
                ["order_id"],
                ["__count"],
            ):
                customer = order.sudo().partner_id.commercial_partner_id  # sudo: whose
                counts[customer] = counts.get(customer, 0) + count
        for partner in self:
            partner.contract_survey_count = counts.get(partner.commercial_partner_id, 0)

    def action_view_contract_surveys(self):
        """Open what the customer's contracts were asked."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions_survey.survey_user_input_action"
        )
        customer = self.commercial_partner_id
        action["domain"] = [
            ("order_id.partner_id.commercial_partner_id", "=", customer.id),
            ("test_entry", "=", False),
        ]
        return action
