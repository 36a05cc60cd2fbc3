"""The same thing done with many contracts, each on its own."""

from odoo import models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from ..engine import lifecycle


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _act_each(self, title, act):
        """Act on each contract by itself; who refuses keeps nobody else from it.

        :param str title: what is done, for the page that shows what came of it
        :param act: function of one contract; may return a note about what it did
        :return: the action that shows what was done and what was refused; for one
            contract a refusal is an error like any other
        :rtype: dict
        """
        if len(self) == 1:
            held = self.hold
            note = act(self)
            if held or not self.hold:
                return (
                    self._notify("success", note)
                    if note
                    else {"type": "ir.actions.act_window_close"}
                )
            # No error, which would roll the hold back: it is to be seen.
            return self._show_results(title, {self: (False, self.hold_reason)})
        return self._show_results(
            title, {order: order._act_alone(act) for order in self}
        )

    def _act_alone(self, act):
        """Act on one contract, and let a refusal undo just what it did.

        :return: (whether it was done, note or cause)
        :rtype: tuple
        """
        self.ensure_one()
        held = self.has_access("read") and self.hold
        try:
            with self.env.cr.savepoint():
                note = act(self)
        except UserError as error:
            return False, str(error)
        if self.hold and not held:
            return False, self.hold_reason
        return True, note

    def _show_results(self, title, results):
        """Open the page that lists what was done and what was refused.

        :param str title: what was done
        :param dict results: (whether it was done, note or cause) of each contract
        :rtype: dict
        """
        return self.env["subscription.result"]._show(title, results)

    # === ACTION METHODS === #

    def action_resume(self):
        """Let paused contracts go on from today."""
        return self._act_each(self.env._("Resume"), lambda order: order._resume())

    def action_revoke_close(self):
        """Take back that contracts are to end."""
        return self._act_each(
            self.env._("Take Back Closing"), lambda order: order._revoke_close()
        )

    def action_reopen(self):
        """Let closed contracts run again."""
        return self._act_each(self.env._("Reopen"), lambda order: order._reopen())

    def action_renew_contracts(self):
        """Make a renewal quotation for each contract; open it if it is one."""
        if len(self) == 1:
            return self.action_renew()
        return self._act_each(
            self.env._("Renew"),
            lambda order: self.env._("Quotation %s", order._create_renewal().name),
        )

    def action_bill_due(self):
        """Mass action: bill what is due today of the contracts chosen.

        Together, as the daily run does: contracts of one customer share an invoice.
        """
        if len(self) == 1:
            self.check_access("write")  # billing itself asks for no rights
        refusals = {order: order._get_bill_refusal() for order in self}
        if len(self) == 1 and refusals[self]:
            raise UserError(refusals[self])
        contracts = self.filtered(lambda order: not refusals[order])
        moves = contracts._bill()
        results = {
            order: (False, refusals[order])
            if refusals[order]
            else order._get_bill_result(moves)
            for order in self
        }
        if len(self) == 1 and not self.hold:
            return self._notify("success", results[self][1])
        return self._show_results(self.env._("Bill What Is Due"), results)

    def _get_bill_refusal(self):
        """Return why what is due of the contract is not billed, or None.

        :rtype: str | None
        """
        self.ensure_one()
        try:
            self.check_access("write")  # billing itself asks for no rights
        except AccessError as error:
            return str(error)
        if self.subscription_state == lifecycle.PAUSED:
            return self.env._("%s is paused.", self.name)
        if self.hold or self.subscription_state != lifecycle.PROGRESS:
            return self._get_not_running_message()
        return None

    def _get_not_running_message(self):
        if self.hold:
            return self._get_nothing_billed_message()
        return self.env._("%s is not in progress.", self.name)

    def _get_bill_result(self, moves):
        """Return what billing the contract came to.

        :param moves: the invoices that were made
        :return: (whether it is billed, note or cause)
        :rtype: tuple
        """
        self.ensure_one()
        if self.hold:
            return False, self.hold_reason
        # sudo: which invoices were made, to whoever may bill the contract
        made = moves.sudo() & self.sudo().period_ids.move_id
        if made:
            return True, self.env._("Invoices made: %s", len(made))
        if self.billing_date:
            return True, self.env._(
                "Nothing is due before %s.", format_date(self.env, self.billing_date)
            )
        return True, self.env._("%s is billed to its end.", self.name)

    def action_view_changes(self):
        """Open what changed about the contract and what will."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_change_action"
        )
        action["domain"] = [
            ("order_id", "=", self.id),
            ("state", "!=", "proposed"),
        ]
        action["context"] = {"hide_order": True}
        return action
