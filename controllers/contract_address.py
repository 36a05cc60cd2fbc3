"""Billing and delivery address of a contract: choose another, or enter a new one."""

from urllib.parse import urlencode

from odoo.exceptions import UserError
from odoo.http import request, route

from ..models.sale_order_customer_address import ADDRESS_FIELDS
from .contract_answers import ContractAnswers
from .contract_common import without_files

SUFFIX = "/address"
# What a new address may say. Neither tax number nor company: they are the customer's.
TYPED_FIELDS = (
    "name",
    "email",
    "phone",
    "street",
    "street2",
    "zip",
    "city",
    "country_id",
    "state",
)
MAX_LENGTH = 250  # no address is longer


class ContractAddress(ContractAnswers):
    # === ROUTES === #

    @route(
        "/my/subscriptions/<int:order_id>/address",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    @without_files
    def contract_address(self, order_id, access_token=None, new=None, **_kwargs):
        """Show the addresses of a contract, or the form for a new one."""
        order_sudo = self._get_contract(order_id, access_token)
        if not order_sudo:
            return request.redirect("/my")
        refusal = self._get_contract_refusal(order_sudo, access_token, "address")
        if refusal:
            return self._refuse_contract_request(order_sudo, access_token, refusal)
        if new in ADDRESS_FIELDS:
            return self._show_address_form(order_sudo, access_token, new)
        return self._show_addresses(order_sudo, access_token)

    @route(
        "/my/subscriptions/<int:order_id>/address",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    @without_files
    def contract_address_submit(self, order_id, access_token=None, **post):
        """Choose other addresses for a contract, or enter a new one."""
        order_sudo = self._get_contract(order_id, access_token)
        if not order_sudo:
            return request.redirect("/my")
        refusal = self._get_contract_refusal(order_sudo, access_token, "address")
        if refusal:
            return self._refuse_contract_request(order_sudo, access_token, refusal)
        if post.get("new") in ADDRESS_FIELDS:
            return self._submit_new_address(order_sudo, access_token, post)
        return self._submit_addresses(order_sudo, access_token, post)

    # === ONE OF THOSE THAT ARE KNOWN === #

    def _submit_addresses(self, order_sudo, access_token, post):
        offered = self._get_offered_addresses(order_sudo)
        chosen = {
            kind: self._cast_address_id(post.get(kind))
            for kind in ADDRESS_FIELDS
            if kind in post
        }
        try:
            with request.env.cr.savepoint():
                order_sudo._lock_contract()
                addresses = {}
                for kind, address_id in chosen.items():
                    address = offered[kind] & offered[kind].browse(address_id)
                    order_sudo._check_customer_address(kind, address, offered[kind])
                    addresses[kind] = address
                partner = self._get_acting_partner(order_sudo)
                order_sudo._set_customer_addresses(addresses, partner)
        except UserError as error:
            request.env.invalidate_all()
            return self._show_addresses(
                order_sudo, access_token, chosen, str(error), status=422
            )
        return self._confirm_addresses(order_sudo, access_token)

    def _confirm_addresses(self, order_sudo, access_token):
        self._tell_on_contract(
            order_sudo,
            request.env._("The addresses of %s are saved.", order_sudo.name),
        )
        return request.redirect(self._get_contract_url(order_sudo, access_token))

    def _get_offered_addresses(self, order_sudo):
        """Return the addresses that the visitor may choose, for each kind.

        Who came by the link sees those of the contract, and no other of the customer.

        :return: contacts by `billing` and `delivery`
        :rtype: dict
        """
        offered = {kind: order_sudo[name] for kind, name in ADDRESS_FIELDS.items()}
        owner_sudo = self._get_address_owner(order_sudo)
        if not owner_sudo:
            return offered
        known = self._prepare_address_data(owner_sudo)
        for kind in ADDRESS_FIELDS:
            addresses = known[f"{kind}_addresses"].filtered(
                lambda one: one.company_id <= order_sudo.company_id
            )
            offered[kind] |= order_sudo.partner_id | addresses
        return offered

    def _get_address_owner(self, order_sudo):
        """Return whose addresses the visitor may choose from, empty for none.

        :rtype: res.partner
        """
        user = request.env.user
        customer = order_sudo.partner_id
        if user._is_public():
            return customer.browse()
        if user.partner_id.commercial_partner_id == customer.commercial_partner_id:
            return user.partner_id.sudo()  # sudo: as Odoo's page of addresses has it
        # sudo: off, to ask for the visitor's own right
        order = order_sudo.with_user(user).sudo(False)
        if user._is_internal() and order.has_access("write"):
            return customer
        return customer.browse()

    # === A NEW ONE === #

    def _submit_new_address(self, order_sudo, access_token, post):
        kind = post["new"]
        typed = {
            # NUL is no text that can be stored
            name: (post.get(name) or "").replace("\0", "").strip()
            for name in TYPED_FIELDS
        }
        form, errors, messages = self._check_typed_address(order_sudo, kind, typed)
        effect = None
        if not errors and kind == "delivery":
            effect = self._get_new_address_effect(order_sudo, form)
        if not errors and (not effect or post.get("accepted") == effect):
            try:
                with request.env.cr.savepoint():
                    order_sudo._lock_contract()
                    self._set_new_address(order_sudo, kind, form)
                return self._confirm_addresses(order_sudo, access_token)
            except UserError as error:
                request.env.invalidate_all()
                messages, effect = [str(error)], None
        return self._show_address_form(
            order_sudo,
            access_token,
            kind,
            typed=typed,
            errors=errors,
            messages=messages,
            effect=effect,
        )

    def _check_typed_address(self, order_sudo, kind, typed):
        """Read what was typed, and find what is wrong with it, mostly as Odoo does.

        :param order_sudo: the contract
        :param str kind: billing or delivery
        :param dict typed: texts by `TYPED_FIELDS`
        :return: what Odoo's methods take as a form, words by field, words for all
        :rtype: tuple[dict, dict, list]
        """
        # sudo: countries are no secret
        country = request.env["res.country"].sudo()
        country_id = typed["country_id"]
        if country_id.isdecimal() and len(country_id) < 10:
            country = country.browse(int(country_id)).exists()
        form = {name: typed[name] for name in TYPED_FIELDS if name != "state"}
        form.update(country_id=str(country.id or ""), state_id="")
        errors = {
            name: request.env._("This is too long.")
            for name, text in typed.items()
            if len(text) > MAX_LENGTH
        }
        if typed["state"] and country.state_ids:
            state = self._find_state(country, typed["state"])
            form["state_id"] = str(state.id or "")
            if not state:
                errors["state"] = request.env._(
                    "%s is not known there. Choose one of the list.", typed["state"]
                )
        values, _extra = self._parse_form_data(form)
        invalid, missing, messages = self._validate_address_values(
            values,
            request.env["res.partner"].sudo(),  # sudo: an empty one, to create
            kind,
            False,
            "name,email",
            subscription_order_sudo=order_sudo,
        )
        for name in invalid | missing:
            name = "state" if name == "state_id" else name
            errors.setdefault(name, self._get_field_error(name, typed))
        return form, errors, messages

    def _get_field_error(self, name, typed):
        if not typed.get(name):
            return request.env._("Please fill this in.")
        if name == "email":
            return request.env._(
                "Please enter an e-mail address such as ada@example.com."
            )
        return request.env._("Please look at this again.")

    def _find_state(self, country, text):
        """Return the state of a country by its name or code, in any language of ours.

        :rtype: res.country.state
        """
        text = text.casefold()
        return country.state_ids.filtered(
            lambda state: text in (state.name.casefold(), state.code.casefold())
        )[:1]

    def _get_new_address_effect(self, order_sudo, form):
        """Return what the next invoice would be if an address makes it another.

        :return: for people, None if it stays
        :rtype: str | None
        """
        values, _extra = self._parse_form_data(form)
        address = order_sudo.env["res.partner"].new(
            {**values, "parent_id": order_sudo.partner_id.commercial_partner_id.id}
        )
        amount = order_sudo._get_delivery_amounts(address).get(address)
        return None if amount is None else order_sudo.currency_id.format(amount)

    def _set_new_address(self, order_sudo, kind, form):
        """Create the contact of an address, and send the contract's papers there."""
        current = order_sudo[ADDRESS_FIELDS[kind]]
        values, _extra = self._parse_form_data(form)
        contact_type = "invoice" if kind == "billing" else "delivery"
        if current.type == contact_type and self._are_same_addresses(values, current):
            return  # the same form was sent twice
        partner = self._get_acting_partner(order_sudo)
        known = order_sudo._get_addresses_by_link(contact_type).filtered(
            lambda one: self._are_same_addresses(values, one)
        )
        if known:
            order_sudo._set_customer_addresses({kind: known[:1]}, partner)
            return
        is_by_link = request.env.user._is_public()
        if is_by_link:
            order_sudo._check_addresses_by_link()
        # Odoo's own way, of which other addons know. It never alters a contact here:
        # the e-mail address of one with a login is the way to its password.
        address, _feedback = self._create_or_update_address(
            request.env["res.partner"].sudo(),  # sudo: visitors create nothing else
            address_type=kind,
            verify_address_values=False,  # done before
            subscription_order_sudo=order_sudo,
            **form,
        )
        if is_by_link:
            # Whoever has the link of a contract shall not sign up as its customer.
            address.entered_by_link_date = order_sudo._get_today()
        order_sudo._set_customer_addresses(
            {kind: address.with_env(order_sudo.env)}, partner
        )

    # === WHAT PAGES SHOW === #

    def _show_addresses(
        self, order_sudo, access_token, chosen=None, error=None, status=200
    ):
        offered = self._get_offered_addresses(order_sudo)
        page_url = self._get_contract_url(order_sudo, access_token, SUFFIX)
        sections = [
            {
                "kind": kind,
                "title": title,
                "current": order_sudo[ADDRESS_FIELDS[kind]],
                "addresses": offered[kind],
                "chosen": (chosen or {}).get(kind)
                or order_sudo[ADDRESS_FIELDS[kind]].id,
                "new_url": self._add_query(page_url, new=kind),
            }
            for kind, title in self._get_kind_titles().items()
        ]
        owner = self._get_address_owner(order_sudo)
        is_customer = owner and owner == request.env.user.partner_id
        return request.render(
            "subscriptions.contract_address",
            {
                **self._get_contract_base_values(order_sudo, access_token),
                "page_url": page_url,
                "sections": sections,
                "can_choose": bool(owner),
                "login_url": self._get_login_url(order_sudo),
                "edit_urls": self._get_edit_urls(order_sudo, offered)
                if is_customer
                else {},
                "add_urls": self._get_add_urls(order_sudo) if is_customer else {},
                "amount_now": order_sudo._get_next_amount(),
                "amounts": order_sudo._get_delivery_amounts(offered["delivery"]),
                "loses_method": self._loses_method(order_sudo),
                "error": error,
            },
            status=status,
        )

    def _show_address_form(
        self,
        order_sudo,
        access_token,
        kind,
        typed=None,
        errors=None,
        messages=None,
        effect=None,
    ):
        current = order_sudo[ADDRESS_FIELDS[kind]]
        typed = typed or {
            **dict.fromkeys(TYPED_FIELDS, ""),
            # No more than the page of the contract tells whoever has its link.
            "name": current.name or order_sudo.partner_id.name or "",
            "country_id": str(current.country_id.id or ""),
        }
        # sudo: countries are no secret
        countries = request.env["res.country"].sudo().search([])
        country = countries.filtered(lambda one: str(one.id) == typed["country_id"])
        page_url = self._get_contract_url(order_sudo, access_token, SUFFIX)
        return request.render(
            "subscriptions.contract_address_form",
            {
                **self._get_contract_base_values(order_sudo, access_token),
                "page_url": page_url,
                "kind": kind,
                "title": self._get_new_titles()[kind],
                "typed": typed,
                "errors": errors or {},
                "messages": messages or [],
                "effect": effect,
                "amount_now": order_sudo.currency_id.format(
                    order_sudo._get_next_amount() or 0.0
                ),
                "countries": countries,
                "states": country.state_ids,
                "loses_method": kind == "billing" and self._loses_method(order_sudo),
                "max_length": MAX_LENGTH,
            },
            status=422 if errors or messages else 200,
        )

    def _get_new_titles(self):
        return {
            "billing": request.env._("New billing address"),
            "delivery": request.env._("New delivery address"),
        }

    def _get_kind_titles(self):
        return {
            "billing": request.env._("Billing address"),
            "delivery": request.env._("Delivery address"),
        }

    def _get_edit_urls(self, order_sudo, offered):
        """Return where the customer edits the addresses that they may, by contact id.

        :rtype: dict
        """
        callback = self._get_contract_url(order_sudo, suffix=SUFFIX)
        urls = {}
        for kind, addresses in offered.items():
            for address in addresses.with_env(request.env):
                if address == request.env.user.partner_id:
                    urls[kind, address.id] = self._add_query(
                        "/my/account", redirect=callback
                    )
                elif address._can_be_edited_by_current_customer():
                    urls[kind, address.id] = self._add_query(
                        "/my/address",
                        partner_id=address.id,
                        address_type=kind,
                        callback=callback,
                    )
        return urls

    def _get_add_urls(self, order_sudo):
        callback = self._get_contract_url(order_sudo, suffix=SUFFIX)
        return {
            kind: self._add_query("/my/address", address_type=kind, callback=callback)
            for kind in ADDRESS_FIELDS
        }

    def _get_login_url(self, order_sudo):
        """Return where a visitor logs in and comes back, None for who has.

        :rtype: str | None
        """
        if not request.env.user._is_public():
            return None
        page_url = f"{order_sudo.access_url}{SUFFIX}"
        return self._add_query("/web/login", redirect=page_url)

    def _loses_method(self, order_sudo):
        """Tell whether the method belongs to who is invoiced now, and to nobody else.

        :rtype: bool
        """
        payer = order_sudo.payment_token_id.partner_id.commercial_partner_id
        return bool(payer) and payer != order_sudo.partner_id.commercial_partner_id

    def _add_query(self, url, **values):
        return f"{url}{'&' if '?' in url else '?'}{urlencode(values)}"

    def _cast_address_id(self, text):
        return int(text) if text and text.isdecimal() and len(text) < 10 else None
