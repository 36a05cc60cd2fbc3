"""What people do about held contracts: on their desk, and on the contract itself."""

from odoo import models
from odoo.exceptions import UserError


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === ACTION METHODS === #

    def action_retry_held(self):
        """Try again what the contracts are held for, each on its own.

        What was declined is charged again; of anything else the hold is released and
        what is due is billed.

        :return: the action that tells, or shows for each contract, what came of it
        :rtype: dict
        """
        if len(self) != 1:
            return self._retry_each(self.env._("Retry"))
        done, message = self._retry_held()
        if done:
            return self._notify("success", message)
        # No error, which would roll the hold back: it is to be seen.
        return self._show_results(self.env._("Retry"), {self: (done, message)})

    def action_retry_cause(self):
        """Try again all contracts that are held for the same cause as this one."""
        self.ensure_one()
        if not self.hold_cause_id:
            raise UserError(self._get_not_held_message())
        return self.hold_cause_id.action_retry_all()

    def action_settle_paid(self):
        """Ask how the user knows that an unknown payment was made."""
        return self._get_unknown_collection().action_settle_paid()

    def action_settle_unpaid(self):
        """Ask how the user knows that an unknown payment was not made."""
        return self._get_unknown_collection().action_settle_unpaid()

    # === BUSINESS METHODS === #

    def _retry_each(self, title):
        """Try again each contract by itself, and show what came of it.

        :param str title: what is done
        :return: the action that shows it
        :rtype: dict
        """
        return self._show_results(
            title, {order: order._retry_held_alone() for order in self}
        )

    def _retry_held_alone(self):
        """Try again one contract, and let a refusal undo just what it did.

        :return: (whether it was done, note or cause)
        :rtype: tuple
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                return self._retry_held()
        except UserError as error:
            return False, str(error)

    def _retry_held(self):
        """Try again what one contract is held for.

        Hook for other addons with causes of their own.

        :return: (whether it was done, note or cause)
        :rtype: tuple
        :raise UserError: when it is not held, or only a person's knowledge mends it
        """
        self.ensure_one()
        if not self.hold:
            raise UserError(self._get_not_held_message())
        if self.hold == "payment_declined":
            self.action_retry_payment()
            return True, self.env._(
                "The payment method is charged in the next minutes."
            )
        # sudo: which invoices are made, to whoever may release the contract
        before = self.sudo().period_ids.move_id
        self.action_release_hold()
        return self._get_bill_result(self.sudo().period_ids.move_id - before)

    def _get_not_held_message(self):
        return self.env._("%s is not held any more.", self.display_name)

    def _get_unknown_collection(self):
        """Return the oldest payment of which nobody knows whether it was made.

        :rtype: subscription.collection
        :raise UserError: when there is none any more
        """
        self.ensure_one()
        self.check_access("read")
        # sudo: the payment of a contract that the user may read
        unknown = self.sudo().collection_ids.filtered(
            lambda collection: collection.state == "unknown"
        )
        if not unknown:
            raise UserError(
                self.env._(
                    "What became of the payment of %s is known meanwhile. Reload the "
                    "page to see it.",
                    self.display_name,
                )
            )
        return unknown.sudo(False).sorted("id")[:1]
