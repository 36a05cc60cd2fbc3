"""How a declaration comes in: once, and not too many of them."""

import ipaddress
from datetime import timedelta
from uuid import uuid4

from dateutil.relativedelta import relativedelta
from psycopg2.errors import ExclusionViolation

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.fields import Domain
from odoo.tools import email_normalize, hmac, mute_logger

SAME_FOR = timedelta(minutes=10)  # the constraint `_said_once` names it too
LIMIT_FOR = timedelta(hours=1)
# Beyond these, receipts are not mailed, and people not asked anew.
MAX_PER_EMAIL = 5
# Beyond these, nothing is recorded: a firm or a mobile network is one place.
MAX_PER_ADDRESS = 60
# Everybody behind a proxy comes from such, where Odoo is not told of the proxy.
SHARED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)
KEEP_SETTLED = relativedelta(years=3)
MAX_DELETED = 1000  # in one run


class SubscriptionCancellation(models.Model):
    _inherit = "subscription.cancellation"

    @api.model
    def _receive(self, values, address, sender=""):
        """Keep a declaration, and wake what sees to it.

        :param dict values: what was declared, checked by the page
        :param str address: from where, the IP address
        :param str sender: what tells a visitor apart; others get no receipt but theirs
        :return: the declaration; the one there is, if the visitor declared it a moment
            ago; empty when too many came from there
        :raise ConcurrencyError: when the same is being declared right now
        """
        # sudo: visitors have no rights; all that is written is what they declare
        Declaration = self.sudo().with_context(mail_create_nolog=True)
        fingerprint = self._get_fingerprint(values, sender)
        now = fields.Datetime.now()
        same = Declaration.search(
            Domain("fingerprint", "=", fingerprint)
            & Domain("received_at", ">", now - SAME_FOR),
            limit=1,
        )
        if same and not same._is_undone():
            return same
        address_hash = self._get_address_hash(address)
        if self._is_over_limit(address_hash):
            return self.browse()
        if same:  # what it says may be said anew
            same.fingerprint = str(uuid4())
            same.flush_recordset()
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

    def _is_undone(self):
        """Tell whether the end that was declared has been taken back since.

        :rtype: bool
        """
        self.ensure_one()
        order = self.order_id
        return (
            self.state == "done"
            and bool(self.last_day)
            and order._is_live_contract()
            and (not order.close_date or order.close_date > self.last_day)
        )

    @api.model
    def _get_fingerprint(self, values, sender):
        """Return what is the same when somebody says the same.

        The key is the database's secret: it tells nothing of the sender.

        :param dict values: what was declared
        :param str sender: what tells a visitor apart
        :rtype: str
        """
        said = [
            str(values.get(name) or "").strip().casefold()
            for name in ("name", "contract_number", "kind", "cause", "wished_date")
        ]
        said.append(email_normalize(values["email"]) or values["email"])
        said.append(sender or "")
        # sudo: the secret is read to make a hash of it
        return hmac(self.env(su=True), "subscriptions-cancellation-said", tuple(said))

    @api.model
    def _get_address_hash(self, address):
        """Return what tells an address apart, and does not tell the address.

        The key is the database's secret: nobody without it can try addresses out.

        :param str address: an IP address; of version 6, one customer has many
        :return: the hash; False for what says nothing about where somebody is
        :rtype: str | bool
        """
        try:
            parsed = ipaddress.ip_address(address or "")
        except ValueError:
            return False
        parsed = getattr(parsed, "ipv4_mapped", None) or parsed
        if any(parsed in network for network in SHARED_NETWORKS):
            return False
        bits = 64 if parsed.version == 6 else 32
        text = str(ipaddress.ip_network((parsed, bits), strict=False))
        # sudo: the secret is read to make a hash of it
        return hmac(self.env(su=True), "subscriptions-cancellation", text)

    @api.model
    def _is_over_limit(self, address_hash):
        """Tell whether too many declarations came from one place within an hour.

        Hook for other addons. It slows down who tries numbers out; posts of the very
        same moment may slip through together. What is typed limits nothing: else
        anybody could keep somebody from cancelling.

        :param str address_hash: see `_get_address_hash`
        :rtype: bool
        """
        if not address_hash:
            return False
        recent = Domain("received_at", ">", fields.Datetime.now() - LIMIT_FOR)
        by_address = Domain("address_hash", "=", address_hash)
        # sudo: to count
        return self.sudo().search_count(recent & by_address) >= MAX_PER_ADDRESS

    def _is_throttled(self):
        """Tell whether many of the same e-mail address came in the hour before.

        Hook for other addons. It is seen to all the same; only its receipt is not
        mailed, and people are not asked again.

        :rtype: bool
        """
        self.ensure_one()
        before = (
            Domain("email_normalized", "=", self.email_normalized)
            & Domain("received_at", ">", self.received_at - LIMIT_FOR)
            & Domain("id", "<", self.id)
        )
        # sudo: to count
        return self.sudo().search_count(before) >= MAX_PER_EMAIL

    @api.model
    def _forget_addresses(self):
        """Delete the hashes of addresses once they limit nothing any more."""
        self.search(
            Domain("address_hash", "!=", False)
            & Domain("received_at", "<", fields.Datetime.now() - LIMIT_FOR)
        ).address_hash = False

    @api.model
    def _get_kept_since(self):
        """Return since when declarations without a contract are kept once settled.

        Hook for other addons, where another term is due.

        :rtype: datetime
        """
        return fields.Datetime.now() - KEEP_SETTLED

    @api.autovacuum
    def _gc_settled(self):
        """Delete old declarations that no contract was found for, once settled."""
        old = self.search(
            Domain("state", "=", "done")
            & Domain("order_id", "=", False)
            & Domain("received_at", "<", self._get_kept_since()),
            limit=MAX_DELETED,
        )
        number = len(old)
        old.unlink()
        return number, int(number == MAX_DELETED)
