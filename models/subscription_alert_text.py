"""The alert read back as a sentence, so that one sees what one has set."""

from odoo import api, fields, models
from odoo.tools import formatLang


class SubscriptionAlert(models.Model):
    _inherit = "subscription.alert"

    sentence = fields.Char(compute="_compute_sentence", string="In Words")

    @api.depends(lambda self: self._get_sentence_fields())
    @api.depends_context("lang")
    def _compute_sentence(self):
        for alert in self:
            when = [
                *alert._get_timing_phrases(),
                *alert._get_condition_phrases(),
            ]
            alert.sentence = self.env._(
                "When %(conditions)s, %(action)s.",
                conditions=", ".join(
                    [
                        self.env._(" and ").join(when) or self.env._("…"),
                        *alert._get_restriction_phrases(),
                    ]
                ),
                action=alert._get_action_phrase(),
            )

    @api.model
    def _get_sentence_fields(self):
        """Return what the sentence tells of. Hook for what companions add."""
        return sorted(
            name
            for name, field in self._fields.items()
            if field.store
            and name not in models.MAGIC_COLUMNS
            and not name.startswith(("message_", "last_", "website_"))
            and field.type not in ("one2many",)
        )

    def _get_timing_phrases(self):
        """Return in words on which day the alert acts."""
        self.ensure_one()
        if self.trigger != "date" or not self.date_field:
            return []
        label = self._get_label("date_field")
        if not self.date_days:
            return [self.env._("“%s” is reached", label)]
        values = {"days": self.date_days, "date": label}
        if self.date_mode == "before":
            return [self.env._("it is %(days)s days before “%(date)s”", **values)]
        return [self.env._("it is %(days)s days after “%(date)s”", **values)]

    def _get_condition_phrases(self):
        """Return in words what has to become true, a phrase for each condition.

        :rtype: list
        """
        self.ensure_one()
        return [
            getattr(self, f"_get_{name}_phrase")() for name in self._get_conditions()
        ]

    def _get_health_phrase(self):
        return self.env._("health is “%s”", self._get_label("health"))

    def _get_stage_phrase(self):
        return self.env._("the stage is %s", self._get_names("stage_ids"))

    def _get_overdue_phrase(self):
        if self.overdue_days:
            return self.env._(
                "an invoice is overdue for more than %s days", self.overdue_days
            )
        return self.env._("an invoice is overdue")

    def _get_satisfaction_phrase(self):
        return self.env._(
            "satisfaction is below %s %%", self._number(self.satisfaction_below)
        )

    def _get_next_invoice_phrase(self):
        return self.env._(
            "the next invoice is due within %s days", self.next_invoice_days
        )

    def _get_declined_phrase(self):
        if self.collection_declined == 1:
            return self.env._("a payment was declined")
        return self.env._("a payment was declined %s times", self.collection_declined)

    def _get_paid_phrase(self):
        if self.paid_invoices == 1:
            return self.env._("the first invoice is paid")
        return self.env._("%s invoices are paid", self.paid_invoices)

    def _get_unused_phrase(self):
        return self.env._(
            "%(products)s is not used for %(days)s days",
            products=self._get_names("unused_product_ids") or self.env._("an option"),
            days=self.unused_days,
        )

    def _get_extra_phrase(self):
        return self.env._("the other conditions below hold")

    def _get_mrr_phrase(self):
        low, high = self._money(self.mrr_min), self._money(self.mrr_max)
        if self.mrr_min and self.mrr_max:
            return self.env._("MRR is from %(low)s to %(high)s", low=low, high=high)
        if self.mrr_min:
            return self.env._("MRR is %s or more", low)
        return self.env._("MRR is %s or less", high)

    def _get_mrr_change_phrase(self):
        if self.mrr_change_unit == "percent":
            by = self.env._("%s %%", self._number(self.mrr_change_by))
        else:
            by = self._money(self.mrr_change_by)
        values = {"by": by, "days": self.mrr_change_days}
        if self.mrr_change == "fell":
            return self.env._(
                "MRR fell by more than %(by)s within %(days)s days", **values
            )
        return self.env._("MRR rose by more than %(by)s within %(days)s days", **values)

    def _get_restriction_phrases(self):
        """Return in words which contracts it is about. Hook."""
        self.ensure_one()
        phrases = []
        if self.contract_state != "running":
            phrases.append(
                self.env._(
                    "on contracts that are “%s”", self._get_label("contract_state")
                )
            )
        for name, pattern in (
            ("plan_ids", self.env._("on plans %s")),
            ("product_ids", self.env._("with %s")),
            ("template_ids", self.env._("made from %s")),
            ("team_ids", self.env._("of %s")),
            ("user_ids", self.env._("of %s")),
            ("tag_ids", self.env._("tagged %s")),
        ):
            if self[name]:
                phrases.append(pattern % self._get_names(name))
        return phrases

    # === HELPERS === #

    def _get_label(self, name):
        labels = dict(self._fields[name]._description_selection(self.env))
        return labels.get(self[name], "…")

    def _get_names(self, name):
        # sudo: the names of what the alert is about
        return ", ".join(self[name].sudo().mapped("display_name"))

    def _number(self, value):
        digits = 0 if value == int(value) else 2
        return formatLang(self.env, value, digits=digits)

    def _money(self, value):
        return formatLang(
            self.env,
            value,
            currency_obj=self.currency_id or self.env.company.currency_id,
        )
