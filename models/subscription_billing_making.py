"""What the billing run writes: ledger rows, invoices, mails; and the preview of it.

Who bills, and what happens when it fails, stands in ``subscription_billing.py``.
"""

from collections import defaultdict

from odoo import fields, models

from ..const import QUIET


class SubscriptionBilling(models.AbstractModel):
    _inherit = "subscription.billing"

    # === MAKING INVOICES === #

    def _get_units(self, jobs):
        """Group the jobs that share an invoice.

        :param list[Job] jobs: what is due
        :rtype: list[list[Job]]
        """
        units, merged = [], defaultdict(list)
        for job in jobs:
            if job.order.plan_id.merge_invoices:
                merged[self._get_merge_key(job.order)].append(job)
            else:
                units.append([job])
        return units + list(merged.values())

    def _get_merge_key(self, order):
        """Return what contracts must have in common to share an invoice.

        Hook for other addons.
        """
        return (
            order.partner_invoice_id,
            order.partner_shipping_id,
            order.company_id,
            order.currency_id,
            order.fiscal_position_id,
            order.payment_term_id,
            order.journal_id,
            order.user_id,
            order.plan_id.invoice_mode,
            order.plan_id.invoice_mail_template_id,
            order.payment_token_id,
        )

    def _make(self, units):
        """Write ledger rows and invoices of the units.

        :param list[list[Job]] units: the jobs of each invoice
        :rtype: account.move
        """
        jobs = [job for unit in units for job in unit]
        self._update_taxes(jobs)
        self._prepare_lines(jobs)
        units = self._hold_unusual(units)
        jobs = [job for unit in units for job in unit]
        for job in jobs:
            job.order._settle_pending()
        self._create_rows(jobs)
        units = [unit for unit in units if any(job.lines for job in unit)]
        values = [self._prepare_invoice_values(unit) for unit in units]
        moves = self._create_moves(units, values)
        self._link_rows(units, moves)
        self._finish(units, moves)
        self.env.flush_all()
        return moves

    def _update_taxes(self, jobs):
        """Bring fiscal positions and taxes up to date: they are those of today."""
        positions = {}
        for job in jobs:
            order = job.order
            position = self._get_fiscal_position(order, positions)
            changed = position != order.fiscal_position_id
            if changed:
                order.fiscal_position_id = position
            lines = order.order_line._update_mapped_taxes()
            if lines or changed:
                order.message_post(
                    body=self.env._(
                        "The taxes were brought up to date before billing: they follow "
                        "the customer's address and the tax settings of today."
                    )
                )

    def _get_fiscal_position(self, order, known):
        """Return the fiscal position of an order today.

        One that was chosen by a person stays.

        :param dict known: positions found before in this batch
        """
        if order.has_typed_fiscal_position:
            return order.fiscal_position_id
        key = (order.partner_id, order.partner_shipping_id, order.company_id)
        if key not in known:
            known[key] = order._get_mapped_fiscal_position()
        return known[key]

    def _prepare_lines(self, jobs):
        """Work out the invoice lines of each job.

        A period that has nothing to bill becomes free, and says so.
        """
        orders = self.env["sale.order"].union(*(job.order for job in jobs))
        with orders.order_line._forgetting_invoices():
            for job in jobs:
                order = job.order
                language = order.partner_invoice_id.lang
                if language:
                    order = order.with_context(lang=language)
                if not job.period.free and not job.paused:
                    job.lines = self._get_invoice_lines(order, job.period)
        for job in jobs:
            if not job.facts.has_distribution_models(job.order.company_id):
                # Odoo would search for each line, and find nothing.
                for line, values in job.lines:
                    if not line.display_type and not line.analytic_distribution:
                        values.setdefault("analytic_distribution", False)

    def _get_invoice_lines(self, order, period):
        """Return the values of the invoice lines of a contract's period.

        Recurring lines for the period; others once, as far as they are to invoice;
        sections, notes and combos around them as on Odoo's own invoice.

        :param engine.Period period: the period
        :return: list of (order line, values)
        :rtype: list[tuple]
        """
        # Odoo browses the lines one order at a time; read those of all at once.
        lines = order._get_invoiceable_lines(final=True).with_prefetch(
            order.order_line._prefetch_ids
        )
        gone = order._get_gone_lines(period) - lines
        if gone:  # with the others, where they stand on the order
            lines = order.order_line.filtered(lambda line: line in lines | gone)
        result = []
        for sequence, line in enumerate(lines):
            if line.is_recurring:
                result += [
                    (line, values)
                    for values in line._prepare_period_invoice_lines(
                        period, sequence=sequence
                    )
                    if values["quantity"]  # else nothing was delivered
                ]
            else:
                options = {"sequence": sequence}
                if line.is_downpayment:
                    options["quantity"] = -1.0
                    options["extra_tax_data"] = self.env[
                        "account.tax"
                    ]._reverse_quantity_base_line_extra_tax_data(line.extra_tax_data)
                result += [
                    (line, values)
                    for values in line._prepare_invoice_lines_vals_list(**options)
                ]
        result += [
            (charge.line, self._prepare_charge_line(charge, order))
            for charge in order._get_pending_charges()
        ]
        if all(values.get("display_type") != "product" for _line, values in result):
            return []
        return result

    def _create_rows(self, jobs):
        """Write the ledger rows: the lock on the periods, before any invoice."""
        rows = self.env["subscription.period"].create(
            [
                {
                    "order_id": job.order.id,
                    "date_from": job.period.start,
                    "date_to": job.period.end,
                    "full_from": job.period.full_start,
                    "full_to": job.period.full_end,
                    "kind": self._get_row_kind(job),
                    "currency_id": job.order.currency_id.id,
                    "company_id": job.order.company_id.id,
                    "plan_id": job.order._get_plan_on(job.period.start).id,
                }
                for job in jobs
            ]
        )
        for job, row in zip(jobs, rows, strict=True):
            job.row = row
            for line, values in job.lines:
                if line.is_recurring:
                    values.setdefault("period_id", row.id)
            row._adopt_charges()
            row._note_changes()
            if not job.lines and not job.period.free and not job.paused:
                job.order.message_post(
                    body=self.env._(
                        "%s: nothing was delivered, so nothing is billed.",
                        row._get_label(),
                    )
                )

    def _get_row_kind(self, job):
        """Return what is decided about a job's period."""
        if job.paused:
            return "paused"
        return "billed" if job.lines else "free"

    def _prepare_invoice_values(self, unit):
        """Prepare the values of one invoice.

        The one place where invoices are put together; another addon, or a faster
        implementation, replaces it here.

        :param list[Job] unit: the jobs that share the invoice
        :rtype: dict
        """
        order = unit[0].order
        if order.partner_invoice_id.lang:
            order = order.with_context(lang=order.partner_invoice_id.lang)
        values = order.with_company(order.company_id)._prepare_invoice()
        company = order.company_id
        if not values.get("journal_id") and order.currency_id == company.currency_id:
            values["journal_id"] = unit[0].facts.get_journal(company).id
        # Of today, also where a missed day is caught up or the next is billed ahead.
        values["invoice_date"] = order._get_today()
        if len(unit) > 1:
            names = [job.order.name for job in unit]
            values["invoice_origin"] = ", ".join(names)
            values["ref"] = ", ".join(
                job.order.client_order_ref or job.order.name for job in unit
            )[:2000]
            values["payment_reference"] = False
        sequence = 0
        for job in unit:
            for _line, line_values in job.lines:
                sequence += 1
                values["invoice_line_ids"].append(
                    fields.Command.create(dict(line_values, sequence=sequence))
                )
        return values

    def _create_moves(self, units, values):
        if not units:
            return self.env["account.move"]
        orders = self.env["sale.order"].union(*(unit[0].order for unit in units))
        moves = orders.with_context(**QUIET)._create_account_invoices(values, True)
        credits = moves.filtered(lambda move: move.amount_total < 0)
        if credits:
            credits.action_switch_move_type()
        return moves

    def _link_rows(self, units, moves):
        """Let each ledger row know its invoice and what it comes to."""
        for unit, move in zip(units, moves, strict=True):
            amounts = defaultdict(float)
            for line in move.invoice_line_ids:
                amounts[line.period_id] += line.price_subtotal
            for job in unit:
                job.row.write({"move_id": move.id, "amount_untaxed": amounts[job.row]})

    def _finish(self, units, moves):
        """Post and send the invoices as the plan says."""
        self._log_origin(units, moves)
        by_mode = defaultdict(moves.browse)
        for unit, move in zip(units, moves, strict=True):
            by_mode[unit[0].order.plan_id.invoice_mode] |= move
        for mode, made in by_mode.items():
            self._finish_moves(made, mode)

    def _finish_moves(self, moves, mode):
        """Post and send invoices.

        :param moves: drafts
        :param str mode: the plan's invoice_mode
        """
        if moves and mode == "charge":
            self.env["subscription.collector"]._take(moves)
        elif moves and mode != "draft":
            moves.with_context(**QUIET)._post(soft=False)
            if mode == "send":
                self._send(moves)

    def _log_origin(self, units, moves):
        """Say in the invoice's chatter which contract and period made it."""
        bodies = {
            move.id: self.env._(
                "Made by the billing run for %s",
                ", ".join(f"{job.order.name} ({job.row._get_label()})" for job in unit),
            )
            for unit, move in zip(units, moves, strict=True)
        }
        moves._message_log_batch(bodies)

    def _send(self, moves):
        """Queue the invoices for Odoo's own asynchronous sending."""
        for move in moves:
            if move.partner_id.email:
                move.sending_data = {
                    "author_user_id": self.env.user.id,
                    "author_partner_id": self.env.user.partner_id.id,
                }
            else:
                move.activity_schedule(
                    "mail.mail_activity_data_todo",
                    summary=self.env._("Send the invoice by hand"),
                    note=self.env._("%s has no e-mail address.", move.partner_id.name),
                    user_id=move.subscription_ids[:1]._get_responsible_user().id,
                )
        self.env.ref("account.ir_cron_account_move_send")._trigger()

    # === PREVIEW === #

    def _get_period_amounts(self, order, period, first):
        """Return what a period costs, worked out as its invoice is.

        :param order: the contract
        :param engine.Period period: the period
        :param bool first: whether it is the next to be billed, and so takes along what
            is delivered and what does not recur
        :return: amount_untaxed, amount_tax, amount_total in the order's currency
        :rtype: dict
        """
        base_lines = []
        for line in order.order_line:
            if line.display_type or line.product_id.type == "combo":
                continue
            if line.is_recurring:
                if not first and line._is_billed_by_delivery():
                    continue
                base_lines += self._get_period_base_lines(line, period)
                continue
            if first:
                confirmed = order.state == "sale"
                quantity = line.qty_to_invoice if confirmed else line.product_uom_qty
                price = line.price_unit
            else:
                continue
            base_lines.append(
                line._prepare_base_line_for_taxes_computation(
                    quantity=quantity, price_unit=price
                )
            )
        if first:
            pending = order._get_pending_charges()
            base_lines += self._get_charged_base_lines(pending)
        return self._sum_base_lines(order, base_lines)

    def _get_upsell_amounts(self, order, periods):
        """Return what an upsell costs at once, worked out as its invoice is.

        :param order: the upsell
        :param list[engine.Period] periods: the parts of periods billed already
        :return: amount_untaxed, amount_tax, amount_total in the order's currency
        :rtype: dict
        """
        base_lines = []
        for line in order.order_line:
            if line.display_type or line.product_id.type == "combo":
                continue
            if line.is_recurring:
                for period in periods if not line._is_billed_by_delivery() else ():
                    base_lines += self._get_period_base_lines(line, period)
            else:
                base_lines.append(line._prepare_base_line_for_taxes_computation())
        return self._sum_base_lines(order, base_lines)

    def _get_charged_base_lines(self, charges):
        """Return what is charged of changes, for Odoo's computation of taxes.

        :param list[Supplement] charges: what is charged
        :rtype: list[dict]
        """
        return [
            # sudo: what it costs does not depend on who reads taxes
            charge.line.sudo()._prepare_base_line_for_taxes_computation(
                quantity=charge.quantity,
                price_unit=charge.price_unit,
                discount=charge.discount,
            )
            for charge in charges
        ]

    def _sum_base_lines(self, order, base_lines):
        if not base_lines:
            names = ("amount_untaxed", "amount_tax", "amount_total")
            return dict.fromkeys(names, 0.0)
        AccountTax = self.env["account.tax"]
        AccountTax._add_tax_details_in_base_lines(base_lines, order.company_id)
        AccountTax._round_base_lines_tax_details(base_lines, order.company_id)
        totals = AccountTax._get_tax_totals_summary(
            base_lines=base_lines,
            currency=order.currency_id,
            company=order.company_id,
        )
        rounded = order.currency_id.round  # sums of floats
        return {
            "amount_untaxed": rounded(totals["base_amount_currency"]),
            "amount_tax": rounded(totals["tax_amount_currency"]),
            "amount_total": rounded(totals["total_amount_currency"]),
        }

    def _get_period_base_lines(self, line, period):
        """Return what a line costs in a period, for Odoo's computation of taxes.

        :rtype: list[dict]
        """
        return [
            line._prepare_base_line_for_taxes_computation(
                quantity=quantity,
                price_unit=line._get_period_price_unit(part, quantity),
                discount=line._get_price_on(part.start)[1],
            )
            for quantity, part in line._get_period_parts(period)
        ]
