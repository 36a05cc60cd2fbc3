"""Customers rate their contract: Odoo's pages, for whatever comes."""

from werkzeug.exceptions import NotFound

from odoo.http import request, route

from odoo.addons.rating.controllers.main import Rating
from odoo.addons.rating.models.rating_data import (
    RATING_HAPPY_VALUE,
    RATING_NEUTRAL_VALUE,
    RATING_UNHAPPY_VALUE,
)

from ..const import MAX_REMARK_LENGTH
from .contract_common import without_files
from .contract_portal import ContractPortal

FACES = (RATING_HAPPY_VALUE, RATING_NEUTRAL_VALUE, RATING_UNHAPPY_VALUE)


class ContractRating(Rating):
    @route()
    @without_files
    def action_open_rating(self, token, rate, **kwargs):
        """Override of `rating`: other addresses than those of a mail lead nowhere."""
        contract = self._get_rated_contract(token)
        if contract:
            if rate not in FACES:
                raise NotFound()
            if refusal := self._refuse_others(token, contract):
                return refusal
        return super().action_open_rating(token, rate, **kwargs)

    @route()
    @without_files
    def action_submit_rating(self, token, rate=0, **kwargs):
        """Override of `rating`: customers answer for themselves, in as many words as
        elsewhere."""
        contract = self._get_rated_contract(token)
        if contract and request.httprequest.method == "POST":
            if rate not in map(str, FACES):
                raise NotFound()
            if refusal := self._refuse_others(token, contract):
                return refusal
            text = kwargs.get("feedback", "").replace("\0", "").strip()
            kwargs["feedback"] = text[:MAX_REMARK_LENGTH]
        return super().action_submit_rating(token, rate=rate, **kwargs)

    def _get_rated_contract(self, token):
        """Return the contract that a link rates; empty for anything else.

        :return: with all rights
        :rtype: sale.order
        """
        rating_sudo, _record_sudo = self._get_rating_and_record(token)
        return rating_sudo._get_rated_contract()

    def _refuse_others(self, token, contract_sudo):
        """Return the page that somebody else gets who is logged in, None for nobody.

        Colleagues do not answer for customers.
        """
        rating_sudo, _record_sudo = self._get_rating_and_record(token)
        user = request.env.user
        partner = user.partner_id.commercial_partner_id
        if user._is_public() or partner == rating_sudo.partner_id.commercial_partner_id:
            return None
        values = {
            "model_name": request.env._("contract"),
            "name": contract_sudo.name,
            "web_base_url": rating_sudo.get_base_url(),
        }
        return request.render("rating.rating_external_page_invalid_partner", values)


class ContractRatingPage(ContractPortal):
    def _get_contract_values(self, contract, access_token=None, **kwargs):
        """Override: what the customer said, and what they are asked."""
        values = super()._get_contract_values(contract, access_token, **kwargs)
        user = request.env.user
        # Whoever has the link acts as the customer; colleagues never do.
        may_answer = (user.share or user._is_public()) and self._may_change_contract(
            contract, access_token
        )
        request_sudo = contract._get_open_rating_request()
        return {
            **values,
            "ratings": contract._get_page_ratings(),
            "rating_request": request_sudo if may_answer else request_sudo.browse(),
            "rating_faces": {
                RATING_HAPPY_VALUE: request.env._("Happy"),
                RATING_NEUTRAL_VALUE: request.env._("Neutral"),
                RATING_UNHAPPY_VALUE: request.env._("Unhappy"),
            },
        }
