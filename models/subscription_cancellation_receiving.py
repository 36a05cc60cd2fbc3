"""How a declaration comes in: once, and not too many of them."""

import ipaddress
from datetime import timedelta
from hashlib import sha256

from psycopg2.errors import ExclusionViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.fields import Domain
from odoo.tools import email_normalize, hmac, mute_logger

SAME_FOR = timedelta(minutes=10)  # the constraint `_said_once` names it too
LIMIT_FOR = timedelta(hours=1)
MAX_PER_EMAIL = 5
MAX_PER_ADDRESS = 20


class SubscriptionCancellation(models.Model):
    _inherit = "subscription.cancellation"

    @api.model
    def _receive(self, values, address):
        """Keep a declaration, and wake what sees to it.

        :param dict values: what was declared, checked by the page
        :param str address: from where, the IP address
        :return: the declaration; the one there is, if it was declared a moment ago;
            empty when too many came from there
        :raise ConcurrencyError: when the same is being declared right now
        """
        # sudo: visitors have no rights; all that is written is what they declare
        Declaration = self.sudo().with_context(mail_create_nolog=True)
        fingerprint = self._get_fingerprint(values)
        now = fields.Datetime.now()
        same = Declaration.search(
            Domain("fingerprint", "=", fingerprint)
            & Domain("received_at", ">", now - SAME_FOR),
            limit=1,
        )
        if same:
            return same
        address_hash = self._get_address_hash(address)
        if self._is_over_limit(values["email"], address_hash):
            return self.browse()
        try:
            with mute_logger("odoo.sql_db"), self.env.cr.savepoint():
                declaration = Declaration.create(
                    {
                        **values,
                        "address_hash": address_hash,
                        "fingerprint": fingerprint,
                        "received_at": now,
                    }
                )
                declaration.flush_recordset()
        except ExclusionViolation as error:
            # The other one is not seen before the next transaction: Odoo begins it.
            raise ConcurrencyError("the same is being declared") from error
        self._wake()
        return declaration

    @api.model
    def _wake(self, after=None):
        """Let the scheduled action run now, or a while after."""
        cron = self.env.ref("subscriptions.ir_cron_process_cancellations", False)
        if cron:
            # sudo: visitors wake it, and decide nothing about it
            cron.sudo()._trigger(after and fields.Datetime.now() + after)

    @api.model
    def _get_fingerprint(self, values):
        """Return what is the same for declarations that say the same."""
        said = [
            str(values.get(name) or "").strip().casefold()
            for name in ("name", "contract_number", "kind", "cause", "wished_date")
        ]
        said.append(email_normalize(values["email"]) or values["email"])
        return sha256("\0".join(said).encode()).hexdigest()

    @api.model
    def _get_address_hash(self, address):
        """Return what tells an address apart, and does not tell the address.

        The key is the database's secret: nobody without it can try addresses out.

        :param str address: an IP address; of version 6, one customer has many
        :rtype: str
        """
        try:
            parsed = ipaddress.ip_address(address or "")
        except ValueError:
            text = address or ""
        else:
            bits = 64 if parsed.version == 6 else 32
            text = str(ipaddress.ip_network((parsed, bits), strict=False))
        # sudo: the secret is read to make a hash of it
        return hmac(self.env(su=True), "subscriptions-cancellation", text)

    @api.model
    def _is_over_limit(self, email, address_hash):
        """Tell whether too many declarations came from somewhere within an hour.

        Hook for other addons. It slows down who tries numbers out; posts of the very
        same moment may slip through together.

        :param str email: as typed
        :param str address_hash: see `_get_address_hash`
        :rtype: bool
        """
        Declaration = self.sudo()  # to count
        recent = Domain("received_at", ">", fields.Datetime.now() - LIMIT_FOR)
        by_email = Domain("email_normalized", "=", email_normalize(email))
        by_address = Domain("address_hash", "=", address_hash)
        return (
            Declaration.search_count(recent & by_email) >= MAX_PER_EMAIL
            or Declaration.search_count(recent & by_address) >= MAX_PER_ADDRESS
        )

    @api.model
    def _forget_addresses(self):
        """Delete the hashes of addresses once they limit nothing any more."""
        self.search(
            Domain("address_hash", "!=", False)
            & Domain("received_at", "<", fields.Datetime.now() - LIMIT_FOR)
        ).address_hash = False
