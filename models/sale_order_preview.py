"""What a contract will bill, in figures and words, and the proof of what it billed."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, formatLang

from ..const import MAX_PREVIEW
from ..engine import within_calendar
from ..engine.period import ONE_DAY


class SaleOrder(models.Model):
    _inherit = "sale.order"

    upsell_effect = fields.Char(
        string="At Once",
        compute="_compute_upsell_effect",
        help="What the upsell costs for the periods that are billed already.",
    )

    @api.depends(
        "order_line.price_total",
        "order_line.is_recurring",
        "start_date",
        "state",
        "subscription_kind",
    )
    @api.depends_context("lang")
    def _compute_upsell_effect(self):
        for order in self:
            is_open = order.subscription_kind == "upsell" and order.state != "sale"
            terms = order._get_upsell_charge_text() if is_open else False
            order.upsell_effect = terms

    # === PREVIEW AND PROOF === #

    def preview_invoices(self, count=12):
        """Return the next invoices of the contract, worked out by the code that bills.

        :param int count: how many at most
        :return: a list of dicts: date_from, date_to, invoice_date, amount_untaxed,
            amount_tax, amount_total (order currency)
        :rtype: list[dict]
        """
        self.ensure_one()
        if not self.plan_id:
            return []
        if self.subscription_kind == "upsell":
            return self._preview_upsell()
        if not isinstance(count, int):
            raise UserError(self.env._("Say how many invoices, as a whole number."))
        if self.state == "sale" and not self.next_invoice_date:
            return []  # all is billed, or it has ended
        count = min(count, MAX_PREVIEW)
        start = self.next_invoice_date or self.start_date or self._get_today()
        contract = self if self.start_date else self._as_if_starting(start)
        timeline = contract._get_timeline()
        billing = self.env["subscription.billing"]
        first = True
        result = []
        for period in within_calendar(timeline.periods(start)):
            if len(result) >= count:
                break
            if self.close_date and period.start >= self.close_date:
                break  # what starts on the last day is not billed any more
            if period.free or contract._is_paused_throughout(period):
                continue
            result.append(
                {
                    "date_from": period.start,
                    "date_to": period.end,
                    "invoice_date": timeline.invoice_date(period),
                    **billing._get_period_amounts(contract, period, first),
                }
            )
            first = False
        return result

    def _get_contract_terms(self):
        """Return the terms of the contract for documents, in the context's language.

        :return: list of (label, text)
        :rtype: list[tuple]
        """
        self.ensure_one()
        today = self._get_today()
        contract = self if self.start_date else self._as_if_starting(today)
        plan = self.plan_id
        terms = [
            (self.env._("Recurring plan"), plan.name),
            (
                self.env._("Recurring amount"),
                self.env._(
                    "%(amount)s per %(period)s, before taxes",
                    amount=formatLang(
                        self.env, self.recurring_total, currency_obj=self.currency_id
                    ),
                    period=plan.billing_period_label,
                ),
            ),
        ]
        if self.subscription_kind == "upsell":
            return terms + self._get_upsell_terms()
        if self.start_date:
            terms.append((self.env._("Starts on"), self._format_day(self.start_date)))
        else:
            terms.append((self.env._("Starts on"), self.env._("confirmation")))
        if self.paid_until:
            terms.append(
                (self.env._("Billed until"), self._format_day(self.paid_until))
            )
        if self.state in ("draft", "sent") or self._is_live_contract():
            terms += contract._get_upcoming_terms()
        last = contract._get_last_day()
        if last:
            terms.append((self.env._("Ends on"), self._format_day(last)))
        elif not self.close_date:
            terms.append((self.env._("Duration"), self.env._("until it is closed")))
        return terms

    def _preview_upsell(self):
        """Return what an upsell costs at once, as `preview_invoices` does.

        :rtype: list[dict]
        """
        self.ensure_one()
        contract = self.parent_order_id.sudo()  # sudo: as the upsell itself tells
        day = max(self.start_date or self._get_today(), contract.start_date)
        periods = [
            row._get_period().clip(start=day) for row in contract._get_rows_from(day)
        ]
        amounts = self.env["subscription.billing"]._get_upsell_amounts(self, periods)
        if not amounts["amount_total"]:
            return []
        return [
            {
                "date_from": periods[0].start if periods else day,
                "date_to": periods[-1].end if periods else day,
                "invoice_date": day,
                **amounts,
            }
        ]

    def _get_upsell_charge_text(self):
        """Return in words what an upsell costs at once, taxes included, or False."""
        for charge in self._preview_upsell():
            return self.env._(
                "%(total)s for %(start)s to %(end)s",
                total=formatLang(
                    self.env, charge["amount_total"], currency_obj=self.currency_id
                ),
                start=self._format_day(charge["date_from"]),
                end=self._format_day(charge["date_to"]),
            )
        return False

    def _get_upsell_terms(self):
        """Return the terms of an upsell: what it costs at once, and with each invoice.

        :rtype: list[tuple]
        """
        contract = self.parent_order_id.sudo()  # sudo: as the upsell itself tells
        terms = [(self.env._("Joins the contract"), contract.name)]
        if self.state in ("draft", "sent"):
            at_once = self._get_upsell_charge_text()
            if at_once:
                terms.append((self.env._("At once"), at_once))
            if contract.next_invoice_date:
                terms.append(
                    (
                        self.env._("In full from"),
                        self._format_day(contract.next_invoice_date),
                    )
                )
        return terms

    def _get_upcoming_terms(self):
        """Return the terms that name the next invoices and what they come to."""
        terms = []
        labels = [self.env._("Next invoice")]
        if self.state != "sale":
            labels = [self.env._("First invoice"), self.env._("Renews")]
        invoices = self.preview_invoices(len(labels))
        for label, invoice in zip(labels, invoices, strict=False):
            terms.append(
                (
                    label,
                    self.env._(
                        "%(day)s: %(total)s for %(start)s to %(end)s",
                        day=self._format_day(invoice["invoice_date"]),
                        total=formatLang(
                            self.env,
                            invoice["amount_total"],
                            currency_obj=self.currency_id,
                        ),
                        start=self._format_day(invoice["date_from"]),
                        end=self._format_day(invoice["date_to"]),
                    ),
                )
            )
        return terms

    def _format_day(self, day):
        return format_date(self.env, day)

    def _as_if_starting(self, day):
        """Return an unsaved copy of the order that starts on a day."""
        draft = self._suppose()
        draft.start_date = day
        return draft

    def _suppose(self):
        """Return an unsaved copy of the order, to suppose something about it.

        There is one at a time: what was supposed before is forgotten, and so is what
        the order itself was then.

        :rtype: sale.order
        """
        self.ensure_one()
        draft = self.new(origin=self)
        # Unsaved copies of a record are the same to the cache.
        draft.order_line.invalidate_recordset(flush=False)
        draft.invalidate_recordset(flush=False)
        return draft

    def verify_ledger(self):
        """Prove the ledger: no gap, no overlap, no day off its schedule.

        :return: findings, in words; empty when all is sound
        :rtype: list[str]
        """
        findings = []
        for order in self:
            rows = order.sudo().period_ids.sorted("date_from")  # proof needs all rows
            findings += order._verify_rows(rows.filtered("is_live"))
        return findings

    def _verify_rows(self, rows):
        """Yield the findings about the live rows of one contract, in order."""
        expected = self.start_date
        for row in rows:
            label = f"{self.name}, {row._get_label()}"
            if row.date_from > expected:
                yield self.env._(
                    "%(row)s: days from %(date)s are missing before it.",
                    row=label,
                    date=format_date(self.env, expected),
                )
            elif row.date_from < expected:
                yield self.env._("%s overlaps the period before it.", label)
            if row.kind == "billed" and not row.move_id:
                yield self.env._("%s is billed, and has no invoice.", label)
            if row.kind != "paused" and not self._is_on_schedule(row):
                yield self.env._("%s does not end where its plan says.", label)
            expected = row.date_to + ONE_DAY

    def _is_on_schedule(self, row):
        """Tell whether a ledger row is a part of a period its plan has.

        Closing, a plan switch or a credit may cut it; then another row goes on.
        """
        timeline = self._get_timeline(end_date=None)
        period = timeline.period_from(row.date_from)
        return (
            period.full_start,
            period.full_end,
        ) == row._get_full_days() and row.date_to <= period.end
