"""What a customer who wants to leave is offered: shown, and taken."""

from datetime import timedelta

from odoo import api, models

from ..engine.period import ONE_DAY
from .subscription_self_service import Outcome


class SubscriptionSelfService(models.AbstractModel):
    _inherit = "subscription.self.service"

    @api.model
    def _preview_offer(self, order, reason):
        """Return what taking the offer of a reason comes to.

        :param order: the contract
        :param reason: the subscription.close.reason
        :rtype: Effect
        """
        return getattr(self, f"_preview_offer_{reason.offer_kind}")(order, reason)

    @api.model
    def _perform_offer(self, order, values, effect, partner):
        reason = values["offer"]
        order._note_offer(reason, "shown")  # who takes it has seen it
        getattr(self, f"_perform_offer_{reason.offer_kind}")(order, reason)
        order._note_offer(reason, "taken")
        title = self.env._("Your subscription goes on: you took our offer.")
        self._tell(order, partner, effect, title, remark=values["remark"])
        return Outcome(title)

    # === DISCOUNT === #

    @api.model
    def _preview_offer_discount(self, order, reason):
        first, *back = order._prepare_offer_discount(reason)
        change = order._suppose_change("price", **self._as_arguments(first))
        texts = [
            self.env._(
                "%(discount)g %% less from %(first)s to %(last)s.",
                discount=reason.offer_discount,
                first=self._format_day(first["date"]),
                last=self._format_day(back[0]["date"] - ONE_DAY),
            )
            if back
            else self.env._(
                "%(discount)g %% less from %(first)s.",
                discount=reason.offer_discount,
                first=self._format_day(first["date"]),
            )
        ]
        return self._get_change_effect(order, change, texts=tuple(texts))

    @api.model
    def _as_arguments(self, values):
        return {"day": values["date"], "line_ids": values["line_ids"]}

    @api.model
    def _perform_offer_discount(self, order, reason):
        offer = order._get_shown_offer(reason)
        for values in order._prepare_offer_discount(reason):
            order._plan_change(
                "price",
                **self._as_arguments(values),
                close_offer_id=offer.id,
                reason=reason._get_offer_title(),
            )

    # === PAUSE === #

    @api.model
    def _preview_offer_pause(self, order, reason):
        return self._preview_pause(order, self._get_offered_pause(order, reason))

    @api.model
    def _get_offered_pause(self, order, reason):
        day = order._get_today() + timedelta(days=reason.offer_pause_days)
        return {"resume_date": day, "remark": ""}

    @api.model
    def _perform_offer_pause(self, order, reason):
        pause = self._get_offered_pause(order, reason)
        order._pause(pause["resume_date"], reason._get_offer_title())
        # sudo: changes are written by the contract's methods alone
        order._get_open_pause().sudo().write(
            {
                "close_offer_id": order._get_shown_offer(reason).id,
                "is_by_customer": True,
            }
        )

    # === ANOTHER PLAN === #

    @api.model
    def _preview_offer_plan(self, order, reason):
        return self._preview_plan(order, {"plan": reason.offer_plan_id})

    @api.model
    def _perform_offer_plan(self, order, reason):
        day = self._preview_offer_plan(order, reason).day
        order._change_plan(
            reason.offer_plan_id,
            day,
            reason=reason._get_offer_title(),
            close_offer_id=order._get_shown_offer(reason).id,
            is_by_customer=True,
        )
