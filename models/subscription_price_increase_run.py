"""How a price increase is worked out, scheduled, told and undone: in batches.

The first batch is made in the click, the others by the scheduled action, which commits
after each. What is left to do is read from what is there, so that a run that was
killed is taken up where it was committed last, and nothing is done twice.
"""

import logging

from psycopg2 import OperationalError

from odoo import api, fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain

from ..const import PRICE_INCREASE_BATCH_SIZE, PRICE_INCREASE_MESSAGE_BATCH_SIZE

_logger = logging.getLogger(__name__)

# Another transaction was faster: what it left is tried again, so many times.
RETRY = (OperationalError, LockError)
MAX_RETRIES = 5


class SubscriptionPriceIncrease(models.Model):
    _inherit = "subscription.price.increase"

    # === BEGUN BY A CLICK === #

    def _start_preview(self):
        self._discard_proposals()
        self.sudo().write({"preview_cursor": 0, "user_id": self.env.uid})
        total = self._as_author().env["sale.order"].search_count(self._get_todo())
        self._set_state("preview")
        self._start("preview", total)

    def _start_schedule(self):
        if self.task:
            raise UserError(
                self.env._("Wait until all new prices of “%s” are known.", self.name)
            )
        proposed = self._count_changes("proposed")
        if not proposed:
            raise UserError(
                self.env._("“%s” changes no contract: nothing to do.", self.name)
            )
        self.sudo().user_id = self.env.user  # sudo: kept from typing
        self._set_state("scheduled")
        self._start("schedule", proposed)

    def _start_undo(self):
        rows = self.sudo().refusal_ids
        rows.filtered(lambda row: row.stage == "undo").unlink()
        self._start("undo", self._count_changes("proposed", "scheduled"))

    def _start(self, task, total):
        """Begin with a task: its first batch now, what is left by the cron."""
        # sudo: kept from typing
        self.sudo().write({"task": task, "task_total": total, "task_done": 0})
        self._as_author()._work()
        if self.task or self._has_notices_due():
            self._trigger_cron()

    def _trigger_cron(self):
        # sudo: to be run earlier is all that is asked of the scheduled action
        self.env.ref("subscriptions.ir_cron_price_increase").sudo()._trigger()

    def _as_author(self):
        """Return the record in the name of who is responsible, in its company.

        The domain finds what that person may see, and the chatter names them.
        """
        self.ensure_one()
        return self.with_user(self.user_id).with_context(
            allowed_company_ids=self.company_id.ids
        )

    def _discard_proposals(self, taken_out=False):
        """Delete what counts for nothing.

        :param bool taken_out: those a person took out, too
        """
        # sudo: proposals and refusals are written by methods alone
        sudo = self.sudo()
        sudo.change_ids.filtered(
            lambda change: change.state == "proposed"
            or (taken_out and change.state == "revoked" and change.taken_out)
        ).unlink()
        sudo.refusal_ids.unlink()
        sudo.write({"task": False, "preview_cursor": 0})

    def _count_changes(self, *states):
        return self.env["subscription.change"].search_count(
            [("price_increase_id", "=", self.id), ("state", "in", states)]
        )

    # === THE SCHEDULED ACTION === #

    @api.model
    def _cron_run(self):
        """Go on with what was begun, and send the notices that are due."""
        # sudo: the run is the company's; each is worked on in its author's name
        increases = self.sudo().search(
            Domain("task", "!=", False) | Domain("state", "=", "scheduled")
        )
        for increase in increases:
            if not increase._run():
                return
        increases._close_finished()

    def _run(self):
        """Do all that is left to do for one increase, committing after each batch.

        :return: whether there is time left
        :rtype: bool
        """
        IrCron = self.env["ir.cron"]
        retries = 0
        while True:
            try:
                if not self.task and self._has_notices_due():
                    self.write(
                        {
                            "task": "notify",
                            "task_total": self._count(self._get_notice_domain()),
                            "task_done": 0,
                        }
                    )
                if not self.task:
                    return True
                done = self._as_author()._work()
                time_left = IrCron._commit_progress(
                    done, remaining=max(self.task_total - self.task_done, 0)
                )
            except RETRY as error:
                # A cron is not retried by Odoo as a request is.
                self.env.cr.rollback()
                self.invalidate_recordset()
                retries += 1
                _logger.info("%s is tried again: %s", self, error)
                if retries > MAX_RETRIES:
                    raise
                continue
            except UserError as error:
                # Nobody's notices wait because another's author may no longer do this.
                self.env.cr.rollback()
                _logger.warning("%s cannot go on: %s", self.name, error)
                return True
            if not time_left:
                return False
            if not done:  # what is left is locked by others; the next run has it
                return True
            retries = 0

    def _work(self):
        """Do the next batch of what is running.

        :return: how many contracts were dealt with
        :rtype: int
        """
        self.ensure_one()
        # sudo: a lock reads and writes nothing
        if not self.sudo().try_lock_for_update(allow_referencing=True):
            return 0
        self.invalidate_recordset()
        if not self.task:
            return 0
        done, finished = getattr(self, f"_work_{self.task}")()
        sudo = self.sudo()  # kept from typing
        sudo.task_done += done
        if finished:
            sudo.task = False
            self._close_finished()
        return done

    def _close_finished(self):
        """Note for scheduled increases whether all is made, or taken back."""
        open_states = ("proposed", "scheduled")
        for increase in self.filtered(lambda one: one.state == "scheduled"):
            if increase.task in ("schedule", "undo") or increase._has_overtaken():
                continue
            if not increase._count_changes(*open_states):
                made = increase._count_changes("done")
                increase._set_state("applied" if made else "cancelled")

    def _has_overtaken(self):
        """Tell whether a planned switch stands in the way of a change of the increase.

        If it is taken back, the change is planned again.
        """
        return bool(
            self.env["subscription.change"].search_count(
                [
                    ("price_increase_id", "=", self.id),
                    ("overtaken_by_id.state", "=", "scheduled"),
                ],
                limit=1,
            )
        )

    # === PREVIEW === #

    def _get_todo(self):
        return self._get_contract_domain() & Domain("id", ">", self.preview_cursor)

    def _work_preview(self):
        orders = self.env["sale.order"].search(
            self._get_todo(), order="id", limit=PRICE_INCREASE_BATCH_SIZE
        )
        # sudo: who may see the contract and raise prices may know what follows
        sudo = self.sudo()
        sudo._propose(orders.sudo() - sudo._get_taken_out_orders())
        sudo.preview_cursor = orders[-1:].id or sudo.preview_cursor
        return len(orders), len(orders) < PRICE_INCREASE_BATCH_SIZE

    def _get_taken_out_orders(self):
        return self.change_ids.filtered("taken_out").order_id

    def _propose(self, orders):
        """Write down what would change about contracts, or why nothing can."""
        proposals, refusals = [], []
        days = self._get_days(orders)
        for order in orders:
            try:
                proposals.append(order._prepare_price_increase(self, days[order]))
            except UserError as error:
                refusals.append(self._prepare_refusal(order, "preview", error))
        self.env["subscription.change"].create(proposals)
        self.env["subscription.price.increase.refusal"].create(refusals)

    def _prepare_refusal(self, order, stage, cause):
        return {
            "increase_id": self.id,
            "order_id": order.id,
            "stage": stage,
            "cause": str(cause),
        }

    def _get_days(self, orders):
        """Return the day on which each contract's new prices begin to count.

        The day that was chosen; where a period that starts later is billed already,
        the day after it, so that nobody is billed twice for it.

        :rtype: dict
        """
        billed = {
            order: last
            for order, last in self.env["subscription.period"]._read_group(
                [
                    ("order_id", "in", orders.ids),
                    ("state", "in", ("billed", "paid", "credited")),
                    ("date_from", ">=", self.date),
                ],
                ["order_id"],
                ["date_to:max"],
            )
        }
        return {
            order: fields.Date.add(billed[order], days=1)
            if order in billed
            else self.date
            for order in orders
        }

    # === SCHEDULE === #

    def _work_schedule(self):
        Change = self.env["subscription.change"].sudo()  # written by methods alone
        batch = Change.search(
            [("price_increase_id", "=", self.id), ("state", "=", "proposed")],
            order="id",
            limit=PRICE_INCREASE_MESSAGE_BATCH_SIZE,
        )
        locked = batch.order_id.try_lock_for_update(allow_referencing=True)
        locked.invalidate_recordset()
        batch.invalidate_recordset()
        mine = batch.filtered(
            lambda change: change.order_id in locked and change.state == "proposed"
        )
        self.sudo()._schedule(mine)
        finished = len(batch) < PRICE_INCREASE_MESSAGE_BATCH_SIZE
        return len(mine), finished and mine == batch

    def _schedule(self, proposals):
        """Let proposals count that are still as they were previewed."""
        refusals, kept = [], proposals
        days = self._get_days(proposals.order_id)
        for change in proposals:
            order = change.order_id
            try:
                values = order._prepare_price_increase(self, days[order])
                change._check_still_proposed(values)
            except UserError as error:
                refusals.append(self._prepare_refusal(order, "schedule", error))
                kept -= change
        (proposals - kept).state = "revoked"
        self.env["subscription.price.increase.refusal"].create(refusals)
        kept.state = "scheduled"
        for change in kept:
            change.order_id._log_change(self.env._("Planned"), change)

    # === NOTICE === #

    def _get_notice_domain(self):
        return [
            ("price_increase_id", "=", self.id),
            ("state", "in", ("scheduled", "done")),
            ("notified_date", "=", False),
            ("notice_failure", "=", False),
        ]

    def _count(self, domain):
        return self.env["subscription.change"].search_count(domain)

    def _has_notices_due(self):
        self.ensure_one()
        return bool(
            self.state == "scheduled"
            and self.notice_template_id
            and self.notice_date <= self._get_today()
            and self.env["subscription.change"].search_count(
                self._get_notice_domain(), limit=1
            )
        )

    def _work_notify(self):
        Change = self.env["subscription.change"].sudo()  # written by methods alone
        batch = Change.search(
            self._get_notice_domain(),
            order="id",
            limit=PRICE_INCREASE_MESSAGE_BATCH_SIZE,
        )
        today = self._get_today()
        refusals = []
        for change in batch:
            try:
                change._send_notice(self.sudo().notice_template_id, today)
            except UserError as error:
                change.notice_failure = str(error)
                refusals.append(self._prepare_refusal(change.order_id, "notice", error))
        # sudo: as above
        self.env["subscription.price.increase.refusal"].sudo().create(refusals)
        return len(batch), len(batch) < PRICE_INCREASE_MESSAGE_BATCH_SIZE

    # === UNDO === #

    def _work_undo(self):
        Change = self.env["subscription.change"].sudo()  # written by methods alone
        kept = self.sudo().refusal_ids.filtered(lambda row: row.stage == "undo")
        batch = Change.search(
            [
                ("price_increase_id", "=", self.id),
                ("state", "in", ("proposed", "scheduled")),
                ("order_id", "not in", kept.order_id.ids),
            ],
            order="id",
            limit=PRICE_INCREASE_MESSAGE_BATCH_SIZE,
        )
        locked = batch.order_id.try_lock_for_update(allow_referencing=True)
        batch.invalidate_recordset()
        mine = batch.filtered(lambda change: change.order_id in locked)
        refusals = []
        for change in mine.with_context(price_increase_undo=True):
            try:
                change._revoke(self.env._("“%s” was taken back", self.name))
            except UserError as error:
                refusals.append(self._prepare_refusal(change.order_id, "undo", error))
        # sudo: as above
        self.env["subscription.price.increase.refusal"].sudo().create(refusals)
        finished = len(batch) < PRICE_INCREASE_MESSAGE_BATCH_SIZE
        return len(mine), finished and mine == batch
