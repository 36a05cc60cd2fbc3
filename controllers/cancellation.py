"""Cancelling a contract without a login, in two steps.

What is answered depends on what was typed alone, never on which contracts there are.
"""

import unicodedata
from datetime import date

from dateutil.relativedelta import relativedelta

from odoo.http import STORED_SESSION_BYTES, Controller, request, route
from odoo.tools import consteq, email_normalize

ADDRESS = "/subscriptions/cancel"
# What is typed into each field at most.
LIMITS = {"name": 200, "email": 254, "contract": 100, "cause": 4000}
KINDS = ("ordinary", "extraordinary")
FIELDS = (*LIMITS, "kind", "wished_date")
MAX_YEARS = 10


class Cancellation(Controller):
    @route(
        ADDRESS,
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=True,
    )
    def cancellation_page(self, order_id=None, access_token=None, **parameters):
        """Show what is declared, and the button that declares it.

        Nothing is filled in but what the address says.
        """
        typed = self._get_typed(parameters)
        for name in ("name", "cause", "kind", "wished_date"):
            typed[name] = ""  # links name contract and address, and declare nothing
        typed["contract"] = typed["contract"] or self._get_number(
            order_id, access_token
        )
        return self._show_form(typed)

    @route(
        ADDRESS,
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def cancellation_declare(self, **parameters):
        """Keep what was declared, and lead to its receipt."""
        typed = self._get_typed(parameters)
        values, errors = self._check(typed)
        if errors:
            return self._show_form(typed, errors=errors, status=422)
        declaration_sudo = request.env["subscription.cancellation"]._receive(
            {
                **values,
                "lang": request.env.lang,
                "company_id": request.env.company.id,
            },
            request.httprequest.remote_addr,
            # The part that stays, as that which the form's token is made of.
            request.session.sid[:STORED_SESSION_BYTES],
        )
        if not declaration_sudo:
            response = self._show_form(typed, too_many=True, status=429)
            response.headers["Retry-After"] = "3600"
            return response
        return request.redirect(
            f"{ADDRESS}/receipt/{declaration_sudo.id}"
            f"?access_token={declaration_sudo.access_token}",
            code=303,
        )

    @route(
        f"{ADDRESS}/receipt/<int:declaration_id>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def cancellation_receipt(self, declaration_id, access_token=None, **_parameters):
        """Show the receipt of a declaration to whoever has its link."""
        # sudo: the token is what allows to read it
        declaration_sudo = (
            request.env["subscription.cancellation"]
            .sudo()
            .search([("id", "=", declaration_id)])
        )
        if not self._fits(declaration_sudo.access_token, access_token):
            return self._render("subscriptions.cancellation_lost", {}, status=404)
        return self._render(
            "subscriptions.cancellation_receipt",
            {"declared": declaration_sudo._get_declared()},
        )

    # === WHAT WAS TYPED === #

    def _get_typed(self, parameters):
        """Return what was typed, field by field, as text.

        :param dict parameters: of the request; files and unknown names are left out
        :rtype: dict[str, str]
        """
        return {
            name: value.strip() if isinstance(value, str) else ""
            for name in FIELDS
            for value in [parameters.get(name)]
        }

    def _get_number(self, order_id, access_token):
        """Return the number of a contract to whoever has its link, else nothing."""
        if not (order_id or "").isdecimal() or len(order_id) > 9:
            return ""
        # sudo: the token is what allows to read it
        order_sudo = (
            request.env["sale.order"].sudo().search([("id", "=", int(order_id))])
        )
        if not self._fits(order_sudo.access_token, access_token):
            return ""
        return order_sudo.name

    def _fits(self, token, given):
        """Compare a key with what the address has, which may be anything."""
        if not token or not isinstance(given, str):
            return False
        return consteq(token.encode(), given.encode(errors="replace"))

    def _check(self, typed):
        """Look at what was typed, field by field.

        Hook for other addons that ask for more.

        :param dict typed: see `_get_typed`
        :return: the values to keep; and what is wrong, in words by field
        :rtype: tuple[dict, dict]
        """
        kind = typed["kind"]
        errors = self._check_texts(typed)
        if "email" not in errors and not email_normalize(typed["email"]):
            errors["email"] = request.env._(
                "This is no e-mail address. It looks like name@example.com."
            )
        if kind not in KINDS:
            errors["kind"] = request.env._("Please choose one of these.")
        wished, error = self._read_date(typed["wished_date"])
        if error:
            errors["wished_date"] = error
        return {
            "name": typed["name"],
            "email": typed["email"],
            "contract_number": typed["contract"],
            "kind": kind,
            "cause": typed["cause"] or False,
            "wished_date": wished,
        }, errors

    def _check_texts(self, typed):
        needed = {
            "name": request.env._("Please say who you are."),
            "email": request.env._("Please say where we can write to you."),
            "contract": request.env._("Please say which contract is to end."),
        }
        if typed["kind"] == "extraordinary":
            needed["cause"] = request.env._(
                "Please name the cause, or choose an ordinary cancellation."
            )
        errors = {name: text for name, text in needed.items() if not typed[name]}
        for name, limit in LIMITS.items():
            if len(typed[name]) > limit:
                errors[name] = request.env._(
                    "This is too long: %(count)s characters, and %(limit)s at most.",
                    count=len(typed[name]),
                    limit=limit,
                )
            elif self._is_odd(typed[name], lines=name == "cause"):
                errors[name] = request.env._(
                    "There are characters in it that cannot be read. Please type it "
                    "anew."
                )
        return errors

    def _is_odd(self, text, lines=False):
        """Tell whether a text has control characters, or lines where there are none."""
        allowed = "\r\n\t" if lines else ""
        return any(
            unicodedata.category(sign) in ("Cc", "Cs") and sign not in allowed
            for sign in text
        )

    def _read_date(self, text):
        """Return the day that was typed, and what is wrong about it.

        :rtype: tuple[date | bool, str | None]
        """
        if not text:
            return False, None
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return False, request.env._("This is no date. It looks like 2030-12-31.")
        today = self._get_today()
        if day < today:
            return False, request.env._(
                "This day is over. Leave the date empty to end the contract as soon as "
                "possible."
            )
        if day > today + relativedelta(years=MAX_YEARS):
            return False, request.env._("This is more than ten years away.")
        return day, None

    def _get_today(self):
        Order = request.env["sale.order"].sudo()  # sudo: nothing is read
        return Order.new({"company_id": request.env.company.id})._get_today()

    # === WHAT IS SHOWN === #

    def _show_form(self, typed, errors=None, too_many=False, status=200):
        return self._render(
            "subscriptions.cancellation_form",
            {
                # What cannot be read cannot be shown either.
                "typed": {
                    name: "".join(
                        sign for sign in text if not self._is_odd(sign, lines=True)
                    )
                    for name, text in typed.items()
                },
                "errors": errors or {},
                "too_many": too_many,
                "address": ADDRESS,
            },
            status=status,
        )

    def _render(self, template, values, status=200):
        # sudo: name and address of a company are no secret
        company = request.env.company.sudo()
        response = request.render(
            template, {"company": company, "no_breadcrumbs": True, **values}
        )
        response.status_code = status
        response.headers["X-Robots-Tag"] = "noindex"
        response.headers["Cache-Control"] = "no-store"
        # The address of a receipt is its key, and goes to no other site.
        response.headers["Referrer-Policy"] = "same-origin"
        return response
