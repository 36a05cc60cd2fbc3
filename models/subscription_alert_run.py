"""How alerts are run: who begins to match, and is acted on, once.

Never inside what people or the billing do: a scheduled action looks after the commit,
so that nothing an alert does wrong can undo their work.
"""

import logging

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from ..const import MAX_ALERT_PASSES, MAX_ALERTS_A_DAY, MAX_ALERTS_AT_ONCE, RETRY

_logger = logging.getLogger(__name__)


class SubscriptionAlert(models.Model):
    _inherit = "subscription.alert"

    match_count = fields.Integer(
        string="Match Now",
        compute="_compute_match_count",
        help="Contracts that meet the conditions at this moment.",
    )
    match_error = fields.Char(compute="_compute_match_count")
    done_count = fields.Integer(string="Acted On", compute="_compute_row_counts")
    failed_count = fields.Integer(string="Failed", compute="_compute_row_counts")

    # === COMPUTE METHODS === #

    @api.depends(lambda self: self._get_sentence_fields())
    def _compute_match_count(self):
        for alert in self:
            alert.match_error = False
            alert.match_count = 0
            try:
                domain = alert._get_domain(alert._get_today())
                with self.env.cr.savepoint():
                    Order = self.env["sale.order"].with_context(tz=alert._get_tz())
                    alert.match_count = Order.search_count(domain)
            except RETRY:
                raise
            except Exception as error:  # pylint: disable=broad-exception-caught
                alert.match_error = _get_text(error)

    def _compute_row_counts(self):
        counts = {
            (alert.id, state): count
            for alert, state, count in self.env["subscription.alert.match"]._read_group(
                Domain("alert_id", "in", self.ids)
                & (Domain("state", "=", "done") | Domain("ended_on", "=", False)),
                ["alert_id", "state"],
                ["__count"],
            )
        }
        for alert in self:
            alert.done_count = counts.get((alert._origin.id, "done"), 0)
            alert.failed_count = counts.get((alert._origin.id, "failed"), 0)

    # === ACTION METHODS === #

    def action_view_matches(self):
        """Open the contracts that match now."""
        self.ensure_one()
        domain = self._get_domain(self._get_today())
        # What the browser is sent has no subqueries in it.
        ids = self.env["sale.order"].with_context(tz=self._get_tz()).search(domain).ids
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.sale_order_action_contracts"
        )
        action["domain"] = [("id", "in", ids)]
        action["context"] = {"create": False}
        action["display_name"] = self.name
        return action

    def action_view_rows(self):
        """Open what the alert has done, and where it failed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_alert_match_action"
        )
        action["domain"] = [("alert_id", "=", self.id)]
        action["context"] = {
            "search_default_failed": self.env.context.get("failed_rows", 0)
        }
        return action

    def action_run(self):
        """Act now on all that match and have not been acted on since they do.

        :return: the notification that says on how many
        :rtype: dict
        :raise UserError: while a run is under way, or for a condition that is broken
        """
        self.ensure_one()
        self.check_access("write")
        self._check_reach()
        if not self.active:
            raise UserError(self.env._("Switch “%s” on first.", self.name))
        # sudo: contracts of colleagues too, as in the scheduled run
        alert = self.sudo()
        if not alert.try_lock_for_update():
            raise UserError(self.env._("“%s” is being run just now.", self.name))
        today = alert._get_today()
        alert._bring_up_to_date(today)
        rows = alert.match_ids.filtered(
            lambda row: not row.ended_on and row.state != "done"
        )
        rows.write({"state": "todo"})
        now, later = rows[:MAX_ALERTS_AT_ONCE], rows[MAX_ALERTS_AT_ONCE:]
        failed = alert._act_on(now, today)
        alert._note_run()
        done = now.filtered(lambda row: row.state == "done")
        later |= now - done - failed  # somebody is at these contracts
        if later:
            self._trigger_run()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if failed else "success",
                "message": self._get_run_message(done, failed, later),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _get_run_message(self, done, failed, later):
        if not (done or failed or later):
            return self.env._("Nothing to do: all that match have been acted on.")
        parts = [self.env._("Acted on %s contracts.", len(done))]
        if failed:
            parts.append(self.env._("%s failed, see the reasons.", len(failed)))
        if later:
            parts.append(self.env._("%s more follow in a minute.", len(later)))
        return " ".join(parts)

    # === THE RUN === #

    @api.model
    def _trigger_run(self):
        """Have alerts looked through as soon as what happened is committed."""
        if self.env.context.get("subscription_alert_run"):
            return  # the run itself comes back to what it changes
        # sudo: whoever changed a contract may not read scheduled actions
        cron = self.env.ref("subscriptions.ir_cron_run_alerts", False)
        if cron:
            cron.sudo()._trigger()

    @api.model
    def _cron_run(self):
        """Look through all alerts, and act.

        What one changes may set off others: they are looked through again, a few times.
        """
        self = self.with_context(subscription_alert_run=True)
        IrCron = self.env["ir.cron"]
        alerts = self.search([("active", "=", True)])
        IrCron._commit_progress(remaining=len(alerts))
        for number in range(MAX_ALERT_PASSES):
            acted = False
            for alert in alerts.exists().filtered("active"):
                try:
                    acted |= alert._run()
                except RETRY as error:
                    self.env.cr.rollback()
                    _logger.info("%s is tried again: %s", alert, error)
                    self._run_again()
                except Exception as error:  # pylint: disable=broad-exception-caught
                    # What is the matter with one must not stop the others.
                    self.env.cr.rollback()
                    if alert.exists():
                        alert._set_error(_get_text(error))
                if not IrCron._commit_progress(0 if number else 1):
                    self._run_again()  # no time left
                    return
            if not acted:
                break

    @api.model
    def _run_again(self):
        """Have the alerts looked through again, from within their run."""
        self.with_context(subscription_alert_run=False)._trigger_run()

    def _run(self):
        """Run one alert; what goes wrong is kept on it, and the others go on.

        :return: whether it acted on anything
        :rtype: bool
        """
        self.ensure_one()
        if not self.try_lock_for_update():
            return False  # somebody runs it by hand
        today = self._get_today()
        try:
            with self.env.cr.savepoint():
                self._bring_up_to_date(today)
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            self._set_error(_get_text(error))
            return False
        rows = self.env["subscription.alert.match"].search(
            Domain("alert_id", "=", self.id)
            & Domain("ended_on", "=", False)
            & (
                Domain("state", "=", "todo")
                # What failed is tried again the day after.
                | Domain("state", "=", "failed") & Domain("tried_on", "<", today)
            ),
            order="id",
        )
        acted = False
        for batch in rows._batches():
            failed = self._act_on(batch.exists(), today)
            acted |= bool(batch.exists() - failed)
            if not self.env["ir.cron"]._commit_progress(0):
                break  # no time left
        if rows.exists().filtered(lambda row: row.state == "todo"):
            # Somebody is at these contracts, or the time was over.
            self._run_again()
        self._note_run()
        return acted

    def _take_stock(self):
        """Write down who matches already, and is not acted on for that."""
        for alert in self:
            # sudo: contracts of colleagues too, as in the scheduled run
            alert.sudo()._bring_up_to_date(alert._get_today(), state="known")
            # Nor for what it could not do before, or did not come to.
            alert.sudo().match_ids.filtered(
                lambda row: not row.ended_on and row.state in ("todo", "failed")
            ).state = "known"

    def _bring_up_to_date(self, today, state="todo"):
        """Write down who matches since the last look, and who does so no more.

        Three queries, however many contracts there are.

        :param str state: what becomes of those that begin to match
        """
        self.ensure_one()
        self.env.flush_all()
        Match = self.env["subscription.alert.match"]
        matching = self._find_matching(today)
        rows = Match.search_fetch(
            [("alert_id", "=", self.id), ("ended_on", "=", False)], ["order_id", "day"]
        )
        ended = rows.filtered(
            lambda row: matching.get(row.order_id.id, False) != (row.day or None)
        )
        ended.write({"ended_on": today})
        self.env.flush_all()  # before others take their place
        known = set((rows - ended).order_id.ids)
        Match._open_rows(
            self,
            {key: day for key, day in matching.items() if key not in known},
            state,
            today,
        )

    def _find_matching(self, today):
        """Return who matches: the day it is timed by, or None, by the order's id.

        :rtype: dict
        """
        # sudo: as the system, as the extra condition was checked when it was written
        Order = self.env["sale.order"].sudo().with_context(tz=self._get_tz())
        domain = self.sudo()._get_domain(today)
        if self.trigger != "date":
            return dict.fromkeys(Order._search(domain).get_result_ids())
        orders = Order.search_fetch(domain, [self.date_field])
        return {order.id: order[self.date_field] for order in orders}

    def _act_on(self, rows, today):
        """Act on contracts, each by itself: what goes wrong is undone alone, and kept.

        :return: the rows that failed
        :rtype: subscription.alert.match
        """
        failed = rows.browse()
        tired = rows._get_tired(today)
        for row in rows:
            # Another run may have been faster, and billing goes first.
            if not row.try_lock_for_update() or not row.order_id.try_lock_for_update(
                allow_referencing=True
            ):
                continue
            row.invalidate_recordset()
            if row.state not in ("todo", "failed"):
                continue
            try:
                if row in tired:
                    raise UserError(
                        self.env._(
                            "The alert has acted on %(contract)s %(number)s times "
                            "today: something keeps setting it off. It goes on "
                            "tomorrow.",
                            contract=row.order_id.name,
                            number=MAX_ALERTS_A_DAY,
                        )
                    )
                with self.env.cr.savepoint():
                    self._act_by_rule(row.order_id)
                    row.write({"state": "done", "error": False, "tried_on": today})
            except RETRY:
                raise
            except Exception as error:  # pylint: disable=broad-exception-caught
                row.write(
                    {"state": "failed", "error": _get_text(error), "tried_on": today}
                )
                failed |= row
        if failed:
            self._set_error(
                self.env._(
                    "%(contract)s: %(error)s",
                    contract=failed[0].order_id.name,
                    error=failed[0].error,
                )
            )
        return failed

    def _act_by_rule(self, order):
        """Let the automation rule run its actions on one contract."""
        # sudo: it is nobody's own. Odoo's guard against a rule in itself begins anew.
        rule = self.automation_id.sudo().with_context(__action_done={})
        order = order.sudo().with_env(rule.env)
        order._message_log(
            body=self.env._(
                "Alert “%(name)s”: %(what)s", name=self.name, what=self.sentence
            )
        )
        rule._process(order)

    def _note_run(self):
        """Keep when it ran; a run without failures ends the error."""
        values = {"last_run": fields.Datetime.now()}
        open_failures = Domain("alert_id", "=", self.id) & Domain(
            "state", "=", "failed"
        )
        open_failures &= Domain("ended_on", "=", False)
        if not self.env["subscription.alert.match"].search_count(
            open_failures, limit=1
        ):
            values.update(last_error=False, last_error_date=False)
        # sudo: what the run says of itself
        self.sudo().write(values)

    def _set_error(self, text):
        # sudo: as above
        self.sudo().write(
            {"last_error": text, "last_error_date": fields.Datetime.now()}
        )


def _get_text(error):
    """Return what went wrong in words."""
    if isinstance(error, (UserError, AccessError)):
        return str(error.args[0])
    return f"{type(error).__name__}: {error}"
