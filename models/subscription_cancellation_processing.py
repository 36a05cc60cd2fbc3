"""What becomes of a declaration: it is matched, and its contract ended.

The page only keeps what was declared and answers. Everything else is done by a
scheduled action that it wakes: so the answer does not tell, by its words or by the
time it takes, whether there is such a contract.
"""

import logging
from datetime import timedelta

from odoo import api, models
from odoo.tools import email_normalize_all, escape_psql

from .subscription_scheduler import RETRY

_logger = logging.getLogger(__name__)

RETRY_AFTER = timedelta(minutes=1)


class SubscriptionCancellation(models.Model):
    _inherit = "subscription.cancellation"

    # === THE RUN === #

    @api.model
    def _cron_process(self):
        """See to the declarations that came in, each in a transaction of its own."""
        self._forget_addresses()
        IrCron = self.env["ir.cron"]
        declarations = self.search([("state", "=", "new")], order="id")
        IrCron._commit_progress(remaining=len(declarations))
        for declaration in declarations:
            try:
                declaration._process()
                self.env.flush_all()  # what the database refuses is told here
            except RETRY as error:
                # Billed or changed right now: it stays new, and is tried again soon.
                self.env.cr.rollback()
                _logger.info("%s is tried again: %s", declaration, error)
                self._wake(RETRY_AFTER)
            except Exception as error:  # pylint: disable=broad-exception-caught
                self.env.cr.rollback()
                declaration._give_up(error)
            if not IrCron._commit_progress(1):
                break

    def _process(self):
        """Send the receipt of a new declaration, find its contract and end it."""
        self.ensure_one()
        self._try_to(self._send_receipt, self.env._("The receipt could not be sent"))
        order = self._find_contract()
        if order:
            self._apply_to(order)
        else:
            self._ask_person(self._get_mismatch_text())

    def _give_up(self, error):
        """Leave a declaration to a person that cannot even be looked at.

        Its receipt is sent, and the ones after it are seen to, whatever happens here.

        :param Exception error: what went wrong, outside all that is tried
        """
        _logger.warning("%s cannot be seen to: %s", self.reference, error)
        try:
            with self.env.cr.savepoint():
                self._try_to(
                    self._send_receipt, self.env._("The receipt could not be sent")
                )
                self._ask_person(
                    self.env._("Something went wrong with it, see to it: %s", error)
                )
                self.env.flush_all()
        except Exception:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            _logger.exception("%s stays new, and is tried again", self.reference)

    def _try_to(self, act, what):
        """Do what may go wrong alone, and tell somebody when it does.

        :param act: function without arguments
        :param str what: what went wrong then
        """
        try:
            with self.env.cr.savepoint():
                act()
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            _logger.warning("%s: %s: %s", self.reference, what, error)
            self._schedule_activity(
                "mail.mail_activity_data_todo", what, f"{what}: {error}"
            )

    # === MATCHED === #

    def _find_contract(self):
        """Return the running contract that is meant; empty unless it is just one.

        It is meant when number and e-mail address are both right.

        :rtype: sale.order
        """
        self.ensure_one()
        contracts = self._find_by_number().filtered(self._knows_email)
        return contracts if len(contracts) == 1 else contracts.browse()

    def _find_by_number(self):
        """Return the running contracts with the number, of whatever company."""
        number = self.contract_number.strip()
        orders = self.env["sale.order"].search(
            [("name", "=ilike", escape_psql(number))]
        )
        contracts = orders.browse()
        for order in orders:
            contracts |= order._get_living_contract()
        return contracts.filtered(lambda order: order._is_live_contract())

    def _knows_email(self, order):
        """Tell whether the address typed is one of the contract's customer.

        Hook for other addons: further people who may cancel, for instance.

        :param order: the contract
        :rtype: bool
        """
        partners = order.partner_id | order.partner_invoice_id
        partners |= partners.commercial_partner_id
        known = [
            address
            for partner in partners
            for address in email_normalize_all(partner.email)
        ]
        return self.email_normalized in known

    def _get_mismatch_text(self):
        """Return for a person why no contract was found; visitors are never told."""
        found = self._find_by_number()
        if len(found) > 1:
            return self.env._(
                "More than one running contract has the number “%s”.",
                self.contract_number,
            )
        if found:
            return self.env._(
                "The running contract %(order)s is not known under the address "
                "%(email)s. Ask the customer before you cancel it.",
                order=found.name,
                email=self.email,
            )
        return self.env._(
            "No running contract has the number “%s”. Find the one that is meant, or "
            "ask back.",
            self.contract_number,
        )
