import logging

from odoo import api, models, tools
from odoo.fields import Domain
from odoo.tools import split_every

from ..const import HEALTH, RETRY
from ..engine import lifecycle
from .condition_domain import check_condition_records, read_condition

_logger = logging.getLogger(__name__)

LIVE = (lifecycle.PROGRESS, lifecycle.PAUSED)
LOG_BATCH_SIZE = 500


class SubscriptionWatch(models.AbstractModel):
    """Keeps the health of contracts up to date, set by set.

    Two queries for each template that has conditions, however many contracts it has.
    """

    _name = "subscription.watch"
    _description = "Subscription Watch"

    @api.model
    @tools.ormcache()
    def _is_needed(self):
        """Tell whether anything hangs on what happens to contracts.

        Asked at each write, and so kept until templates or alerts change.
        """
        return self._has_conditions() or self.env["subscription.alert"]._is_on_change()

    @api.model
    def _has_conditions(self):
        return bool(self._get_templates().ids)

    def _get_templates(self):
        """Return the templates that have conditions, the archived too.

        :rtype: sale.order.template
        """
        # sudo: whoever touches a contract need not read templates
        Template = self.env["sale.order.template"].sudo()
        return Template.with_context(active_test=False).search(
            [
                "|",
                ("good_health_domain", "!=", False),
                ("bad_health_domain", "!=", False),
            ]
        )

    @api.model
    def _run_nightly(self):
        """Work out the health of all contracts, then have alerts looked through.

        One template after the other, each committed: another transaction may be faster.
        """
        IrCron = self.env["ir.cron"]
        templates = self._get_templates()
        IrCron._commit_progress(remaining=len(templates) + 1)
        for template in [*templates, templates.browse()]:
            try:
                if template:
                    self._update_health_by(template)
                else:
                    self._set_health({"neutral": self._find_unconditioned(templates)})
            except RETRY as error:
                self.env.cr.rollback()
                _logger.info("The health by %s is tried again: %s", template, error)
                self._trigger_run()
            if not IrCron._commit_progress(1):
                self._trigger_run()  # no time left
                return
        self.env["subscription.alert"]._trigger_run()

    @api.model
    def _trigger_run(self):
        """Have all contracts looked at as soon as possible."""
        cron = self.env.ref("subscriptions.ir_cron_update_health", False)
        if cron:
            cron.sudo()._trigger()  # sudo: whoever's transaction it is

    @api.model
    def _look_at(self, orders):
        """Look again at contracts that a transaction touched, at its commit.

        Nothing of it may fail the transaction: money may have been moved in it. What a
        condition does wrong is told by the nightly run.
        """
        if self._has_conditions():
            try:
                with self.env.cr.savepoint():
                    self._update_health(orders)
            except Exception:  # pylint: disable=broad-exception-caught
                # Another transaction was faster, or what others hang on the health of
                # contracts failed. This transaction is not undone for that.
                _logger.info("Health of %s is left to the run", orders, exc_info=True)
                self._trigger_run()
        if self.env["subscription.alert"]._is_on_change():
            self.env["subscription.alert"]._trigger_run()

    @api.model
    def _update_health(self, orders=None):
        """Bring the health of running contracts up to date.

        What a person chose stays. A condition that cannot be used leaves the contracts
        of its template as they are, and the template says why.

        :param orders: these contracts, default all
        :return: the contracts whose health is another now
        :rtype: sale.order
        """
        templates = self._get_templates()
        unconditioned = self._find_unconditioned(templates, orders)
        if orders is not None:
            templates &= orders.sale_order_template_id
        changed = self._set_health({"neutral": unconditioned})
        for template in templates:
            changed |= self._update_health_by(template, orders)
        return changed

    def _update_health_by(self, template, orders=None):
        """Bring the health of a template's running contracts up to date.

        :param orders: these contracts, default all; then the template says what is
            wrong with its conditions
        :return: the contracts whose health is another now
        :rtype: sale.order
        """
        self.env.flush_all()
        changed = self.env["sale.order"]
        try:
            with self.env.cr.savepoint():
                found = self._find_changes(template, self._get_scope(orders))
                changed = self._set_health(found)
        except RETRY:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            if orders is None:
                template._set_health_error(error)
        else:
            if orders is None:
                template._set_health_error(None)
        return changed

    def _get_scope(self, orders=None):
        """Return which contracts have their health worked out, as a domain."""
        scope = Domain("subscription_state", "in", LIVE)
        scope &= Domain("health_is_manual", "=", False)
        if orders is not None:
            scope &= Domain("id", "in", orders.ids)
        return scope

    def _find_changes(self, template, scope):
        """Return the contracts of a template whose health is another by its conditions.

        Bad is stronger than good.

        :return: sets of ids by health
        :rtype: dict
        """
        # sudo: conditions may ask for what nobody of the company reads
        Order = self.env["sale.order"].sudo()
        scope &= Domain("sale_order_template_id", "=", template.id)
        bad = self._find(template, "bad_health_domain", scope)
        good = self._find(template, "good_health_domain", scope) - bad
        changes = {key: set() for key, _label in HEALTH}
        for health, ids in Order._read_group(scope, ["health"], ["id:array_agg"]):
            for order_id in ids:
                target = "neutral"
                if order_id in bad:
                    target = "bad"
                elif order_id in good:
                    target = "good"
                if target != health:
                    changes[target].add(order_id)
        return changes

    def _find(self, template, name, scope):
        domain = read_condition(template.env, template[name])
        if domain.is_false():
            return set()
        check_condition_records(template.env, domain)
        # "Today" is that of the company the template is for.
        company = (template.company_id or self.env.company).sudo()
        Order = self.env["sale.order"].with_context(tz=company.partner_id.tz or "UTC")
        query = Order.sudo()._search(scope & domain)
        return set(query.get_result_ids())

    def _find_unconditioned(self, templates, orders=None):
        """Return those whose template has no condition, and that are not neutral.

        :param templates: the templates that have conditions
        :param orders: these contracts, default all
        :rtype: set
        """
        self.env.flush_all()
        domain = self._get_scope(orders) & Domain("health", "!=", "neutral")
        domain &= Domain("sale_order_template_id", "not in", templates.ids)
        return set(self.env["sale.order"].sudo()._search(domain).get_result_ids())

    def _set_health(self, targets):
        """Write what changed, with a line in each contract's chatter."""
        # sudo: by the conditions, whoever's transaction it is in
        Order = self.env["sale.order"].sudo().with_context(subscription_health=True)
        labels = dict(Order._fields["health"]._description_selection(self.env))
        changed = Order
        for health, ids in targets.items():
            for batch in split_every(LOG_BATCH_SIZE, sorted(ids), Order.browse):
                bodies = {
                    order.id: self.env._(
                        "Health: %(before)s → %(after)s, by the conditions of "
                        "“%(template)s”",
                        before=labels[order.health],
                        after=labels[health],
                        template=order.sale_order_template_id.name or "",
                    )
                    for order in batch
                }
                # The line says it better than what is tracked, and in one INSERT.
                batch.with_context(tracking_disable=True).write({"health": health})
                batch._message_log_batch(bodies)
                changed |= batch
        return changed.with_env(self.env)
