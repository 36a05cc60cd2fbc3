from odoo import models


class AccountMoveReversal(models.TransientModel):
    _inherit = "account.move.reversal"

    def reverse_moves(self, is_modify=False):
        """Override of `account`: a replaced invoice hands its periods over."""
        # sudo: whoever may replace an invoice moves its ledger rows along. An invoice
        # for a change names the rows of others, which stay with these.
        rows = self.move_ids.sudo()._get_billed_periods()
        rows = rows.filtered(lambda row: row.kind != "cut")  # a credit note has these
        action = super().reverse_moves(is_modify=is_modify)
        if is_modify:
            # sudo: whoever may replace an invoice may note it
            self.sudo().move_ids.filtered("subscription_ids").is_replaced = True
            for move in self.new_move_ids.filtered(
                lambda move: move.move_type == "out_invoice"
            ):
                (move.invoice_line_ids.sudo().period_id & rows)._set_invoice(move)
        return action
