import json
import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL, format_datetime, ormcache

_logger = logging.getLogger(__name__)

PARAMETER = "subscriptions.charging_right"
# What data/neutralize.sql binds the right to: no database has this identity.
NEUTRALIZED = "neutralized"


class SubscriptionChargingRight(models.AbstractModel):
    """Which database may charge payment methods: one, and none of its copies.

    A copy has the contracts, the payment methods and the scheduled actions of its
    original. What it has not is its place: the server it stands on and the number
    PostgreSQL gave it there. The right to charge is bound to these.
    """

    _name = "subscription.charging.right"
    _description = "Right to Charge Payment Methods"

    # === WHO HAS IT === #

    @api.model
    def _is_granted(self):
        """Tell whether this database may charge payment methods.

        Called before charges are made, once per batch: it is two queries. A right that
        nobody has yet is claimed.

        :rtype: bool
        """
        return self._claim()

    @api.model
    def _claim(self):
        """Bind the right to charge to this database, if no database has it yet.

        Called as soon as there is something to charge: when a contract gets a payment
        method, and before the first charge. May be called again at any time.

        :return: whether this database has the right now
        :rtype: bool
        """
        identity = self._get_identity()
        right = self._get_right()
        if right is None:
            self._write_if_absent({"identity": identity})
            right = self._get_right()
        return right["identity"] == identity

    @api.model
    def _get_banner(self):
        """Return what people are told who work in a copy, or False elsewhere.

        For the web client and for forms: no query until the right is claimed, then one.

        :rtype: str | bool
        """
        right = self._get_right(cached=True)
        if right is None or right["identity"] == self._get_identity():
            return False
        if right["identity"] == NEUTRALIZED:
            return self.env._(
                "Neutralized database: no payment method is charged here."
            )
        return self.env._("Copy of the database: no payment method is charged here.")

    @api.model
    def _get_status(self):
        """Return in words who charges, and who decided it when and why.

        :rtype: str
        """
        right = self._get_right()
        if right is None:
            return self.env._(
                "No payment method is in use yet. The database that uses one first is "
                "the one that charges."
            )
        status = self._get_banner() or self.env._(
            "This database charges the payment methods of its contracts."
        )
        if not right.get("moved_on"):
            return status
        decision = self.env._(
            "Decided by %(user)s on %(date)s: %(remark)s",
            user=right.get("user"),
            date=format_datetime(self.env, right["moved_on"]),
            remark=right.get("remark"),
        )
        return f"{status}\n{decision}"

    # === MOVING IT === #

    @api.model
    def _move(self, remark):
        """Let this database charge, and no other any more.

        :param str remark: why, for those who ask later
        :raise AccessError: for all but sales managers
        """
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(
                self.env._(
                    "Which database charges is decided by a sales administrator."
                )
            )
        if not (remark or "").strip():
            raise UserError(self.env._("Say why this database is to charge."))
        identity, before = self._get_identity(), self._get_right()
        # sudo: parameters are the system administrator's; this one is the sales
        # administrator's too, by this method alone
        self.env["ir.config_parameter"].sudo().set_param(
            PARAMETER,
            json.dumps(
                {
                    "identity": identity,
                    "user": self.env.user.name,
                    "moved_on": fields.Datetime.to_string(fields.Datetime.now()),
                    "remark": remark.strip(),
                }
            ),
        )
        _logger.info(
            "the right to charge goes from %s to %s, by user %s: %s",
            before and before["identity"],
            identity,
            self.env.uid,
            remark,
        )

    # === IDENTITY === #

    @api.model
    def _get_identity(self):
        """Return what tells this database from its copies.

        Renaming it, and moving on to a standby server, keep it. Dumping and restoring,
        copying by template, and pg_upgrade do not. Hook for other addons, where a
        platform has something better to offer; what it returns is compared and never
        interpreted.

        :rtype: str
        """
        self.env["ir.config_parameter"].flush_model(["key", "value"])
        # Where PostgreSQL does not name its cluster, the number of a table: another
        # cluster may know another database by the same number, hardly its tables too.
        cluster = SQL(
            "(SELECT system_identifier FROM pg_control_system())"
            if self._can_read_cluster()
            else "'ir_config_parameter'::regclass::oid"
        )
        [identity] = self.env.execute_query(
            SQL(
                """
                SELECT %(cluster)s,
                       database.oid,
                       (SELECT value FROM ir_config_parameter
                         WHERE key = 'database.uuid')
                  FROM pg_database database
                 WHERE database.datname = current_database()
                """,
                cluster=cluster,
            )
        )
        return "/".join(map(str, identity))

    @ormcache(cache="stable")
    def _can_read_cluster(self):
        # Asked before, for a refusal would break the transaction.
        [(allowed,)] = self.env.execute_query(
            SQL(
                "SELECT has_function_privilege(to_regprocedure("
                "'pg_catalog.pg_control_system()'), 'EXECUTE')"
            )
        )
        return bool(allowed)

    # === STORAGE === #

    def _get_right(self, cached=False):
        """Return the right as it is stored, None where nobody has it.

        What cannot be read grants nothing.

        :param bool cached: whether Odoo's cache will do, which a change made past Odoo
            does not reach
        :rtype: dict | None
        """
        # sudo: read by this method alone, and told in words
        Parameter = self.env["ir.config_parameter"].sudo()
        if cached:
            value = Parameter.get_param(PARAMETER)
        else:
            Parameter.flush_model(["key", "value"])
            rows = self.env.execute_query(
                SQL("SELECT value FROM ir_config_parameter WHERE key = %s", PARAMETER)
            )
            value = rows[0][0] if rows else None
        if value in (None, False):
            return None
        try:
            return {"identity": False, **json.loads(value)}
        except (ValueError, TypeError):
            return {"identity": False}

    def _write_if_absent(self, right):
        # Past the ORM: two that come at once would fail at the parameter's key. So one
        # waits for the other, and then finds it there, or is tried again by its caller
        # as after any serialization failure.
        self.env.execute_query(
            SQL(
                "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
                " ON CONFLICT (key) DO NOTHING RETURNING id",
                PARAMETER,
                json.dumps(right),
            )
        )
        self.env.registry.clear_cache("stable")
